import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { Throttles } from '../../backfill/local/throttles/throttles.ts';
import { startThrottlingFront } from '../../backfill/local/throttles/throttling-front.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { scanPage } from '../../functions/tables/dynamo/dynamo-reads.ts';
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

describe('a scan in segments', () => {
  /** Reads the whole table as commands do, on a clock that only waiting moves. @returns units by the second they were taken in. */
  async function unitsBySecond(ceiling: number, totalSegments: number): Promise<number[]> {
    const throttles = new Throttles(() => 0);
    const front = await startThrottlingFront(inject('engineUrl'), throttles);
    const reader = new DynamoDBClient(localClientConfig(front.url));
    let nowMs = 0;
    const sleepers: [untilMs: number, wake: () => void][] = [];
    let inFlight = totalSegments;
    const advance = (): void => {
      if (inFlight > 0) return;
      sleepers.sort(([left], [right]) => left - right);
      const [untilMs = nowMs, wake] = sleepers.shift() ?? [];
      nowMs = Math.max(nowMs, untilMs);
      inFlight += wake ? 1 : 0;
      wake?.();
    };
    const sleep = (ms: number) =>
      new Promise<void>((wake) => {
        sleepers.push([nowMs + ms, wake]);
        inFlight -= 1;
        advance();
      });
    protectTables(reader, { ceilings: new Map([[names.kpiMilestones, ceiling]]), nowMs: () => nowMs, sleep });
    const seconds: number[] = [];
    let takenBefore = 0;
    reader.middlewareStack.add(
      (next) => async (call) => {
        const second = Math.floor(nowMs / 1_000);
        const result = await next(call);
        const taken = throttles.record.minutesOf(names.kpiMilestones).reduce((sum, { units }) => sum + units.read, 0);
        seconds[second] = (seconds[second] ?? 0) + taken - takenBefore;
        takenBefore = taken;
        return result;
      },
      { step: 'build' },
    );
    await Promise.all(
      Array.from({ length: totalSegments }, async (_, segment) => {
        const scan = (position: object) =>
          scanPage(reader, names.kpiMilestones, { segment, totalSegments, ...position });
        for (let page = await scan({}); page.cursor; page = await scan({ cursor: page.cursor })) {}
        inFlight -= 1;
        advance();
      }),
    );
    await front.stop();
    return Array.from(seconds, (units) => units ?? 0);
  }

  test('never takes much more in a second than the ceiling, however large a page might be', async () => {
    const text = { S: 'x'.repeat(8_000) };
    const requests = Array.from({ length: 100 }, (_, at) => ({ PutRequest: { Item: { id: { S: `${at}` }, text } } }));
    for (let start = 0; start < 100; start += 25) {
      const RequestItems = { [names.kpiMilestones]: requests.slice(start, start + 25) };
      await client.send(new BatchWriteItemCommand({ RequestItems }));
    }
    const seconds = await unitsBySecond(20, 4);
    expect(seconds.reduce((sum, units) => sum + units, 0)).toBeGreaterThanOrEqual(190);
    // The first pages are sent before anyone knows how large items are.
    expect(seconds[0]).toBeLessThanOrEqual(4 * 10 * 2 + 20);
    expect(Math.max(...seconds.slice(1))).toBeLessThanOrEqual(2 * 20);
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
    client = new DynamoDBClient(localClientConfig(inject('engineUrl')));
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
    const front = await startThrottlingFront(inject('engineUrl'), throttles);
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
    client = new DynamoDBClient(localClientConfig(inject('engineUrl')));
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

  test('bounds a page of a scan by what a second brings, as large as items are', () => {
    expect(pace.pageItems(250)).toBe(10);
    pace.scanned(10, 20);
    expect([pace.pageItems(250), pace.unitsOf(50)]).toEqual([50, 100]);
    // Larger items count at once, smaller ones little by little.
    pace.scanned(50, 250);
    expect(pace.pageItems(250)).toBe(20);
    pace.scanned(20, 20);
    expect(pace.pageItems(250)).toBe(33);
    pace.throttled();
    expect(pace.pageItems(250)).toBe(16);
    expect(pace.pageItems(5)).toBe(5);
  });

  test('reads at least an item a page, and no smaller pages where a whole one fits into a second', () => {
    pace.scanned(1, 500);
    expect(pace.pageItems(250)).toBe(1);
    expect(new TablePace(256, () => 0).pageItems(250)).toBe(250);
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
