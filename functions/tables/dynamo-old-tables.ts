import { type DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Item, textOf } from '../model/attribute-value.ts';
import { RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
import { batchGet, scanPage } from './dynamo-reads.ts';
import type { OldTables } from './old-tables.ts';
import { OLD_TABLE_OF, type TableNames } from './table-names.ts';

/** Ids a page of an index query has at most: as many records as are replicated between two looks at K. */
const QUERY_LIMIT = 100;

/** The old tables over DynamoDB itself. */
export function dynamoOldTables(client: DynamoDBClient, names: TableNames): OldTables {
  const getStrongly = async (tableName: string, id: string): Promise<Item | undefined> => {
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true }),
    );
    return item as Item | undefined;
  };
  const sourceOfTable = new Map(RECORD_SOURCES.map((source) => [names[OLD_TABLE_OF[source]], source]));

  return {
    readLink: (id) => getStrongly(names.goalKpiLinks, id),

    readKpi: (kpiId) => getStrongly(names.kpis, kpiId),

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
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: names[OLD_TABLE_OF[source]],
          IndexName: 'kpi-index',
          KeyConditionExpression: 'kpi_id = :kpi_id',
          ExpressionAttributeValues: { ':kpi_id': { S: kpi.kpiId } },
          ProjectionExpression: 'id',
          Limit: QUERY_LIMIT,
          ExclusiveStartKey: cursor,
        }),
      );
      const items = (Items as Item[]).map((item) => textOf(item, 'id')).filter((id) => id !== undefined);
      return { items, ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
    },

    scan: (source, position) => scanPage(client, names[OLD_TABLE_OF[source]], position),

    async queryPeople(userId) {
      const people: Item[] = [];
      let cursor: Item | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: names.people,
            IndexName: 'linked-user-index',
            KeyConditionExpression: 'linked_user_id = :user_id',
            ExpressionAttributeValues: { ':user_id': { S: userId } },
            ExclusiveStartKey: cursor,
          }),
        );
        people.push(...(Items as Item[]));
        cursor = LastEvaluatedKey as Item | undefined;
      } while (cursor);
      return people;
    },
  };
}
