import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DATE_ATTRIBUTE_OF } from '../../migration/old-records.ts';
import { RECORD_SOURCES } from '../../migration/sources.ts';
import { LINK_LISTING, LISTED_BY, type Listing, OLD_TABLE_OF, type TableNames } from '../../migration/tables.ts';
import { idOf, textOf } from '../../model/attribute-value.ts';
import { queryAll, queryPage } from '../dynamo/dynamo-queries.ts';
import { dynamoOldTables, readRecordItems } from './dynamo-old-tables.ts';
import type { OldReads } from './old-reads.ts';

/** The old tables' reads over DynamoDB itself. */
export function dynamoOldReads(client: DynamoDBClient, names: TableNames): OldReads {
  const { readKpi, queryPeople, readLinks } = dynamoOldTables(client, names);

  const queryIds = async (tableName: string, { index, attribute }: Listing, value: string): Promise<string[]> => {
    const query = { tableName, indexName: index, partition: [attribute, value], attributes: ['id'] } as const;
    const items = await Array.fromAsync(queryAll(client, query));
    return items.map(idOf);
  };

  return {
    readKpi,
    queryPeople,
    readLinks,

    async readRecords(wanted) {
      const lastSource = new Map<string, number>();
      for (const { source, id } of wanted) {
        lastSource.set(id, Math.max(lastSource.get(id) ?? 0, RECORD_SOURCES.indexOf(source)));
      }
      const keys = [...lastSource].flatMap(([id, last]) =>
        RECORD_SOURCES.slice(0, last + 1).map((source) => ({ source, id })),
      );
      return readRecordItems(client, names, keys);
    },

    queryLinkIds: (index, key) => queryIds(names[OLD_TABLE_OF.links], LINK_LISTING[index], key),

    async queryRecords(source, kpiId, { from, to, descending, limit }, cursor) {
      const dateAttribute = DATE_ATTRIBUTE_OF[source];
      const query = {
        tableName: names[OLD_TABLE_OF[source]],
        indexName: LISTED_BY.kpi.index,
        partition: [LISTED_BY.kpi.attribute, kpiId],
        sort: { name: dateAttribute, from, to },
        attributes: ['id', dateAttribute],
        descending,
        limit,
      } as const;
      const page = await queryPage(client, query, cursor);
      const items = page.items.map((item) => ({ source, id: idOf(item), date: textOf(item, dateAttribute) ?? '' }));
      return { ...page, items };
    },

    queryRecordIdsOfTenant: (source, tenantId) => queryIds(names[OLD_TABLE_OF[source]], LISTED_BY.tenant, tenantId),
  };
}
