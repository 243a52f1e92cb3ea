import { crc32 } from 'node:zlib';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Front } from '../../../backfill/local/front/front.ts';
import { resourceOf, type Throttle, Throttles } from '../../../backfill/local/throttles/throttles.ts';
import { startThrottlingFront } from '../../../backfill/local/throttles/throttling-front.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineUrl } from '../../engine-client.ts';

let nowMs = Date.parse('2026-05-01T12:00:00Z');
const throttles = new Throttles(() => nowMs);
let front: Front;
let client: ReturnType<typeof connect>;
let names: TableNames;
/** The table that is throttled, one of its indexes, and a table that is not. */
let table: string;
let other: string;
const index = 'kpi-index';

beforeAll(async () => {
  front = await startThrottlingFront(engineUrl(), throttles);
  // What is throttled is told at once: these tests are about the answers, not about the SDK's patience.
  client = connect({ ...localClientConfig(front.url), maxAttempts: 1 });
});
afterAll(() => front.stop());
beforeEach(async () => {
  names = await createTestTables();
  [table, other] = [names.kpiActuals, names.people];
});

const item = (id: string) => ({ id: { S: id }, kpi_id: { S: 'kpi' }, measurement_date: { S: id } });
const put = (id: string, TableName = table) => client.send(new PutItemCommand({ TableName, Item: item(id) }));
const get = (id: string, TableName = table) =>
  client.send(new GetItemCommand({ TableName, Key: { id: { S: id } }, ConsistentRead: true }));
const query = () =>
  client.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: 'kpi_id = :kpi',
      ExpressionAttributeValues: { ':kpi': { S: 'kpi' } },
    }),
  );

/** Throttles the table, its capacity of the first second used up. */
function exhaust(throttle: Throttle, resource = table): void {
  throttles.set(resource, { burstSeconds: 0, ...throttle });
  const units = { read: throttle.readUnitsPerSecond ?? 0, write: throttle.writeUnitsPerSecond ?? 0 };
  const [name = '', , indexName] = resource.split('/');
  const taken = { table: name, ...(indexName && { index: indexName }) };
  const operation = throttle.operations?.[0] ?? 'Scan';
  for (const kind of ['read', 'write'] as const) throttles.settle(operation, kind, [{ ...taken, units: units[kind] }]);
}

async function refusalOf(call: Promise<unknown>) {
  return call.then(
    () => undefined,
    (error: Error) => error as Error & Record<string, unknown>,
  );
}

