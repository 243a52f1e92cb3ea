import { describe, expect, test } from 'vitest';
import { SAMPLES_MAX, type Sample, scanRate, withSample } from '../../backfill/cockpit/samples.ts';

const NO_LAG = { links: 0, milestones: 0, actuals: 0, readings: 0 };
const sample = (seconds: number, scanned: number): Sample => ({ atMs: seconds * 1_000, scanned, lagMs: NO_LAG });

describe('the samples', () => {
  test('reach back to the first, however many there were', () => {
    let samples: readonly Sample[] = [];
    for (let at = 0; at < 5 * SAMPLES_MAX; at += 1) samples = withSample(samples, sample(at, at));
    expect(samples.length).toBeLessThanOrEqual(SAMPLES_MAX);
    expect(samples[0]?.atMs).toBe(0);
    expect(samples.at(-1)?.scanned).toBe(5 * SAMPLES_MAX - 1);
    const times = samples.map(({ atMs }) => atMs);
    expect(times).toEqual([...new Set(times)].sort((left, right) => left - right));
  });
});

describe('the rate', () => {
  test('is that of the last half minute', () => {
    expect(scanRate([sample(0, 0), sample(60, 6_000), sample(80, 6_200)])).toBe(10);
  });

  test.each([
    ['no sample', []],
    ['one sample', [sample(0, 5)]],
    ['a new run, which began again', [sample(0, 900), sample(2, 10)]],
    ['nothing young enough', [sample(0, 5), sample(60, 500)]],
  ])('is unknown after %s', (_name, samples) => {
    expect(scanRate(samples)).toBeUndefined();
  });
});
