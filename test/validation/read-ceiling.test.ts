import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { limitReads } from '../../functions/tables/dynamo/read-ceiling.ts';
import { createTestTables, engineClient } from '../engine-client.ts';

const Key = { id: { S: 'one' } };
let client: ReturnType<typeof engineClient>;
let tableName: string;
let waits: number[];

beforeEach(async () => {
  client = engineClient();
  tableName = (await createTestTables()).kpis;
  waits = [];
  const sleep = async (ms: number) => waits.push(ms);
  // The clock stands still: what is taken is never paid for.
  limitReads(client, { unitsPerSecond: 1, nowMs: () => 0, sleep });
  const tenKilobytes = 'x'.repeat(10_000);
  await client.send(new PutItemCommand({ TableName: tableName, Item: { ...Key, text: { S: tenKilobytes } } }));
});

test.each([
  ['a scan', () => new ScanCommand({ TableName: tableName, ConsistentRead: true })],
  ['a read by key', () => new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true })],
  ['a batch', () => new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: [Key], ConsistentRead: true } } })],
  [
    'a query',
    () =>
      new QueryCommand({
        TableName: tableName,
        ConsistentRead: true,
        KeyConditionExpression: 'id = :id',
        ExpressionAttributeValues: { ':id': { S: 'one' } },
      }),
  ],
])('%s of three units waits for the two that the second does not bring', async (_name, command) => {
  await client.send(command() as ScanCommand);
  expect(waits).toEqual([2_000]);
});

test('a transactional read takes twice as many', async () => {
  await client.send(new TransactGetItemsCommand({ TransactItems: [{ Get: { TableName: tableName, Key } }] }));
  expect(waits).toEqual([5_000]);
});

test('each waits for those before it, and a write for none', async () => {
  await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }));
  await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }));
  await client.send(new PutItemCommand({ TableName: tableName, Item: Key }));
  expect(waits).toEqual([2_000, 5_000]);
});
