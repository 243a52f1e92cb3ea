import { expect, test } from 'vitest';
import { UnitPace } from '../../functions/tables/dynamo/unit-pace.ts';

test('a bucket gives a second at once, then what each moment brings', () => {
  let nowMs = 0;
  const pace = new UnitPace(100, () => nowMs);

  expect(pace.take(100)).toBe(0);
  expect(pace.take(50)).toBe(500);
  nowMs = 500;
  expect(pace.take(10)).toBe(100);
});

test('a take larger than the bucket leaves a debt that later takes wait for', () => {
  let nowMs = 0;
  const pace = new UnitPace(100, () => nowMs);

  expect(pace.take(1_000)).toBe(9_000);
  nowMs = 9_000;
  expect(pace.take(100)).toBe(1_000);
});

test('an idle hour saves up no more than one second', () => {
  let nowMs = 0;
  const pace = new UnitPace(100, () => nowMs);
  pace.take(100);

  nowMs = 3_600_000;

  expect(pace.take(100)).toBe(0);
  expect(pace.take(100)).toBe(1_000);
});

test('however takes are cut, the units of a long time stay under the ceiling', () => {
  let nowMs = 0;
  const pace = new UnitPace(40, () => nowMs);
  let taken = 0;
  while (nowMs < 60_000) {
    nowMs += pace.take(7);
    taken += 7;
  }
  expect(taken).toBeLessThanOrEqual(40 * (60 + 1) + 7);
  expect(taken).toBeGreaterThan(40 * 59);
});
