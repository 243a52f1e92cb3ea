import { runBackfill } from '../../backfill/copy/backfill.ts';
import type { Source } from '../../functions/migration/sources.ts';
import { replicationOf, type Stage } from './actors.ts';
import { PUT_LANDS_WITHIN_MS } from './gate.ts';
import type { Process } from './process.ts';
import type { Actor } from './turns.ts';

const LEASE_MS = 60_000;
/** The part of a lease in which no write is begun; see backfill/README.md, "What a crash leaves". */
export const LEASE_RESERVE_MS = 12_000;

/**
 * The operator, who runs the backfill, again and again until it is finished: whole, or source by source; and in some worlds once
 * more after that, beside what the service writes then.
 */
export function operator(stage: Stage, name: string, copies: readonly (Source | undefined)[], segments: number): Actor {
  const phases = stage.world.repeatsBackfill ? [...copies, undefined] : copies;
  const { scheduler } = stage;
  let at = 0;
  let busy = false;
  let runs = 0;
  return {
    name,
    pace: scheduler.turns.drawPace(),
    ready: () => !busy && at < phases.length,
    begin() {
      busy = true;
      runs += 1;
      const run = `${name}#${runs}`;
      const phase = phases[at];
      scheduler.trace?.push(`${scheduler.steps} ${run}: begins ${phase ?? 'all'}`);
      const settle = (note: string) => {
        busy = false;
        scheduler.trace?.push(`${scheduler.steps} ${run}: ${note}`);
      };
      scheduler.spawn(run, LEASE_RESERVE_MS, (process) => backfillHere(stage, process, phase, segments), {
        done(report) {
          if (report.state !== 'stopped') at += 1;
          stage.copied = at >= copies.length;
          settle(report.state);
        },
        failed: (error) => settle(String(error)),
        crashed: () => settle('is started again'),
      });
    },
  };
}

/** The backfill in one process. */
export function backfillHere(stage: Stage, process: Process, phase: Source | undefined, segments: number) {
  return runBackfill({
    ...copierOptions(stage, process),
    segments,
    progress: { note: () => {}, begin: () => {}, advance: () => {}, end: () => {} },
    itemCountEstimates: {},
    owner: process.name,
    ...(phase && { phase }),
  });
}

/** What every copier works with. */
export function copierOptions(stage: Stage, process: Process) {
  const { scheduler } = stage;
  const { replication, data } = replicationOf(stage, process);
  return {
    replication,
    data,
    putLandsWithinMs: PUT_LANDS_WITHIN_MS,
    pace: () => Promise.resolve(undefined),
    leaseMs: LEASE_MS,
    nowMs: replication.nowMs,
    newToken: replication.newToken,
    sleep: (durationMs: number, signal: AbortSignal) =>
      scheduler.sleepers.sleep(process, scheduler.nowMs + durationMs, signal),
    stop: new AbortController().signal,
  };
}
