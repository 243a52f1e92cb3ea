import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { ControlTable } from '../control/control-table.ts';
import { canExist } from './possible-keys.ts';

/** Rows of the control table that are none of the protocol's: checkpoints, progress and reports. JavaScript's own values go in and out. */
export function dynamoPlainRows(
  client: DynamoDBClient,
  tableName: string,
): Pick<ControlTable, 'get' | 'put' | 'delete' | 'list'> {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  return {
    async get(partition, sort) {
      if (!canExist({ pk: { S: partition }, sk: { S: sort } })) return undefined;
      const { Item: item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: { pk: partition, sk: sort }, ConsistentRead: true }),
      );
      return item;
    },

    async put(partition, sort, value) {
      await documents.send(new PutCommand({ TableName: tableName, Item: { ...value, pk: partition, sk: sort } }));
    },

    async delete(partition, sort) {
      if (!canExist({ pk: { S: partition }, sk: { S: sort } })) return;
      await documents.send(new DeleteCommand({ TableName: tableName, Key: { pk: partition, sk: sort } }));
    },

    async list(partition) {
      if (!canExist({ pk: { S: partition } })) return [];
      const rows: { sort: string; value: Record<string, unknown> }[] = [];
      const query = {
        TableName: tableName,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :partition',
        ExpressionAttributeValues: { ':partition': partition },
      };
      for await (const { Items = [] } of paginateQuery({ client: documents }, query)) {
        rows.push(...Items.map((item) => ({ sort: String(item.sk), value: item })));
      }
      return rows;
    },
  };
}
