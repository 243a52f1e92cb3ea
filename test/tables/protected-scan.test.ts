import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { Throttles } from '../../backfill/local/throttles/throttles.ts';
import { startThrottlingFront } from '../../backfill/local/throttles/throttling-front.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { scanPage } from '../../functions/tables/dynamo/dynamo-reads.ts';
import { protectTables } from '../../functions/tables/dynamo/protect-tables.ts';
import { createTestTables, engineClient, engineUrl } from '../engine-client.ts';

let table: string;

/** Reads the whole table as commands do, on a clock that only waiting moves. @returns units by the second they were taken in. */
async function unitsBySecond(ceiling: number, totalSegments: number): Promise<number[]> {
  const throttles = new Throttles(() => 0);
  const front = await startThrottlingFront(engineUrl(), throttles);
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
  protectTables(reader, { ceilings: new Map([[table, ceiling]]), nowMs: () => nowMs, sleep });
  const seconds: number[] = [];
  let takenBefore = 0;
  reader.middlewareStack.add(
    (next) => async (call) => {
      const second = Math.floor(nowMs / 1_000);
      const result = await next(call);
      const taken = throttles.record.minutesOf(table).reduce((sum, { units }) => sum + units.read, 0);
      seconds[second] = (seconds[second] ?? 0) + taken - takenBefore;
      takenBefore = taken;
      return result;
    },
    { step: 'build' },
  );
  await Promise.all(
    Array.from({ length: totalSegments }, async (_, segment) => {
      const scan = (position: object) => scanPage(reader, table, { segment, totalSegments, ...position });
      for (let page = await scan({}); page.cursor; page = await scan({ cursor: page.cursor })) {}
      inFlight -= 1;
      advance();
    }),
  );
  await front.stop();
  return Array.from(seconds, (units) => units ?? 0);
}

test('a scan in segments never takes much more in a second than the ceiling, however large a page might be', async () => {
  table = (await createTestTables()).kpiMilestones;
  const client = engineClient();
  const text = { S: 'x'.repeat(8_000) };
  const requests = Array.from({ length: 100 }, (_, at) => ({ PutRequest: { Item: { id: { S: `${at}` }, text } } }));
  for (let start = 0; start < 100; start += 25) {
    const RequestItems = { [table]: requests.slice(start, start + 25) };
    await client.send(new BatchWriteItemCommand({ RequestItems }));
  }
  const seconds = await unitsBySecond(20, 4);
  expect(seconds.reduce((sum, units) => sum + units, 0)).toBeGreaterThanOrEqual(190);
  // The first pages are sent before anyone knows how large items are.
  expect(seconds[0]).toBeLessThanOrEqual(4 * 10 * 2 + 20);
  expect(Math.max(...seconds.slice(1))).toBeLessThanOrEqual(2 * 20);
});
