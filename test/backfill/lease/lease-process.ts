import { acquireLease } from '../../../backfill/lease/lease.ts';
import { startLeaseThread } from '../../../backfill/lease/lease-thread.ts';
import { SYSTEM_CLOCK } from '../../../backfill/lease/system-clock.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { connectTables } from '../../../functions/tables/dynamo-tables.ts';

/** A holder of the lease in a process of its own, which writes when it is told to, and answers what became of it. */
const { connection, tableNames, leaseMs } = JSON.parse(process.argv[2] ?? '');
const tables = connectTables(tableNames, connection);
const length = { leaseMs, leaseMaxMs: leaseMs };
const thread = await startLeaseThread({ connection, tableNames, length });
const lease = await acquireLease({
  ...{ ...length, ...SYSTEM_CLOCK },
  transactions: tables.transactions,
  owner: 'the process',
  newToken: () => crypto.randomUUID(),
  sleep: () => new Promise(() => {}),
  renewals: thread.start,
  onWait: () => {},
  stop: new AbortController().signal,
});

let writes = 0;
process.on('message', async () => {
  try {
    lease.requireHeld();
    writes += 1;
    await tables.control.put('written', 'by the process', { writes });
    process.send?.('written');
  } catch (error) {
    process.send?.(error instanceof MigrationError ? error.code : String(error));
  }
});
process.send?.('ready');
