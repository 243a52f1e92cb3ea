import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { Throttles } from '../../backfill/local/throttles/throttles.ts';
import { startThrottlingFront } from '../../backfill/local/throttles/throttling-front.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { protectTables } from '../../functions/tables/dynamo/protect-tables.ts';
import { createTestTables, engineUrl } from '../engine-client.ts';

const Key = { id: { S: 'one' } };
let names: TableNames;
let client: DynamoDBClient;
let waits: number[];
let changeCeilings: ReturnType<typeof protectTables>;
let scansAsked: number;
/** Throttles that the table is to answer with, before it answers. */
let throttles: number;

beforeEach(async () => {
  names = await createTestTables();
  client = new DynamoDBClient({ ...localClientConfig(engineUrl()), maxAttempts: 5 });
  [waits, scansAsked, throttles] = [[], 0, 0];
  changeCeilings = protectTables(client, {
    ceilings: new Map([[names.kpis, 1]]),
    beforeScan: async () => {
      scansAsked += 1;
    },
    // The clock stands still: what is taken is never paid for, and no pause ends.
    nowMs: () => 0,
    sleep: async (ms) => waits.push(ms),
  });
  // The engine never throttles, so this answers in its place.
  client.middlewareStack.add(
    (next) => async (call) => {
      if (throttles === 0) return next(call);
      throttles -= 1;
      throw Object.assign(new Error('slow down'), {
        name: 'ProvisionedThroughputExceededException',
        $fault: 'client',
        $retryable: { throttling: true },
        $metadata: {},
      });
    },
    { step: 'deserialize', name: 'throttle' },
  );
  const text = { S: 'x'.repeat(10_000) };
  for (const TableName of [names.kpis, names.people]) {
    await client.send(new PutItemCommand({ TableName, Item: { ...Key, text } }));
  }
  waits = [];
});

describe('reads of a protected table', () => {
  test.each([
    ['a scan', () => new ScanCommand({ TableName: names.kpis, ConsistentRead: true, Limit: 1_000 }), 2_000, 1],
    ['a scan that may lack the newest', () => new ScanCommand({ TableName: names.kpis, Limit: 1_000 }), 500, 1],
    ['a read by key', () => new GetItemCommand({ TableName: names.kpis, Key, ConsistentRead: true }), 2_000, 0],
    [
      'its part of a batch',
      () =>
        new BatchGetItemCommand({
          RequestItems: {
            [names.kpis]: { Keys: [Key], ConsistentRead: true },
            [names.people]: { Keys: [Key], ConsistentRead: true },
          },
        }),
      2_000,
      0,
    ],
  ])('wait for what the second does not bring: %s', async (_name, command, waitMs, scans) => {
    await client.send(command() as ScanCommand);
    expect(waits).toEqual([waitMs]);
    expect(scansAsked).toBe(scans);
  });

  test('follow another ceiling', async () => {
    changeCeilings(new Map([[names.kpis, 2]]));
    await client.send(new GetItemCommand({ TableName: names.kpis, Key, ConsistentRead: true }));
    expect(waits).toEqual([500]);
  });

  test('of another table wait for nothing', async () => {
    await client.send(new ScanCommand({ TableName: names.people, ConsistentRead: true, Limit: 1_000 }));
    expect([waits, scansAsked]).toEqual([[], 0]);
  });

  test('pause before the next attempt when the table throttles', async () => {
    throttles = 1;
    await client.send(new GetItemCommand({ TableName: names.kpis, Key }));
    expect(waits[0]).toBe(1_000);
  });

  test.each([
    ['go on for longer than the SDK does', 15, undefined],
    ['give up in the end, with a reason that tells to try again', Number.POSITIVE_INFINITY, 'TABLE_THROTTLED'],
  ])('%s', async (_, times, code) => {
    let nowMs = 0;
    let left = times;
    const patient = new DynamoDBClient({ ...localClientConfig(engineUrl()), maxAttempts: 1 });
    protectTables(patient, {
      ceilings: new Map([[names.kpis, 100]]),
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
      },
    });
    patient.middlewareStack.add(
      (next) => async (call) => {
        left -= 1;
        if (left < 0) return next(call);
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException', $fault: 'client', $metadata: {} });
      },
      { step: 'deserialize' },
    );
    const answer = patient.send(new GetItemCommand({ TableName: names.kpis, Key })).then(
      ({ Item }) => Item,
      (error) => error,
    );
    expect(await answer).toMatchObject(
      code ? { code, kind: 'transient', message: expect.stringContaining(names.kpis) } : Key,
    );
    expect(nowMs).toBeGreaterThan(5 * 60_000);
    expect(nowMs).toBeLessThan(11 * 60_000);
  });

  test('do not pause for a throttle of another table', async () => {
    throttles = 1;
    await client.send(new GetItemCommand({ TableName: names.people, Key }));
    expect(waits).toEqual([]);
  });
});

