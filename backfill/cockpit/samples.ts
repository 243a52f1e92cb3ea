import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import type { Status } from '../commands/status/read-status.ts';

/** What readers got so far, where somebody counts it. */
export interface ReadCounts {
  readonly old: number;
  readonly new: number;
  /** Answers of the two sides that were compared and differed. */
  readonly differing: number;
  /** Epoch milliseconds of the last answer from the new tables; 0 if there was none. */
  readonly lastNewAnswerAtMs: number;
}

/** What is drawn over time, at one instant. */
export interface Sample {
  readonly atMs: number;
  readonly lagMs: Readonly<Record<Source, number>>;
  /** Items of the old tables that the backfill has looked at. */
  readonly scanned: number;
  readonly reads?: ReadCounts;
}

/** Samples that are kept: an hour at one every two seconds. */
export const SAMPLES_MAX = 1_800;

export function sampleOf({ control, at }: Status, reads: ReadCounts | undefined): Sample {
  const none = Object.fromEntries(SOURCES.map((source) => [source, 0])) as Record<Source, number>;
  const copies = (control?.passes ?? []).filter(({ pass }) => SOURCES.some((source) => source === pass));
  return {
    atMs: Date.parse(at),
    lagMs: control?.evidence.lagMs ?? none,
    scanned: copies.reduce((sum, { tally }) => sum + tally.scanned, 0),
    ...(reads && { reads }),
  };
}

/** With one more, and every other of the oldest left out where there are too many: the past gets coarser, not shorter. */
export function withSample(samples: readonly Sample[], next: Sample): Sample[] {
  const all = [...samples, next];
  if (all.length <= SAMPLES_MAX) return all;
  const half = Math.floor(all.length / 2);
  return [...all.slice(0, half).filter((_, at) => at % 2 === 0), ...all.slice(half)];
}

/** Time over which a rate is measured: long enough for a page of the slowest table. */
const RATE_OVER_MS = 30_000;

/** Items a second over the last half minute; undefined before there are two samples of it. */
export function scanRate(samples: readonly Sample[]): number | undefined {
  const last = samples.at(-1);
  if (last === undefined) return undefined;
  const first = samples.find(({ atMs }) => atMs >= last.atMs - RATE_OVER_MS);
  if (first === undefined || first === last || last.scanned < first.scanned) return undefined;
  return (last.scanned - first.scanned) / ((last.atMs - first.atMs) / 1_000);
}