describe('a table that nobody throttles', () => {
  test('answers as the engine does', async () => {
    await put('one');
    expect((await get('one')).Item).toEqual(item('one'));
    expect(await get('one')).not.toHaveProperty('ConsumedCapacity');
    const Key = { id: { S: 'one' } };
    const asked = await client.send(new GetItemCommand({ TableName: table, Key, ReturnConsumedCapacity: 'TOTAL' }));
    expect(asked.ConsumedCapacity).toEqual({ TableName: table, CapacityUnits: 0.5 });
    const whole = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key,
        UpdateExpression: 'SET kpi_id = :kpi',
        ExpressionAttributeValues: { ':kpi': { S: 'another' } },
        ReturnConsumedCapacity: 'INDEXES',
      }),
    );
    expect(whole.ConsumedCapacity?.GlobalSecondaryIndexes).toHaveProperty(index);
  });

  test('keeps the exact form of numbers and names', async () => {
    const Item = { ...item('odd'), n: { N: '12345678901234567890123456789012345678' } };
    await client.send(new PutItemCommand({ TableName: table, Item }));
    expect((await get('odd')).Item).toEqual(Item);
    const Odd = JSON.parse('{"id":{"S":"proto"},"__proto__":{"S":"kept"}}');
    await client.send(new PutItemCommand({ TableName: table, Item: Odd }));
    const answer = await raw('GetItem', { TableName: table, Key: { id: { S: 'proto' } } });
    expect(await answer.text()).toContain('"__proto__":{"S":"kept"}');
  });

  test('passes on what the engine refuses', async () => {
    expect(await refusalOf(get('one', 'no-such-table'))).toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

function raw(operation: string, body: object): Promise<Response> {
  return fetch(front.url, {
    method: 'POST',
    headers: {
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(body),
  });
}

describe('a throttled table', () => {
  test('refuses in DynamoDB’s words, with the reason, until its capacity is back', async () => {
    await put('one');
    exhaust({ readUnitsPerSecond: 2 });
    const refusal = await refusalOf(get('one'));
    expect(refusal).toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      ThrottlingReasons: [
        { reason: 'TableReadProvisionedThroughputExceeded', resource: expect.stringContaining(`table/${table}`) },
      ],
      $metadata: { httpStatusCode: 400 },
    });
    nowMs += 1_000;
    expect((await get('one')).Item).toEqual(item('one'));
  });

  test('on demand, refuses with the other error', async () => {
    exhaust({ readUnitsPerSecond: 2, error: 'ThrottlingException' });
    expect(await refusalOf(get('one'))).toMatchObject({
      name: 'ThrottlingException',
      throttlingReasons: [{ reason: 'TableReadMaxOnDemandThroughputExceeded' }],
    });
  });

  test('has capacities of their own for reads and writes, and other tables have theirs', async () => {
    exhaust({ readUnitsPerSecond: 2 });
    await put('one');
    await get('one', other);
    exhaust({ writeUnitsPerSecond: 2 });
    await get('one');
    expect(await refusalOf(put('two'))).toMatchObject({ name: 'ProvisionedThroughputExceededException' });
  });

  test('refuses only the operations that are named', async () => {
    exhaust({ readUnitsPerSecond: 2, operations: ['Scan'] });
    await get('one');
    expect(await refusalOf(client.send(new ScanCommand({ TableName: table, Limit: 10 })))).toBeDefined();
  });

  test('is in debt for a large answer, as long as that takes to fill', async () => {
    const text = { S: 'x'.repeat(100_000) };
    await client.send(new PutItemCommand({ TableName: table, Item: { ...item('large'), text } }));
    throttles.set(table, { readUnitsPerSecond: 5 });
    await get('large');
    nowMs += 3_000;
    expect(await refusalOf(get('large'))).toBeDefined();
    nowMs += 1_500;
    expect(await refusalOf(get('large'))).toBeUndefined();
  });

  test('keeps unused capacity for a burst, no longer than it is told', async () => {
    const readsAfter = async (burstSeconds: number, seconds: number): Promise<number> => {
      throttles.set(table, { readUnitsPerSecond: 1, burstSeconds });
      nowMs += seconds * 1_000;
      for (let reads = 0; reads < 50; reads += 1) if (await refusalOf(get('none'))) return reads;
      return 50;
    };
    expect(await readsAfter(300, 0)).toBe(1);
    expect(await readsAfter(300, 9)).toBe(10);
    expect(await readsAfter(4, 100)).toBe(4);
  });

  test('is no longer throttled when that is taken away', async () => {
    exhaust({ readUnitsPerSecond: 2 });
    expect(await refusalOf(get('one'))).toBeDefined();
    throttles.clear(table);
    expect(await refusalOf(get('one'))).toBeUndefined();
  });

  test('bears the checksum of what it answers', async () => {
    exhaust({ readUnitsPerSecond: 2 });
    const answer = await raw('GetItem', { TableName: table, Key: { id: { S: 'one' } } });
    const body = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, answer.headers.get('x-amz-crc32')]).toEqual([400, String(crc32(body))]);
  });
});

