import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { RecordItems } from '../../migration/demand.ts';
import { RECORD_SOURCES, type RecordSource } from '../../migration/sources.ts';
import { LISTED_BY, LOOK_UP_TABLE_OF, OLD_TABLE_OF, type TableNames } from '../../migration/tables.ts';
import { idOf, textOf } from '../../model/attribute-value.ts';
import { queryAll, queryPage } from '../dynamo/dynamo-queries.ts';
import { batchGet, getItem, scanPage } from '../dynamo/dynamo-reads.ts';
import type { OldTables } from './old-tables.ts';

/** Ids a page of an index query has at most: as many records as are replicated between two looks at the KPI row. */
const QUERY_LIMIT = 100;

/** The old tables over DynamoDB itself. */
export function dynamoOldTables(client: DynamoDBClient, names: TableNames): OldTables {
  return {
    readLink: (id) => getItem(client, { tableName: names[OLD_TABLE_OF.links], key: { id: { S: id } } }),

    async readLinks(ids) {
      const keys = ids.map((id) => ({ tableName: names[OLD_TABLE_OF.links], key: { id: { S: id } } }));
      const found = await batchGet(client, keys);
      return new Map(found.map(({ item }) => [idOf(item), item]));
    },

    readKpi: (kpiId) => getItem(client, { tableName: names[LOOK_UP_TABLE_OF.kpi], key: { id: { S: kpiId } } }),

    async readRecords(ids, sources = RECORD_SOURCES) {
      const wanted = ids.flatMap((id) => sources.map((source) => ({ source, id })));
      return readRecordItems(client, names, wanted);
    },

    async queryRecordIds(source, kpi, cursor) {
      // No filter by tenant: an index need not project it, and an id of another tenant does no harm.
      const query = {
        tableName: names[OLD_TABLE_OF[source]],
        indexName: LISTED_BY.kpi.index,
        partition: [LISTED_BY.kpi.attribute, kpi.kpiId],
        attributes: ['id'],
        limit: QUERY_LIMIT,
      } as const;
      const page = await queryPage(client, query, cursor);
      return { ...page, items: page.items.map(idOf) };
    },

    scan: (source, position) => scanPage(client, names[OLD_TABLE_OF[source]], position),

    scanLookUps: (lookUp, position) => scanPage(client, names[LOOK_UP_TABLE_OF[lookUp]], position),

    queryPeople(userId) {
      const { index, attribute } = LISTED_BY.user;
      const tableName = names[LOOK_UP_TABLE_OF.person];
      return Array.fromAsync(queryAll(client, { tableName, indexName: index, partition: [attribute, userId] }));
    },
  };
}

/** The items of these ids in these tables, by id; absent ones left out. */
export async function readRecordItems(
  client: DynamoDBClient,
  names: TableNames,
  wanted: readonly { readonly source: RecordSource; readonly id: string }[],
): Promise<Map<string, RecordItems>> {
  const sourceOfTable = new Map(RECORD_SOURCES.map((source) => [names[OLD_TABLE_OF[source]], source]));
  const keys = wanted.map(({ source, id }) => ({ tableName: names[OLD_TABLE_OF[source]], key: { id: { S: id } } }));
  const records = new Map<string, RecordItems>();
  for (const { tableName, item } of await batchGet(client, keys)) {
    const [id, source] = [textOf(item, 'id'), sourceOfTable.get(tableName)];
    if (id !== undefined && source) records.set(id, { ...records.get(id), [source]: item });
  }
  return records;
}
