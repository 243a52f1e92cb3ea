import type { runSchedule, ScheduleResult } from './schedule.ts';
import type { LegacyWrite, World } from './world.ts';

/** Orders in which a smaller world is tried: with less to do, the same seed means another order. */
const SEEDS_OF_WORLD = 60;
/** Schedules tried in all; some twenty seconds. */
const TRIES_MAX = 6_000;

/**
 * Takes items and writes out of a world that diverges, one after the other, as long as it still does.
 *
 * @returns the schedule of the smallest world found, with its steps.
 */
export async function shrink(seed: number, world: World, run: typeof runSchedule): Promise<ScheduleResult> {
  let smallest = { seed, world };
  let tries = 0;
  const divergent = async (candidate: World): Promise<typeof smallest | undefined> => {
    for (let at = 0; at < SEEDS_OF_WORLD && tries < TRIES_MAX; at += 1, tries += 1) {
      const { divergences } = await run(seed + at, { world: candidate });
      if (divergences.length > 0) return { seed: seed + at, world: candidate };
    }
    return undefined;
  };
  for (let before: typeof smallest | undefined; before !== smallest && tries < TRIES_MAX; ) {
    before = smallest;
    for (const part of ['live', 'initial'] as const) {
      for (let at = smallest.world[part].length - 1; at >= 0; at -= 1) {
        const candidate = { ...smallest.world, [part]: without(smallest.world[part], at) };
        smallest = (await divergent(candidate)) ?? smallest;
      }
    }
  }
  return run(smallest.seed, { world: smallest.world, trace: true });
}

function without(writes: readonly LegacyWrite[], at: number): LegacyWrite[] {
  return writes.filter((_, index) => index !== at);
}
