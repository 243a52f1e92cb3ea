import { runBatch, seedsFrom } from './batch.ts';
import { IN_ORDER } from './exhaustive.ts';
import { buildMutant } from './mutant.ts';
import type { Mutation } from './mutation.ts';
import type { ScheduleOptions, ScheduleResult } from './schedule.ts';
import { LONGER_WORLDS, SMALL_WORLDS } from './small-worlds.ts';

export interface Hunt {
  readonly name: string;
  /** Schedules run, the one that found it included. */
  readonly schedules: number;
  readonly seed: number | undefined;
  readonly divergence: string | undefined;
}

/** Runs schedules from a seed on, or searches its small world, until one shows what the mutation breaks. */
export async function hunt(
  mutation: Mutation,
  schedulesMax: number,
  firstSeed = mutation.firstSeed ?? 1,
): Promise<Hunt> {
  const mutant = await buildMutant(mutation);
  const smallWorld = mutation.smallWorld === undefined ? undefined : SMALL_WORLDS[mutation.smallWorld];
  if (smallWorld) {
    const adversary = mutation.adversary ?? IN_ORDER;
    const { runs, divergence } = await mutant.searchAll(smallWorld, { runsMax: schedulesMax, adversary });
    return { name: mutation.name, schedules: runs, seed: undefined, divergence: divergence?.differences[0] };
  }
  const options = scheduleOptionsOf(mutation);
  const report = await runBatch(
    async (seed) => onlyBy(mutation.foundOnlyBy, await mutant.runSchedule(seed, options)),
    seedsFrom(firstSeed, schedulesMax),
    ({ divergent }) => divergent === 0,
  );
  const [example] = report.examples;
  return {
    name: mutation.name,
    schedules: report.schedules,
    seed: example?.seed,
    divergence: example?.divergences[0],
  };
}

/** What schedules that hunt the mutation are run with, beside their seed. */
export function scheduleOptionsOf({ scheduledWorld, odd, adversary }: Mutation): ScheduleOptions {
  const world = scheduledWorld === undefined ? undefined : LONGER_WORLDS[scheduledWorld];
  return { ...(world && { world }), ...(odd && { odd }), ...(adversary && { adversary }) };
}

/** The result, without what it found where another check than the one asked for found anything. */
function onlyBy(check: string | undefined, result: ScheduleResult): ScheduleResult {
  const counts = check === undefined || result.divergences.every((divergence) => divergence.includes(check));
  return counts ? result : { ...result, divergences: [] };
}
