import type { Run } from '../../functions/tables/control/documents.ts';
import {
  BOUNDS,
  type Bound,
  type BoundName,
  type Pause,
  type Steering,
} from '../../functions/tables/control/steering.ts';

/** What a running copier keeps to: its settings, as operators have changed them for this run. */
export interface InForce {
  readonly pause?: Pause;
  readonly bounds: Readonly<Partial<Record<BoundName, number>>>;
}

/** The bounds that the settings give. */
export function boundsOf({
  maxWriteUnitsPerSecond,
  maxReadUnitsPerSecond,
  budgetUsd,
}: {
  readonly maxWriteUnitsPerSecond?: number | undefined;
  readonly maxReadUnitsPerSecond?: number | undefined;
  readonly budgetUsd?: number | undefined;
}): InForce['bounds'] {
  return {
    ...(maxWriteUnitsPerSecond !== undefined && { writeUnitsPerSecond: maxWriteUnitsPerSecond }),
    ...(maxReadUnitsPerSecond !== undefined && { readUnitsPerSecond: maxReadUnitsPerSecond }),
    ...(budgetUsd !== undefined && { budgetUsd }),
  };
}

/** An order for another run holds no more: then the settings do. Pure, like all of this file. */
export function inForce(steering: Steering, settings: InForce['bounds'], runId: string): InForce {
  const { pause } = steering;
  const bounds = BOUNDS.flatMap((name) => {
    const value = ofRun(steering.bounds[name], runId)?.value ?? settings[name];
    return value === undefined ? [] : [[name, value]];
  });
  return { ...(pause?.isPaused && { pause }), bounds: Object.fromEntries(bounds) };
}

function ofRun(bound: Bound | undefined, runId: string): Bound | undefined {
  return bound?.runId === runId ? bound : undefined;
}

export interface PageFacts {
  readonly isPaused: boolean;
  /** Undefined where there is no budget. */
  readonly budgetUsd: number | undefined;
  /** The highest budget at which the run has stopped before; 0 if at none. What was left of it was less than a page. */
  readonly stoppedAtUsd: number;
  /** What the run has cost so far, in all processes. */
  readonly spentUsd: number;
  /** What a page of this pass is expected to cost. */
  readonly usdPerPage: number;
  readonly pagesInHand: number;
}

/**
 * What to do before the next page: `take` it, `hold` while the run is paused, `wait` for pages in hand, or `stop`.
 *
 * Pages in hand are always finished, so near the budget there are never more of them than it has room for.
 */
export function decidePage(facts: PageFacts): 'take' | 'hold' | 'wait' | 'stop' {
  const { isPaused, budgetUsd, stoppedAtUsd, spentUsd, usdPerPage, pagesInHand } = facts;
  if (budgetUsd === undefined) return isPaused ? 'hold' : 'take';
  if (spentUsd >= budgetUsd || stoppedAtUsd >= budgetUsd) return 'stop';
  if (isPaused) return 'hold';
  if (spentUsd + usdPerPage * (pagesInHand + 1) <= budgetUsd) return 'take';
  // Those in hand may turn out cheaper.
  return pagesInHand === 0 ? 'stop' : 'wait';
}

/** `Ada at 2026-05-01T12:00:00.000Z (the service is slow)`. */
export function describeOrder({ by, at, reason }: Pick<Pause, 'by' | 'at' | 'reason'>): string {
  return `${by} at ${at}${reason === undefined ? '' : ` (${reason})`}`;
}

const TITLE: Readonly<Record<BoundName, (value: string) => string>> = {
  writeUnitsPerSecond: (value) => `${value} write units a second`,
  readUnitsPerSecond: (value) => `${value} read units a second from a table of the service`,
  budgetUsd: (value) => `a budget of ${value} USD`,
};

/** `2,000 write units a second`. */
export function describeBound(name: BoundName, value: number): string {
  return TITLE[name](name === 'budgetUsd' ? String(value) : value.toLocaleString('en-US'));
}

/** What a running copier says when orders have changed. */
export function describeChanges(before: Steering, after: Steering, runId: string): string[] {
  const bounds = BOUNDS.flatMap((name) => {
    const [old, now] = [ofRun(before.bounds[name], runId), ofRun(after.bounds[name], runId)];
    return now === undefined || now.at === old?.at
      ? []
      : [`From now on ${describeBound(name, now.value)}, as set by ${describeOrder(now)}.`];
  });
  return [...bounds, ...describePauseChange(before.pause, after.pause)];
}

export function describePauseChange(before: Pause | undefined, after: Pause | undefined): string[] {
  if (after === undefined || (before?.isPaused ?? false) === after.isPaused) return [];
  const order = describeOrder(after);
  return after.isPaused
    ? [`Paused by ${order}. Pages in hand are finished, the lease is kept. To go on: kpi-migrate resume --execute`]
    : [`Resumed by ${order}.`];
}

/** Whether a run could go on where it is. */
export function isOpen(run: Run | undefined): run is Run {
  return run !== undefined && run.finishedAt === undefined;
}
