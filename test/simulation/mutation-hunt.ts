import { runBatch, seedsFrom } from './batch.ts';
import { IN_ORDER } from './exhaustive.ts';
import { buildMutant } from './mutant.ts';
import type { Mutation } from './mutations.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

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
    const { runs, divergence } = await mutant.searchAll(smallWorld, { runsMax: schedulesMax, adversary: IN_ORDER });
    return { name: mutation.name, schedules: runs, seed: undefined, divergence: divergence?.differences[0] };
  }
  const report = await runBatch(
    (seed) => mutant.runSchedule(seed),
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
