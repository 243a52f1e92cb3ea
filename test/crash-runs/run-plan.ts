import { PASSES, type Pass } from '../../backfill/copy/run-state.ts';
import { type SeededRandom, seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import type { OldContent } from '../../functions/migration/expected.ts';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { HELD_RECORDS, type HeldRecords } from '../../functions/model/kpi.ts';
import { hotContent } from './hot-content.ts';

/** A blow at a process of the backfill: so long after this pass, or a later one, has begun. */
export interface BackfillBlow {
  readonly pass: Pass;
  readonly afterMs: number;
}

/** What befalls one process of the backfill. */
export interface BackfillBlows {
  /** Stopped, and let go on with what it has read before: after a while or, where no time is given, when all that came since is delivered. */
  readonly stop?: BackfillBlow & { readonly forMs?: number };
  /** Absent for a process that is left to finish. */
  readonly kill?: BackfillBlow;
}

/** All that is drawn for one run before it begins. */
export interface RunPlan {
  readonly seed: number;
  readonly heldRecords: HeldRecords;
  /** Parallel scans a table. */
  readonly segments: number;
  /** Seeds of the writers that write at the same time. */
  readonly writerSeeds: readonly number[];
  /** A process of the backfill each. */
  readonly backfill: readonly BackfillBlows[];
  /** Writes of all writers together. */
  readonly writes: number;
  /** Blows at the functions' processes; after the last the run may come to its end, however slow the machine. */
  readonly functionBlows: number;
  /** From the end of the backfill to the last writes: the streams are alone, and functions are harmed. */
  readonly streamsAloneMs: number;
  /** How long functions are still harmed when the last write is made. */
  readonly faultsOutlastMs: number;
  readonly content: OldContent;
  readonly faults: SeededRandom;
  readonly proof: SeededRandom;
}

/** A pass takes some hundred milliseconds. */
const KILL_AFTER_MS_MOST = 250;
const STOP_AFTER_MS_MOST = 150;

/** The most that a draw may come to. */
export interface PlanLimits {
  readonly writesMost: number;
  readonly backfillKillsMost: number;
  /** Records of each old table at the beginning; at least a tenth as many are drawn. */
  readonly recordsOfTableMost: number;
}

/** Draws a run. The same seed and limits give the same plan, though never the same interleaving. */
export function planRun(seed: number, { writesMost, backfillKillsMost, recordsOfTableMost }: PlanLimits): RunPlan {
  const random = seededRandom(seed);
  const drawn = (): number => random.below(2 ** 31);
  const many = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);
  const blow = (afterMsMost: number): BackfillBlow => ({
    pass: random.pick(PASSES),
    afterMs: random.below(afterMsMost),
  });
  const stopMs = (): number => 500 + random.below(3_000);
  const kills = many(1 + random.below(backfillKillsMost), () => blow(KILL_AFTER_MS_MOST)).sort(
    (left, right) => PASSES.indexOf(left.pass) - PASSES.indexOf(right.pass),
  );
  const killed = kills.map((kill) => ({ kill, stop: { ...blow(STOP_AFTER_MS_MOST), forMs: stopMs() } }));
  const outlasting = { stop: { ...blow(STOP_AFTER_MS_MOST), pass: random.pick(RECORD_SOURCES) } };
  return {
    seed,
    heldRecords: random.pick(HELD_RECORDS),
    segments: 2 + random.below(5),
    writerSeeds: many(1 + random.below(3), drawn),
    // Only the first of a run has all to copy; the one after the kills may find no more than the sweep to do.
    backfill: random.below(2) === 0 ? [outlasting, ...killed, {}] : [...killed, outlasting],
    writes: Math.ceil(writesMost / 2) + random.below(writesMost / 2),
    functionBlows: 6 + random.below(15),
    streamsAloneMs: random.below(6_000),
    faultsOutlastMs: random.below(3_000),
    content: hotContent(seededRandom(drawn()), recordsOfTableMost),
    faults: seededRandom(drawn()),
    proof: seededRandom(drawn()),
  };
}
