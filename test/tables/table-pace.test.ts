import { beforeEach, describe, expect, test } from 'vitest';
import { TablePace } from '../../functions/tables/dynamo/table-pace.ts';

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
    expect(pace.pageItems(250)).toBe(50);
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
