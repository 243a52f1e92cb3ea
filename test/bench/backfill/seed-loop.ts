import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { demandOfRecord } from '../../../functions/migration/demand.ts';
import { kpiKeyOf, RECORD_SOURCES } from '../../../functions/migration/sources.ts';
import { LISTED_BY, NEW_DATA, OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { inAnchorOrder } from '../../../functions/model/anchor.ts';
import { type Item, idOf, textOf } from '../../../functions/model/attribute-value.ts';
import type { LinkReference } from '../../../functions/model/kpi.ts';
import { queryAll } from '../../../functions/tables/dynamo/dynamo-queries.ts';
import { scanPage } from '../../../functions/tables/dynamo/dynamo-reads.ts';
import { eachItem } from '../../../functions/tables/pages.ts';
import type { Figures } from './figures.ts';

/** The seed's loop: record after record, a query of its KPI's links, and one put a row. Stops after so many rows of each table. */
export async function seedLoop(
  client: DynamoDBClient,
  names: TableNames,
  rowsMax: number,
): Promise<Pick<Figures, 'rows' | 'passes'>> {
  let rows = 0;
  for (const [at, source] of RECORD_SOURCES.entries()) {
    const tableName = names[OLD_TABLE_OF[source]];
    const position = { segment: 0, totalSegments: 1 };
    const records = eachItem((cursor) => scanPage(client, tableName, { ...position, ...(cursor && { cursor }) }));
    for await (const item of records) {
      if (rows >= ((at + 1) * rowsMax) / RECORD_SOURCES.length) break;
      const { kpiId } = kpiKeyOf(item);
      const { index, attribute } = LISTED_BY.kpi;
      const query = { tableName: names.goalKpiLinks, indexName: index, partition: [attribute, kpiId] } as const;
      const links = inAnchorOrder((await Array.fromAsync(queryAll(client, query))).map(referenceOf));
      const demand = demandOfRecord(source, { [source]: item }, () => links);
      if (demand.kind !== 'mapped') continue;
      for (const Item of demand.rows) {
        await client.send(new PutItemCommand({ TableName: names[NEW_DATA], Item }));
        rows += 1;
      }
    }
  }
  return { rows, passes: {} };
}

function referenceOf(link: Item): LinkReference {
  return { id: idOf(link), linkedAt: textOf(link, 'linked_at') ?? '' };
}
