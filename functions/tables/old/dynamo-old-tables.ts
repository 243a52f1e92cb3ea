import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RECORD_SOURCES, type RecordSource } from '../../migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../migration/tables.ts';
import { type Item, idOf, textOf } from '../../model/attribute-value.ts';
import { queryAll, queryPage } from '../dynamo/dynamo-queries.ts';
import { batchGet, getItem, scanPage } from '../dynamo/dynamo-reads.ts';
import type { OldTables } from './old-tables.ts';

/** Ids a page of an index query has at most: as many records as are replicated between two looks at K. */
const QUERY_LIMIT = 100;

/** The old tables over DynamoDB itself. */
export function dynamoOldTables(client: DynamoDBClient, names: TableNames): OldTables {
  const sourceOfTable = new Map(RECORD_SOURCES.map((source) => [names[OLD_TABLE_OF[source]], source]));

  return {
    readLink: (id) => getItem(client, { tableName: names.goalKpiLinks, key: { id: { S: id } } }),

    async readLinks(ids) {
      const keys = ids.map((id) => ({ tableName: names.goalKpiLinks, key: { id: { S: id } } }));
      const found = await batchGet(client, keys);
      return new Map(found.map(({ item }) => [idOf(item), item]));
    },

    readKpi: (kpiId) => getItem(client, { tableName: names.kpis, key: { id: { S: kpiId } } }),

    async readRecords(ids) {
      const keys = ids.flatMap((id) =>
        [...sourceOfTable.keys()].map((tableName) => ({ tableName, key: { id: { S: id } } })),
      );
      const records = new Map<string, Partial<Record<RecordSource, Item>>>();
      for (const { tableName, item } of await batchGet(client, keys)) {
        const id = textOf(item, 'id');
        const source = sourceOfTable.get(tableName);
        if (id !== undefined && source) records.set(id, { ...records.get(id), [source]: item });
      }
      return records;
    },

    async queryRecordIds(source, kpi, cursor) {
      // No filter by tenant: an index need not project tenant_id, and an id of another tenant does no harm.
      const query = {
        tableName: names[OLD_TABLE_OF[source]],
        indexName: 'kpi-index',
        partition: ['kpi_id', kpi.kpiId],
        attributes: ['id'],
        limit: QUERY_LIMIT,
      } as const;
      const page = await queryPage(client, query, cursor);
      return { ...page, items: page.items.map(idOf) };
    },

    scan: (source, position) => scanPage(client, names[OLD_TABLE_OF[source]], position),

    queryPeople(userId) {
      const partition = ['linked_user_id', userId] as const;
      return Array.fromAsync(queryAll(client, { tableName: names.people, indexName: 'linked-user-index', partition }));
    },
  };
}
