import { randomUUID } from 'node:crypto';
import type { BackfillOptions } from '../../backfill/copy/backfill.ts';
import type { Progress } from '../../backfill/progress.ts';

export const silent: Progress = { note: () => {}, begin: () => {}, advance: () => {}, end: () => {} };

/** Longer than any test takes on a machine that is busy with others. */
export const LEASE_MS = 600_000;

/** Shorter than a renewal is waited for. */
export const PUT_LANDS_WITHIN_MS = LEASE_MS / 6;

/** A reserve is over at once; nothing lasts so long that the lease would have to be renewed. */
const sleep: BackfillOptions['sleep'] = async (ms, signal) => {
  if (ms < LEASE_MS / 3) return;
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
};

/** A backfill by this process, alone, in two segments. */
export function backfillOptions(
  tables: Pick<BackfillOptions, 'replication' | 'data'>,
  changes: Partial<BackfillOptions> = {},
): BackfillOptions {
  return {
    ...tables,
    segments: 2,
    owner: 'test',
    leaseMs: LEASE_MS,
    putLandsWithinMs: PUT_LANDS_WITHIN_MS,
    nowMs: Date.now,
    newToken: randomUUID,
    sleep,
    pace: async () => {},
    progress: silent,
    itemCountEstimates: {},
    stop: new AbortController().signal,
    ...changes,
  };
}
