import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ControlTable } from '../control/control-table.ts';
import { eachItem } from '../pages.ts';
import { guardAttempts } from './attempts.ts';
import { canExist } from './possible-keys.ts';
import { outlasting } from './retry.ts';

/** Rows of the control table that are none of the protocol's: checkpoints, progress and reports. JavaScript's own values go in and out. */
export function dynamoPlainRows(
  client: DynamoDBClient,
  tableName: string,
): Pick<ControlTable, 'get' | 'put' | 'delete' | 'list'> {
  const documents = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

  return {
    async get(partition, sort) {
      if (!canExist({ pk: { S: partition }, sk: { S: sort } })) return undefined;
      const key = { TableName: tableName, Key: { pk: partition, sk: sort }, ConsistentRead: true };
      const { Item: item } = await outlasting(client, () => documents.send(new GetCommand(key)));
      return item;
    },

    async put(partition, sort, value, requireAllowed) {
      const put = { TableName: tableName, Item: { ...value, pk: partition, sk: sort } };
      await outlasting(client, () => documents.send(asking(new PutCommand(put), requireAllowed)));
    },

    async delete(partition, sort, requireAllowed) {
      if (!canExist({ pk: { S: partition }, sk: { S: sort } })) return;
      const key = { TableName: tableName, Key: { pk: partition, sk: sort } };
      await outlasting(client, () => documents.send(asking(new DeleteCommand(key), requireAllowed)));
    },

    async list(partition) {
      if (!canExist({ pk: { S: partition } })) return [];
      const query = {
        TableName: tableName,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :partition',
        ExpressionAttributeValues: { ':partition': partition },
      };
      const items = eachItem(async (cursor?: Record<string, unknown>) => {
        const page = new QueryCommand({ ...query, ExclusiveStartKey: cursor });
        const { Items = [], LastEvaluatedKey } = await outlasting(client, () => documents.send(page));
        return { items: Items, cursor: LastEvaluatedKey };
      });
      return Array.fromAsync(items, (item) => ({ sort: String(item.sk), value: item }));
    },
  };
}

/** The same command, each attempt at which is asked for first, where there is anyone to ask. */
function asking<Command extends PutCommand | DeleteCommand>(
  command: Command,
  requireAllowed: (() => void) | undefined,
): Command {
  if (requireAllowed) guardAttempts(command, { requireAllowed, unanswered: () => {}, throttled: () => {} });
  return command;
}
