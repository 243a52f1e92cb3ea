import { describe, expect, test } from 'vitest';
import { runBatch, seedsFrom } from './batch.ts';
import { runSchedule } from './schedule.ts';

/** The same seed all day long, and another one tomorrow. */
const SEED_OF_THE_DAY = Number(new Date().toISOString().slice(0, 10).replaceAll('-', '')) * 1_000;

describe('the replication protocol', () => {
  test.each([
    ['fixed seeds', 1, 2_000],
    [`seeds of the day, from ${SEED_OF_THE_DAY}`, SEED_OF_THE_DAY, 500],
  ])('ends in what the old tables demand, whatever the order: %s', { timeout: 120_000 }, async (_, seed, schedules) => {
    const report = await runBatch(runSchedule, seedsFrom(seed, schedules));
    expect(report).toMatchObject({ schedules, divergent: 0, examples: [] });
  });
});

describe('the simulator', () => {
  test('takes the same steps for the same seed', async () => {
    for (const seed of [3, 77, 1_234]) {
      const first = await runSchedule(seed, { trace: true });
      const second = await runSchedule(seed, { trace: true });
      expect(first.trace.length).toBeGreaterThan(50);
      expect(second).toEqual(first);
    }
  });

  test('takes other steps for another seed', async () => {
    const [one, other] = [await runSchedule(1, { trace: true }), await runSchedule(2, { trace: true })];
    expect(one.trace).not.toEqual(other.trace);
  });

  test('meets every kind of fault within 300 schedules', async () => {
    const { counts } = await runBatch(runSchedule, seedsFrom(1, 300));
    expect(Object.entries(counts).filter(([, count]) => count === 0)).toEqual([]);
  });
});
