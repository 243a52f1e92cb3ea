import type { FlagState } from '../../../functions/flag/deployments.ts';
import { NEW_DATA, NEW_LINKS } from '../../../functions/migration/tables.ts';
import { deleteRollback, deleteRun, readRollback, writeRollback } from '../../../functions/tables/control/documents.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { deleteSpent } from '../../../functions/tables/control/spent-units.ts';
import type { DeleteRows } from '../../../functions/tables/dynamo/row-deletion.ts';
import { type Copier, guardWrites } from '../../copy/copier.ts';
import { LatePuts, type LatePutsOptions } from '../../copy/late-puts.ts';
import { pauseGate } from '../../copy/pause-gate.ts';
import { deleteCheckpoint, readCheckpoints, readRunState } from '../../copy/run-state.ts';
import { acquireLease, type Lease, type LeaseOptions } from '../../lease/lease.ts';
import type { Progress } from '../../progress.ts';
import { clearTable } from './clear-table.ts';
import { DEPLOYMENT_SHOWS_MS, readersFollowInMs, requireReadsOld } from './reads-old.ts';
import { restoreWhatNoCopyBrings } from './restore.ts';

export interface RollbackOptions
  extends Omit<Copier, 'pause' | 'first'>,
    Omit<LeaseOptions, 'transactions' | 'onWait'>,
    LatePutsOptions {
  readonly deleteRows: DeleteRows;
  /** The entries of quarantine that are items of the record tables. */
  readonly quarantinedRecords: () => AsyncIterable<QuarantineEntry>;
  /** The read flag as AppConfig has it now. */
  readonly flag: () => Promise<FlagState>;
  /** Parallel scans a table. */
  readonly segments: number;
  readonly progress: Progress;
}

export interface RollbackReport {
  readonly state: 'finished' | 'stopped';
  readonly rowsDeleted: { readonly [NEW_LINKS]: number; readonly [NEW_DATA]: number };
}

/** Time between two looks at the flag while rows are being deleted. */
const FLAG_EVERY_MS = 10_000;

/**
 * Deletes all rows of both new tables, and the backfill's run and checkpoints, so that history can be copied again. Rows of the
 * protocol, quarantine and reports stay. Goes on where an earlier one was stopped or killed.
 *
 * Before the first row goes it notes that it has begun: from then on no backfill continues from checkpoints that are no longer true, and the gate lets no
 * reads move. The note gets its end when all is done; until then only another rollback helps.
 *
 * @throws MigrationError `READS_NOT_OLD`, `BACKFILL_RUNNING`, `LEASE_LOST`, and what the tables throw.
 */
export async function runRollback(options: RollbackOptions): Promise<RollbackReport> {
  requireReadsOld(await options.flag());
  const { transactions } = options.replication;
  const lease = await acquireLease({ ...options, transactions, onWait: options.progress.note });
  try {
    await outlastPuts(options, lease);
    return await clearAll({ ...options, ...guardWrites(options, lease.requireHeld) }, lease.requireHeld);
  } finally {
    // Also where all went well: a delete that the SDK sent twice may still land, and no copier may have begun by then.
    await lease.releaseAfterReserve();
  }
}

/** A row that a killed copier has sent may be of another mapping than the one that comes next. Where a rollback goes on, it has waited. */
async function outlastPuts(options: RollbackOptions, lease: Lease): Promise<void> {
  const { control } = options.replication;
  const before = await readRollback(control);
  if (before !== undefined && before.endedAt === undefined) return;
  const { members } = await readRunState(control);
  await (await LatePuts.open(control, lease, options)).outlast(members);
}

async function clearAll(options: RollbackOptions & Copier, requireHeld: () => void): Promise<RollbackReport> {
  const { stop, progress, data } = options;
  const { control } = options.replication;
  const begun = await begin(options);
  if (begun === undefined) return { state: 'stopped', rowsDeleted: { [NEW_LINKS]: 0, [NEW_DATA]: 0 } };

  await deleteRun(control);
  const requireAllowed = watchingFlag(options);
  const untilResumed = pauseGate({ ...options, control });
  const beforePage = async (): Promise<void> => {
    await untilResumed();
    await requireAllowed();
  };
  const rowsDeleted = { [NEW_LINKS]: 0, [NEW_DATA]: 0 };
  for (const table of [NEW_DATA, NEW_LINKS] as const) {
    progress.begin(table, 0, undefined);
    try {
      rowsDeleted[table] = await clearTable({
        ...options,
        scan: (position) => data.scan(table, position),
        deleteRows: (ids) => options.deleteRows(table, ids, requireHeld),
        beforePage,
        onDeleted: progress.advance,
      });
    } finally {
      progress.end();
    }
  }
  if (stop.aborted) return { state: 'stopped', rowsDeleted };

  await restoreWhatNoCopyBrings(options);
  for (const checkpoint of await readCheckpoints(control)) await deleteCheckpoint(control, checkpoint);
  await deleteSpent(control);
  await writeRollback(control, { ...begun, endedAt: new Date(options.nowMs()).toISOString() });
  return { state: 'finished', rowsDeleted };
}

/**
 * Notes the beginning, and waits until whoever was let through the gate before shows, and until every reader follows the flag.
 *
 * @returns the note; undefined where the caller no longer wants to wait, and then nothing has begun.
 */
async function begin(options: RollbackOptions): Promise<{ begunAt: string; by: string } | undefined> {
  const { control } = options.replication;
  const before = await readRollback(control);
  const goesOn = before !== undefined && before.endedAt === undefined;
  const note = goesOn
    ? { begunAt: before.begunAt, by: before.by }
    : { begunAt: new Date(options.nowMs()).toISOString(), by: options.owner };
  await writeRollback(control, note);
  try {
    const followMs = readersFollowInMs(await options.flag(), options.nowMs());
    const waitMs = Math.max(DEPLOYMENT_SHOWS_MS, followMs);
    options.progress.note(`Waiting ${Math.ceil(waitMs / 1_000)} s until all readers follow the flag.`);
    await options.sleep(waitMs, options.stop);
    requireReadsOld(await options.flag());
    return note;
  } catch (error) {
    if (!goesOn) await (before === undefined ? deleteRollback(control) : writeRollback(control, before));
    if (options.stop.aborted) return undefined;
    throw error;
  }
}

/** Looks at the flag again from time to time: nobody should be able to move reads meanwhile, and nothing continues if someone has. */
function watchingFlag({ flag, nowMs }: RollbackOptions): () => Promise<void> {
  let lookedAtMs = nowMs();
  return async () => {
    if (nowMs() - lookedAtMs < FLAG_EVERY_MS) return;
    lookedAtMs = nowMs();
    requireReadsOld(await flag());
  };
}
