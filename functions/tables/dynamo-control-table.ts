import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  QueryCommand as DocumentQueryCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
} from '@aws-sdk/lib-dynamodb';
import { type Item, textOf } from '../model/attribute-value.ts';
import { kpiIdentity, kpiKeyOf } from '../model/sources.ts';
import { CONTROL_SORT, decodeKpiRow, kpiPartition, kpiRowKey } from './control-rows.ts';
import type { ControlTable } from './control-table.ts';
import { batchGet, scanPage } from './dynamo-reads.ts';
import { retryTransient } from './retry.ts';
import type { TableNames } from './table-names.ts';

/** Ids a page of C rows has at most: as many records as are replicated between two looks at K. */
const QUERY_LIMIT = 100;

/** The control table over DynamoDB itself. Plain rows go through the document client; the protocol's keep their wire form. */
export function dynamoControlTable(client: DynamoDBClient, names: TableNames): ControlTable {
  const tableName = names.control;
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  return {
    async readKpis(kpis) {
      const keys = kpis.map((kpi) => ({ tableName, key: kpiRowKey(kpi).key }));
      const found = await batchGet(client, keys);
      const byIdentity = new Map(found.map(({ item }) => [kpiIdentity(kpiKeyOf(item)), item]));
      return kpis.map((kpi) => decodeKpiRow(kpi, byIdentity.get(kpiIdentity(kpi))));
    },

    async queryTouchedRecords(kpi, cursor) {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: tableName,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :partition AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: {
            ':partition': { S: kpiPartition(kpi) },
            ':prefix': { S: CONTROL_SORT.touchedRecords },
          },
          ProjectionExpression: 'record_id',
          Limit: QUERY_LIMIT,
          ExclusiveStartKey: cursor,
        }),
      );
      const items = (Items as Item[]).map((item) => textOf(item, 'record_id')).filter((id) => id !== undefined);
      return { items, ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
    },

    async scanTouchedRecords(position) {
      const page = await scanPage(client, tableName, position, {
        FilterExpression: 'attribute_exists(record_id)',
      });
      return {
        ...page,
        items: page.items.map((item) => ({ kpi: kpiKeyOf(item), recordId: textOf(item, 'record_id') ?? '' })),
      };
    },

    async scanKpis(position) {
      const page = await scanPage(client, tableName, position, {
        FilterExpression: 'sk = :sort AND begins_with(pk, :prefix)',
        ExpressionAttributeValues: { ':sort': { S: CONTROL_SORT.kpi }, ':prefix': { S: 'kpi#' } },
      });
      return { ...page, items: page.items.map((item) => decodeKpiRow(kpiKeyOf(item), item)) };
    },

    async clearMark(kpi, mark, expected) {
      try {
        await retryTransient(() =>
          client.send(
            new UpdateItemCommand({
              TableName: tableName,
              Key: kpiRowKey(kpi).key,
              UpdateExpression: 'REMOVE #mark',
              ConditionExpression: '#mark = :expected',
              ExpressionAttributeNames: { '#mark': mark },
              ExpressionAttributeValues: { ':expected': { S: expected } },
            }),
          ),
        );
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      }
    },

    async get(partition, sort) {
      const { Item: item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { pk: partition, sk: sort }, ConsistentRead: true }),
      );
      return item;
    },

    async put(partition, sort, value) {
      await documents.send(new PutCommand({ TableName: tableName, Item: { ...value, pk: partition, sk: sort } }));
    },

    async delete(partition, sort) {
      await documents.send(new DeleteCommand({ TableName: tableName, Key: { pk: partition, sk: sort } }));
    },

    async list(partition) {
      const rows: { sort: string; value: Record<string, unknown> }[] = [];
      let cursor: Record<string, unknown> | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await documents.send(
          new DocumentQueryCommand({
            TableName: tableName,
            ConsistentRead: true,
            KeyConditionExpression: 'pk = :partition',
            ExpressionAttributeValues: { ':partition': partition },
            ExclusiveStartKey: cursor,
          }),
        );
        rows.push(...Items.map((item) => ({ sort: String(item.sk), value: item })));
        cursor = LastEvaluatedKey;
      } while (cursor);
      return rows;
    },
  };
}
