import type { Run } from '../../functions/tables/control/documents.ts';
import { type Checkpoint, checkpointsOf, hasBegun, isDone, PASSES, type Pass } from '../copy/run-state.ts';
import { type MemberTerm, membersLandUntilMs } from '../lease/group-lease.ts';

/** Where a run stands, as the control table says. */
export interface Standing {
  readonly run: Run;
  readonly checkpoints: readonly Checkpoint[];
  /** Leases of the workers. To be read after the checkpoints: a worker stores its last one before it gives its lease up. */
  readonly members: readonly MemberTerm[];
  /** Until when puts of processes that were no members may take effect. */
  readonly latePutsUntilMs: number;
  readonly putLandsWithinMs: number;
  readonly nowMs: number;
  /** The pass whose segments were worked on last. */
  readonly worked?: Pass;
}

export type Decision =
  | { readonly kind: 'segments'; readonly pass: Pass; readonly segments: readonly number[] }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'close' }
  | { readonly kind: 'failed'; readonly pass: Pass; readonly segments: readonly number[] };

/** What a run needs next. Pure. */
export function decideNext(standing: Standing): Decision {
  const { run, checkpoints, worked, nowMs } = standing;
  const pass = PASSES.find((each) => !isDone(run, each, checkpoints));
  if (pass === undefined) return { kind: 'close' };
  const open = checkpointsOf(run, pass, checkpoints).filter(({ done }) => !done);
  const segments = open.map(({ segment }) => segment);
  if (pass === worked) return { kind: 'failed', pass, segments };
  if (pass === 'sweep-records' && !hasBegun(run, pass, checkpoints)) {
    const untilMs = putsLandUntilMs(standing);
    if (untilMs > nowMs) return { kind: 'wait', untilMs };
  }
  return { kind: 'segments', pass, segments: farApart(segments) };
}

/** The part of the golden section by which each step goes round: any first few steps come to lie far apart. */
const GOLDEN_STEP = 0.618_033_988_749_895;

/**
 * In an order in which those that come one after another lie far apart. A scan goes through the hashes of ids, so neighbouring segments put
 * rows into the same partition.
 */
function farApart(segments: readonly number[]): number[] {
  const placeOf = (segment: number): number => (segment * GOLDEN_STEP) % 1;
  return segments.toSorted((left, right) => placeOf(left) - placeOf(right));
}

/** A worker that still holds its lease may end with answers to all of its puts, and then nothing is waited for: look again when its lease is over. */
function putsLandUntilMs({ members, latePutsUntilMs, putLandsWithinMs, nowMs }: Standing): number {
  const live = members.filter(({ untilMs }) => untilMs > nowMs).map(({ untilMs }) => untilMs);
  if (live.length > 0) return Math.min(...live);
  return Math.max(latePutsUntilMs, membersLandUntilMs(members, putLandsWithinMs));
}