describe('a query of an index', () => {
  const query = () =>
    client.send(
      new QueryCommand({
        TableName: names.people,
        IndexName: 'linked-user-index',
        KeyConditionExpression: 'linked_user_id = :user',
        ExpressionAttributeValues: { ':user': { S: 'user' } },
      }),
    );
  const protectedBy = (...ceilings: [string, number][]) => {
    client = new DynamoDBClient(localClientConfig(engineUrl()));
    const protection = { nowMs: () => 0, sleep: async (ms: number) => waits.push(ms) };
    protectTables(client, { ceilings: new Map(ceilings), ...protection });
  };
  beforeEach(async () => {
    const Item = { ...Key, linked_user_id: { S: 'user' }, text: { S: 'x'.repeat(10_000) } };
    await client.send(new PutItemCommand({ TableName: names.people, Item }));
  });

  test('waits by the ceiling of the index, which is not that of its table', async () => {
    protectedBy([names.people, 1_000], [`${names.people}/index/linked-user-index`, 0.5]);
    await query();
    expect(waits).toEqual([2_000]);
    // What the index has given does not count for the table.
    await client.send(new GetItemCommand({ TableName: names.people, Key }));
    expect(waits).toEqual([2_000]);
  });

  test('counts as a read of its table where the index has no ceiling of its own', async () => {
    protectedBy([names.people, 0.5]);
    await query();
    expect(waits).toEqual([2_000]);
  });
});

describe('a batch of reads of which a part is left', () => {
  const batch = (count: number, ...tables: string[]) => {
    const Keys = Array.from({ length: count }, (_, at) => ({ id: { S: `${at}` } }));
    return new BatchGetItemCommand({ RequestItems: Object.fromEntries(tables.map((name) => [name, { Keys }])) });
  };

  test('for lack of capacity has the next read of that table pause', async () => {
    const throttles = new Throttles(() => 0);
    const front = await startThrottlingFront(engineUrl(), throttles);
    const through = new DynamoDBClient(localClientConfig(front.url));
    const ceilings = new Map([names.kpis, names.people].map((name) => [name, 1_000]));
    protectTables(through, { ceilings, nowMs: () => 0, sleep: async (ms) => waits.push(ms) });
    throttles.set(names.kpis, { readUnitsPerSecond: 1 });
    const { UnprocessedKeys } = await through.send(batch(5, names.kpis, names.people));
    expect(UnprocessedKeys?.[names.kpis]?.Keys).toHaveLength(3);
    throttles.clear(names.kpis);
    await through.send(new GetItemCommand({ TableName: names.people, Key }));
    expect(waits).toEqual([]);
    await through.send(new GetItemCommand({ TableName: names.kpis, Key }));
    expect(waits).toEqual([1_000]);
    await front.stop();
  });

  test('because the answer is as large as one may be has nothing pause', async () => {
    client = new DynamoDBClient(localClientConfig(engineUrl()));
    protectTables(client, {
      ceilings: new Map([[names.kpis, 100_000]]),
      nowMs: () => 0,
      sleep: async (ms) => waits.push(ms),
    });
    const text = { S: 'x'.repeat(390_000) };
    for (let at = 0; at < 45; at += 1) {
      await client.send(new PutItemCommand({ TableName: names.kpis, Item: { id: { S: `${at}` }, text } }));
    }
    const { UnprocessedKeys } = await client.send(batch(45, names.kpis));
    expect(UnprocessedKeys?.[names.kpis]?.Keys?.length).toBeGreaterThan(0);
    await client.send(new GetItemCommand({ TableName: names.kpis, Key }));
    expect(waits).toEqual([]);
  });
});
