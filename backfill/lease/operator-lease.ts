import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, operatorName } from '../environment.ts';
import type { LeaseOptions } from './lease.ts';
import { type LeaseThread, SYSTEM_CLOCK, startLeaseThread } from './lease-thread.ts';

type OperatorLease = Pick<
  LeaseOptions,
  'owner' | 'leaseMs' | 'leaseMaxMs' | 'nowMs' | 'steadyMs' | 'newToken' | 'sleep' | 'renewals'
>;

/** What a command of this process takes the backfill's lease with, and the thread that is to renew it. */
export async function operatorLease({
  settings,
  connection,
  replication,
}: Environment): Promise<{ readonly options: OperatorLease; readonly thread: LeaseThread }> {
  const { leaseSeconds, leaseSecondsMax = leaseSeconds } = settings.backfill;
  const length = { leaseMs: leaseSeconds * 1_000, leaseMaxMs: leaseSecondsMax * 1_000 };
  const thread = await startLeaseThread({ connection, tableNames: settings.tables, length });
  const options = {
    ...{ ...length, ...SYSTEM_CLOCK },
    owner: operatorName(),
    newToken: replication.newToken,
    sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
    renewals: thread.start,
  };
  return { options, thread };
}
