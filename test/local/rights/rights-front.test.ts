import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient, ListStreamsCommand } from '@aws-sdk/client-dynamodb-streams';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Front } from '../../../backfill/local/front/front.ts';
import { startRightsFront } from '../../../backfill/local/rights/rights-front.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { scopeOf } from '../../../functions/tables/dynamo/failure-scope.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineUrl } from '../../engine-client.ts';

let front: Front;
let table: string;
/** Of a function that may read and put single items of the table. */
let limited: DynamoDBClient;
let operator: DynamoDBClient;

const configOf = (accessKeyId: string) => ({
  ...localClientConfig(front.url),
  credentials: { accessKeyId, secretAccessKey: 'local' },
});

beforeAll(async () => {
  table = (await createTestTables()).goalKpiLinks;
  front = await startRightsFront(engineUrl(), new Map([['Replicate1A', [`GetItem ${table}`, `PutItem ${table}`]]]));
  limited = connect(configOf('Replicate1A'));
  operator = connect(configOf('local'));
});
afterAll(async () => {
  limited.destroy();
  operator.destroy();
  await front.stop();
});

const Key = { id: { S: 'l1' } };
const batch = () => new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [Key] } } });
const put = (Item = Key) => ({ Put: { TableName: table, Item } });

test('a function is answered what it may ask', async () => {
  await limited.send(new TransactWriteItemsCommand({ TransactItems: [put()] }));
  expect(await limited.send(new GetItemCommand({ TableName: table, Key }))).toMatchObject({ Item: Key });
});

test('a function is denied what its role does not allow, and that is not the fault of an item', async () => {
  const denied = await limited.send(batch()).catch((error) => error);
  expect(denied).toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringMatching(
      /Replicate1A is not authorized to perform: dynamodb:BatchGetItem on resource: .*links/i,
    ),
  });
  expect(scopeOf(denied)).toBe('whole');
});

test('a transaction is denied for one of its items, and none of it is written', async () => {
  const another = { id: { S: 'l2' } };
  const remove = { Delete: { TableName: table, Key } };
  const denied = limited.send(new TransactWriteItemsCommand({ TransactItems: [put(another), remove] }));
  await expect(denied).rejects.toMatchObject({ name: 'AccessDeniedException' });
  expect((await limited.send(new GetItemCommand({ TableName: table, Key: another }))).Item).toBeUndefined();
});

test('whoever is no function may do everything, and streams are passed on', async () => {
  expect(await operator.send(batch())).toHaveProperty('Responses');
  const streams = new DynamoDBStreamsClient(configOf('Replicate1A'));
  expect(await streams.send(new ListStreamsCommand({}))).toHaveProperty('Streams');
  streams.destroy();
});
