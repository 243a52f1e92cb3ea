import { BatchWriteItemCommand, CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { oldTableSchemas, tableSchema } from '../../backfill/local/cloud/old-table-schemas.ts';
import { expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';

/** Items that BatchWriteItem takes at once. */
const BATCH_ITEMS = 25;
const CONCURRENCY = 8;

/**
 * Creates the tables and fills both sides with what belongs together.
 *
 * @returns how many items there are in all.
 */
export async function fillTables(client: DynamoDBClient, names: TableNames, content: OldContent): Promise<number> {
  const schemas = [
    ...oldTableSchemas(names),
    tableSchema(names.kpiLinks, ['id'], { 'kpi-index': ['kpi_id'] }),
    tableSchema(names.kpiData, ['id'], { 'kpi-link-index': ['kpi_link_id', 'post_date'] }),
    tableSchema(names.control, ['pk', 'sk'], {}),
  ];
  for (const schema of schemas) await client.send(new CreateTableCommand(schema));
  const expected = expectedRows(content, 'hold');
  const tables: [string, readonly Item[]][] = [
    ...SOURCES.map((source): [string, readonly Item[]] => [names[OLD_TABLE_OF[source]], content[source]]),
    [names.kpis, content.kpis],
    [names.people, content.people],
    [names.kpiLinks, [...expected.kpiLinks.values()]],
    [names.kpiData, [...expected.kpiData.values()]],
  ];
  let items = 0;
  for (const [tableName, all] of tables) {
    const starts = Array.from({ length: Math.ceil(all.length / BATCH_ITEMS) }, (_, at) => at * BATCH_ITEMS);
    await pMap(
      starts,
      (start) => {
        const requests = all.slice(start, start + BATCH_ITEMS).map((Item) => ({ PutRequest: { Item } }));
        return client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
      },
      { concurrency: CONCURRENCY },
    );
    items += all.length;
  }
  return items;
}
