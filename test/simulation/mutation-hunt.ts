import { runBatch, seedsFrom } from './batch.ts';
import { buildMutant } from './mutant.ts';
import type { Mutation } from './mutations.ts';

export interface Hunt {
  readonly name: string;
  /** Schedules run, the one that found it included. */
  readonly schedules: number;
  readonly seed: number | undefined;
  readonly divergence: string | undefined;
}

/** Runs schedules from a seed on until one shows what the mutation breaks. */
export async function hunt(mutation: Mutation, firstSeed: number, schedulesMax: number): Promise<Hunt> {
  const mutant = await buildMutant(mutation);
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
