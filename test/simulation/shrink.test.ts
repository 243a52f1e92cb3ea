import { expect, test } from 'vitest';
import { buildMutant } from './mutant.ts';
import { hunt } from './mutation-hunt.ts';
import { MUTATIONS } from './mutations.ts';
import { worldOf } from './schedule.ts';
import { shrink } from './shrink.ts';

test('of a seed that diverges only what it needs is told', { timeout: 120_000 }, async () => {
  const mutation = MUTATIONS.find(({ name }) => name === 'image instead of re-read');
  if (mutation === undefined) throw new Error('There is no such mutation.');
  const { seed = 0 } = await hunt(mutation, 3_000);
  const { runSchedule } = await buildMutant(mutation);
  const whole = await runSchedule(seed);
  const smallest = await shrink(seed, worldOf(seed), runSchedule);
  expect(smallest.divergences).not.toEqual([]);
  expect(smallest.liveWrites).toBeLessThan(whole.liveWrites);
  expect(smallest.trace.at(-1)).toBeTypeOf('string');
});
