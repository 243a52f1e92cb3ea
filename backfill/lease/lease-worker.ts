import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connectTables } from '../../functions/tables/dynamo-tables.ts';
import { keepRenewed } from './lease-renewal.ts';
import { LeaseRow, readHolder } from './lease-row.ts';
import type { FromLeaseThread, LeaseThreadData, ToLeaseThread } from './lease-thread.ts';
import { SharedTerm } from './shared-term.ts';
import { SYSTEM_CLOCK } from './system-clock.ts';

/** The thread that startLeaseThread starts: it renews the lease that it is told of, until it is told to end. */

/**
 * Leases for which the main thread may be at work without a pause. One that is silent for longer has come to a standstill, and the lease of a process that
 * does nothing any more is to run out.
 */
const SILENT_LEASES_MAX = 10;

const { connection, tableNames, length, memory } = workerData as LeaseThreadData;
const { transactions } = connectTables(tableNames, connection);
const board = new SharedTerm(memory);
const end = new AbortController();
const tell = (message: FromLeaseThread): void => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToLeaseThread) => {
  if (message === 'end') end.abort();
  else renew(message.taken);
});

// Also makes the connection, so that the first renewal finds it there.
await readHolder(transactions);
tell('ready');

function renew({ owner, identity, token, latenessMs }: Extract<ToLeaseThread, object>['taken']): void {
  const row = new LeaseRow(transactions, { owner, identity }, 'renewed', token);
  const onFailure = (error: unknown): void =>
    tell({ failure: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  keepRenewed({
    ...{ row, board, length, clock: SYSTEM_CLOCK, latenessMs, onFailure },
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    end: end.signal,
    isWanted: () => SYSTEM_CLOCK.steadyMs() - board.lastBeatMs() < SILENT_LEASES_MAX * length.leaseMaxMs,
  })
    .catch(onFailure)
    .finally(() => tell({ token: row.token }));
}