describe('a batch', () => {
  const keys = (count: number) => Array.from({ length: count }, (_, at) => ({ id: { S: `${at}` } }));
  const batchGet = (...tables: [string, number][]) =>
    client.send(
      new BatchGetItemCommand({
        RequestItems: Object.fromEntries(
          tables.map(([name, count]) => [name, { Keys: keys(count), ConsistentRead: true }]),
        ),
      }),
    );

  test('of reads tells which keys were not read', async () => {
    for (let at = 0; at < 5; at += 1) await put(`${at}`);
    throttles.set(table, { readUnitsPerSecond: 3 });
    const { Responses, UnprocessedKeys } = await batchGet([table, 5]);
    expect(Responses?.[table]?.map(({ id }) => id?.S).sort()).toEqual(['0', '1', '2']);
    expect(UnprocessedKeys).toEqual({
      [table]: { Keys: [{ id: { S: '3' } }, { id: { S: '4' } }], ConsistentRead: true },
    });
  });

  test('goes on with the other tables, and fails only if none of them can go on', async () => {
    await put('0', other);
    exhaust({ readUnitsPerSecond: 3 });
    const { Responses, UnprocessedKeys } = await batchGet([table, 2], [other, 1]);
    expect(Object.keys(Responses ?? {})).toEqual([other]);
    expect(UnprocessedKeys?.[table]?.Keys).toHaveLength(2);
    expect(await refusalOf(batchGet([table, 2]))).toMatchObject({ name: 'ProvisionedThroughputExceededException' });
  });

  test('of writes tells which items were not written', async () => {
    throttles.set(table, { writeUnitsPerSecond: 2 });
    const requests = ['a', 'b', 'c'].map((id) => ({ PutRequest: { Item: item(id) } }));
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
    expect(UnprocessedItems).toEqual({ [table]: [{ PutRequest: { Item: item('c') } }] });
    expect((await get('b')).Item).toBeDefined();
    expect((await get('c')).Item).toBeUndefined();
  });
});

test('a transaction is refused whole, with a reason for each item', async () => {
  exhaust({ writeUnitsPerSecond: 2 });
  const TransactItems = [other, table].map((TableName) => ({ Put: { TableName, Item: item('one') } }));
  expect(await refusalOf(client.send(new TransactWriteItemsCommand({ TransactItems })))).toMatchObject({
    name: 'TransactionCanceledException',
    CancellationReasons: [{ Code: 'None' }, { Code: 'ProvisionedThroughputExceeded' }],
  });
  expect((await get('one', other)).Item).toBeUndefined();
});

describe('a throttled index', () => {
  test('refuses queries of it, and not reads of its table', async () => {
    exhaust({ readUnitsPerSecond: 2 }, resourceOf(table, index));
    expect(await refusalOf(query())).toMatchObject({
      ThrottlingReasons: [
        { reason: 'IndexReadProvisionedThroughputExceeded', resource: expect.stringContaining(`/index/${index}`) },
      ],
    });
    expect(await refusalOf(get('one'))).toBeUndefined();
    exhaust({ readUnitsPerSecond: 2 });
    throttles.clear(resourceOf(table, index));
    expect(await refusalOf(query())).toBeUndefined();
  });

  test('holds the writes of its table', async () => {
    exhaust({ writeUnitsPerSecond: 2 }, resourceOf(table, index));
    expect(await refusalOf(put('one'))).toMatchObject({ message: expect.stringContaining('secondary indexes') });
  });
});

test('what is taken and refused is on record, by table and index', async () => {
  throttles.set(table, { readUnitsPerSecond: 1, burstSeconds: 0 });
  await put('one');
  await get('one');
  await refusalOf(get('one'));
  await refusalOf(get('one'));
  await query();
  const last = (resource: string) => throttles.record.minutesOf(resource).at(-1);
  expect(last(table)).toMatchObject({ units: { read: 1, write: 1 }, refused: { read: 2, write: 0 } });
  expect(last(resourceOf(table, index))).toMatchObject({ units: { read: 0.5, write: 1 }, refused: { read: 0 } });
});
