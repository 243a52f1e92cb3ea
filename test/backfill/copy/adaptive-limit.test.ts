import { expect, test } from 'vitest';
import { AdaptiveLimit } from '../../../backfill/copy/adaptive-limit.ts';

function after(latenciesMs: readonly number[], limit = new AdaptiveLimit()): AdaptiveLimit {
  for (const latencyMs of latenciesMs) limit.answered(latencyMs);
  return limit;
}

const calls = (count: number, latencyMs: number): number[] => Array(count).fill(latencyMs);

test('it begins with eight calls, and adds one for each round of calls that went well, up to forty', () => {
  expect(new AdaptiveLimit().limit).toBe(8);
  expect(after(calls(9, 10)).limit).toBe(9);
  expect(after(calls(10_000, 10)).limit).toBe(40);
});

test('throttling halves it once for all the calls that were under way, and never below one', () => {
  const limit = new AdaptiveLimit();
  for (let call = 0; call < 8; call += 1) limit.throttled();
  expect(limit.limit).toBe(4);
  after(calls(4, 10), limit);
  for (let round = 0; round < 50; round += 1) {
    limit.throttled();
    after(calls(8, 10), limit);
    limit.throttled();
  }
  expect(limit.limit).toBeGreaterThanOrEqual(1);
});

test('calls that only queue up lower it; a table that is slower for good is taken as it is', () => {
  const limit = after(calls(400, 10));
  const before = limit.limit;
  after(calls(200, 100), limit);
  expect(limit.limit).toBeLessThan(before);
  after(calls(5_000, 100), limit);
  expect(limit.limit).toBe(40);
});

test('one call at a time queues behind none: however long it takes, more are tried', () => {
  const limit = after(calls(400, 5));
  for (let round = 0; round < 200 && limit.limit > 1; round += 1) {
    limit.throttled();
    if (limit.limit > 1) limit.answered(5);
  }
  expect(limit.limit).toBe(1);
  after(calls(300, 100), limit);
  expect(limit.limit).toBeGreaterThan(10);
});
