import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { protectTables } from '../../functions/tables/dynamo/protect-tables.ts';
import { TablePace } from '../../functions/tables/dynamo/table-pace.ts';
import { createTestTables } from '../engine-client.ts';

const Key = { id: { S: 'one' } };
let names: TableNames;
let client: DynamoDBClient;
let waits: number[];
let scansAsked: number;
/** Throttles that the table is to answer with, before it answers. */
let throttles: number;

beforeEach(async () => {
  names = await createTestTables();
  client = new DynamoDBClient({ ...localClientConfig(inject('engineUrl')), maxAttempts: 5 });
  [waits, scansAsked, throttles] = [[], 0, 0];
  protectTables(client, {
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

  test('of another table wait for nothing', async () => {
    await client.send(new ScanCommand({ TableName: names.people, ConsistentRead: true, Limit: 1_000 }));
    expect([waits, scansAsked]).toEqual([[], 0]);
  });

  test('pause before the next attempt when the table throttles', async () => {
    throttles = 1;
    await client.send(new GetItemCommand({ TableName: names.kpis, Key }));
    expect(waits[0]).toBe(1_000);
  });

  test('do not pause for a throttle of another table', async () => {
    throttles = 1;
    await client.send(new GetItemCommand({ TableName: names.people, Key }));
    expect(waits).toEqual([]);
  });
});

describe('the pace of a table', () => {
  let nowMs: number;
  let pace: TablePace;
  beforeEach(() => {
    nowMs = 0;
    pace = new TablePace(100, () => nowMs);
  });

  test('is the ceiling while nothing is throttled', () => {
    expect(pace.took(100)).toBe(0);
    expect(pace.took(50)).toBe(500);
    expect(pace.pauseMs).toBe(0);
  });

  test('is halved by a throttle, and pauses longer each time', () => {
    const seen = [1, 2, 3].map(() => {
      pace.throttled();
      const found = [pace.unitsPerSecond, pace.pauseMs];
      nowMs += pace.pauseMs;
      return found;
    });
    expect(seen).toEqual([
      [50, 1_000],
      [25, 2_000],
      [12.5, 4_000],
    ]);
  });

  test('takes throttles of segments side by side for one', () => {
    for (let segment = 0; segment < 8; segment += 1) pace.throttled();
    expect([pace.unitsPerSecond, pace.pauseMs]).toEqual([50, 1_000]);
  });

  test('never stops for good', () => {
    for (let throttle = 0; throttle < 100; throttle += 1) {
      pace.throttled();
      nowMs += pace.pauseMs;
    }
    pace.throttled();
    expect(pace.unitsPerSecond).toBe(100 / 32);
    expect(pace.pauseMs).toBeLessThanOrEqual(30_000);
  });

  test('comes back, step by step, where nothing is throttled any more', () => {
    pace.throttled();
    nowMs += pace.pauseMs;
    pace.throttled();
    const rates = [25, 50, 100, 100].map((expected) => {
      expect(pace.unitsPerSecond).toBe(expected);
      nowMs += 30_000;
      pace.took(1);
      return pace.unitsPerSecond;
    });
    expect(rates.at(-1)).toBe(100);
  });
});
