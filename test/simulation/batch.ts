import type { ScheduleResult } from './schedule.ts';

/** What many schedules came to. */
export interface BatchReport {
  readonly schedules: number;
  readonly steps: number;
  readonly liveWrites: number;
  /** Faults, by kind. */
  readonly counts: Readonly<Record<string, number>>;
  /** Schedules at whose end something was wrong, the first few of them with what. */
  readonly divergent: number;
  readonly examples: readonly { readonly seed: number; readonly divergences: readonly string[] }[];
}

export const EMPTY_REPORT: BatchReport = {
  schedules: 0,
  steps: 0,
  liveWrites: 0,
  counts: {},
  divergent: 0,
  examples: [],
};

const EXAMPLES_MAX = 5;

export function addReports(left: BatchReport, right: BatchReport): BatchReport {
  const counts: Record<string, number> = { ...left.counts };
  for (const [name, count] of Object.entries(right.counts)) counts[name] = (counts[name] ?? 0) + count;
  return {
    schedules: left.schedules + right.schedules,
    steps: left.steps + right.steps,
    liveWrites: left.liveWrites + right.liveWrites,
    counts,
    divergent: left.divergent + right.divergent,
    examples: [...left.examples, ...right.examples].slice(0, EXAMPLES_MAX),
  };
}

function reportOf(result: ScheduleResult): BatchReport {
  const { seed, divergences } = result;
  const failed = divergences.length > 0;
  return {
    schedules: 1,
    steps: result.steps,
    liveWrites: result.liveWrites,
    counts: result.counts,
    divergent: failed ? 1 : 0,
    examples: failed ? [{ seed, divergences }] : [],
  };
}

/** Runs schedules by their seeds until these are used up, or `goOn` says no. */
export async function runBatch(
  run: (seed: number) => Promise<ScheduleResult>,
  seeds: Iterable<number>,
  goOn: (report: BatchReport) => boolean = () => true,
): Promise<BatchReport> {
  let report = EMPTY_REPORT;
  for (const seed of seeds) {
    if (!goOn(report)) break;
    report = addReports(report, reportOf(await run(seed)));
  }
  return report;
}

/** `count` seeds from `first` on, `stride` apart. */
export function* seedsFrom(first: number, count: number, stride = 1): Generator<number> {
  for (let at = 0; at < count; at += 1) yield first + at * stride;
}
