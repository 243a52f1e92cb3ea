import { TABLES, type TableNames, type TableRole } from '../../../functions/migration/tables.ts';
import { MigrationError, messageOf } from '../../../functions/model/migration-error.ts';
import type { Backup, Backups } from '../../../functions/tables/dynamo/backups.ts';

export interface BackupOptions {
  readonly backups: Backups;
  readonly environmentName: string;
  readonly tables: TableNames;
  /** The tables to back up. */
  readonly roles: readonly TableRole[];
  readonly nowMs: () => number;
  /** Resolves after `ms`; rejects where the caller no longer wants to wait. */
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly note: (message: string) => void;
}

/** The backup of one table. `absent`: the table does not exist yet. */
export type TableBackup = { readonly role: TableRole; readonly tableName: string } & (
  | { readonly outcome: 'available'; readonly backup: Backup }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'failed'; readonly problem: string }
);

const POLL_MS = 5_000;

/** DynamoDB has backups ready within minutes, whatever the size of the table (developer guide, "Backing up a DynamoDB table"). */
const PATIENCE_MS = 30 * 60_000;

/**
 * Backs tables up in parallel, and waits until each backup can be restored. A failure of one does not stop the others. After an
 * interruption, DynamoDB finishes the backups that have started.
 *
 * @returns what became of each, in the order of the roles.
 * @throws MigrationError `BACKUPS_UNSUPPORTED` on DynamoDB Local.
 */
export async function takeBackups(options: BackupOptions): Promise<TableBackup[]> {
  const startedMs = options.nowMs();
  const stamp = `${new Date(startedMs).toISOString().replace(/[-:]|\.\d+/g, '')}`;
  const taken = await Promise.allSettled(
    options.roles.map((role) => takeBackup(options, role, `${options.environmentName}-${role}-${stamp}`)),
  );
  const failure = taken.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return taken.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function takeBackup(options: BackupOptions, role: TableRole, backupName: string): Promise<TableBackup> {
  const tableName = options.tables[role];
  const { backups, note } = options;
  try {
    const begun = await whileBusy(options, () => backups.create(tableName, backupName));
    if (begun === undefined) {
      // The first deployment creates it.
      if (TABLES[role].madeBy === 'migration') return { role, tableName, outcome: 'absent' };
      return { role, tableName, outcome: 'failed', problem: 'The table does not exist.' };
    }
    note(`${tableName}: ${backupName} has started.`);
    const backup = await untilAvailable(options, begun);
    note(`${tableName}: ${backupName} is ${backup.status}.`);
    if (backup.status === 'AVAILABLE') return { role, tableName, outcome: 'available', backup };
    const problem =
      backup.status === 'DELETED'
        ? `${backup.arn} was deleted.`
        : `${backup.arn} is not available after ${PATIENCE_MS / 60_000} minutes. It may still become available.`;
    return { role, tableName, outcome: 'failed', problem };
  } catch (error) {
    if (isForAll(error)) throw error;
    return { role, tableName, outcome: 'failed', problem: messageOf(error) };
  }
}

/** Whether a failure concerns every table: the engine has no backups, or the caller no longer waits. */
function isForAll(error: unknown): boolean {
  if (error instanceof MigrationError) return error.kind === 'unsupported';
  return error instanceof Error && error.name === 'AbortError';
}

async function untilAvailable(options: BackupOptions, begun: Backup): Promise<Backup> {
  const untilMs = options.nowMs() + PATIENCE_MS;
  let backup = begun;
  while (backup.status === 'CREATING' && options.nowMs() < untilMs) {
    await options.sleep(POLL_MS);
    backup = await whileBusy(options, () => options.backups.describe(begun.arn));
  }
  return backup;
}

/** Retries while the control plane is busy, for as long as a backup is waited for. */
async function whileBusy<T>({ nowMs, sleep }: BackupOptions, call: () => Promise<T>): Promise<T> {
  const untilMs = nowMs() + PATIENCE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof MigrationError && error.retryable) || nowMs() >= untilMs) throw error;
      await sleep(POLL_MS);
    }
  }
}
