import { type SeededRandom, seededRandom } from '../../backfill/local/seeded-random.ts';
import { PASSES, type Pass } from '../../backfill/run-state.ts';
import type { OldContent } from '../../functions/model/expected.ts';
import { HELD_RECORDS, type HeldRecords } from '../../functions/model/sources.ts';
import { hotContent } from './hot-content.ts';

/** When a process of the backfill is killed: so long after this pass, or a later one, has begun. */
export interface BackfillKill {
  readonly pass: Pass;
  readonly afterMs: number;
}

/** All that is drawn for one run before it begins. */
export interface RunPlan {
  readonly seed: number;
  readonly heldRecords: HeldRecords;
  /** Parallel scans a table. */
  readonly segments: number;
  /** Seeds of the writers that write at the same time. */
  readonly writerSeeds: readonly number[];
  readonly backfillKills: readonly BackfillKill[];
  /** Writes of all writers together, in as many bursts as the backfill is started, and one after it. */
  readonly writes: number;
  /** How long functions are still harmed when backfill and writers are done. */
  readonly faultsOutlastMs: number;
  readonly content: OldContent;
  readonly faults: SeededRandom;
  readonly proof: SeededRandom;
}

/** The most that a draw may come to. */
export interface PlanLimits {
  readonly writesMost: number;
  readonly backfillKillsMost: number;
  /** Records of each old table at the beginning; at least half as many are drawn. */
  readonly recordsOfTableMost: number;
}

/** Draws a run. The same seed and limits give the same plan, though never the same interleaving. */
export function planRun(seed: number, { writesMost, backfillKillsMost, recordsOfTableMost }: PlanLimits): RunPlan {
  const random = seededRandom(seed);
  const drawn = (): number => random.below(2 ** 31);
  const many = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
  return {
    seed,
    heldRecords: random.pick(HELD_RECORDS),
    segments: 2 + random.below(5),
    writerSeeds: many(1 + random.below(3), drawn),
    backfillKills: many(1 + random.below(backfillKillsMost), () => ({
      pass: random.pick(PASSES),
      afterMs: random.below(400),
    })).sort((left, right) => PASSES.indexOf(left.pass) - PASSES.indexOf(right.pass)),
    writes: Math.ceil(writesMost / 2) + random.below(writesMost / 2),
    faultsOutlastMs: random.below(3_000),
    content: hotContent(seededRandom(drawn()), recordsOfTableMost),
    faults: seededRandom(drawn()),
    proof: seededRandom(drawn()),
  };
}
