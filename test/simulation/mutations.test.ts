import { describe, expect, test } from 'vitest';
import { mutatedFiles } from './mutant.ts';
import { hunt, scheduleOptionsOf } from './mutation-hunt.ts';
import { MUTATIONS } from './mutations.ts';
import { runSchedule } from './schedule.ts';

const SCHEDULES_MAX = 3_000;
/** Of a small world; they are shorter. */
const RUNS_MAX = 20_000;

/** One half today, the other tomorrow; `npm run simulate -- --mutations` hunts them all. */
const HALF_OF_THE_DAY = Math.floor(Date.now() / 86_400_000) % 2;
const DUE = MUTATIONS.filter((_, at) => at % 2 === HALF_OF_THE_DAY);

describe('the simulator finds what is wrong with a protocol', () => {
  test.each(DUE.map((mutation) => [mutation.name, mutation] as const))(
    '%s',
    { timeout: 120_000 },
    async (_, mutation) => {
      const found = await hunt(mutation, mutation.smallWorld === undefined ? SCHEDULES_MAX : RUNS_MAX);
      expect(found.divergence).toBeTypeOf('string');
      // It is the mutation that is found: the product itself takes that schedule well.
      if (found.seed !== undefined)
        expect((await runSchedule(found.seed, scheduleOptionsOf(mutation))).divergences).toEqual([]);
    },
  );
});

test('the product has the text of every mutation', () => {
  for (const mutation of MUTATIONS) expect(mutatedFiles(mutation).length, mutation.name).toBeGreaterThan(0);
});

test('a mutation whose text the product no longer has is refused', () => {
  const edits = [{ file: 'functions/sync/fan-out.ts', find: 'no such text', replace: '' }];
  expect(() => mutatedFiles({ name: 'outdated', edits })).toThrow('has 0 times');
});
