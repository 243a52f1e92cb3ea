import { setTimeout as delay } from 'node:timers/promises';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { readSteering, type Steering } from '../../functions/tables/control/steering.ts';
import type { Progress } from '../progress.ts';
import type { Copier } from './copier.ts';
import { describePauseChange } from './steering.ts';

/** Time between two looks at whether the work is paused. */
export const LOOK_EVERY_MS = 2_000;

export interface PauseGateOptions {
  readonly control: Pick<ControlTable, 'list'>;
  readonly progress: Pick<Progress, 'note' | 'pause'>;
  readonly nowMs: () => number;
  readonly stop: AbortSignal;
  readonly lookEveryMs?: number;
}

/**
 * Holds work that is no run of the backfill while an operator has paused it. What it returns is asked before each page, and
 * throws when the command is to stop while it waits. Segments work side by side: one looks for all.
 */
export function pauseGate(options: PauseGateOptions): () => Promise<void> {
  const { control, progress, nowMs, stop, lookEveryMs = LOOK_EVERY_MS } = options;
  let pause: Steering['pause'];
  let look: { readonly atMs: number; readonly done: Promise<void> } | undefined;
  const read = async (): Promise<void> => {
    const orders = await readSteering(control);
    for (const change of describePauseChange(pause, orders.pause)) progress.note(change);
    pause = orders.pause;
    progress.pause?.(pause?.isPaused ? pause.by : undefined);
  };
  const looked = (): Promise<void> => {
    if (look === undefined || nowMs() - look.atMs >= lookEveryMs) look = { atMs: nowMs(), done: read() };
    return look.done;
  };
  return async () => {
    for (await looked(); pause?.isPaused; await looked()) await delay(lookEveryMs, undefined, { signal: stop });
  };
}

/** The same copier, whose scans of the service's and the new tables wait before each page. */
export function heldScans(copier: Copier, untilResumed: () => Promise<void>): Copier {
  const held =
    <Arguments extends unknown[], Result>(scan: (...given: Arguments) => Promise<Result>) =>
    async (...given: Arguments): Promise<Result> => {
      await untilResumed();
      return scan(...given);
    };
  const { data, replication } = copier;
  const old = { ...replication.old, scan: held(replication.old.scan) };
  return { ...copier, data: { ...data, scan: held(data.scan) }, replication: { ...replication, old } };
}
