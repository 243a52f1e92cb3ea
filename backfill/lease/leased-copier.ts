import { setTimeout as sleep } from 'node:timers/promises';
import { processOf } from '../account/operator.ts';
import type { Environment } from '../environment.ts';
import { startLeaseThread } from './lease-thread.ts';
import { SYSTEM_CLOCK } from './system-clock.ts';

/**
 * What a command of this process writes with under the backfill's lease. The caller disposes of the thread that renews the
 * lease.
 */
export async function leasedCopier({ settings, connection, tables, replication, caller }: Environment) {
  const { leaseSeconds, leaseSecondsMax = leaseSeconds, segments } = settings.backfill;
  const putLandsWithinMs = settings.backfill.lateWriteSeconds * 1_000;
  const length = { leaseMs: leaseSeconds * 1_000, leaseMaxMs: leaseSecondsMax * 1_000 };
  const thread = await startLeaseThread({ connection, tableNames: settings.tables, length });
  const options = {
    ...length,
    ...SYSTEM_CLOCK,
    owner: processOf(caller),
    newToken: replication.newToken,
    sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
    renewals: thread.start,
    replication,
    data: tables.data,
    putLandsWithinMs,
    segments,
  };
  return { options, thread };
}
