import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import type { ControlTable } from '../../../functions/tables/control/control-table.ts';
import { writeRetirement } from '../../../functions/tables/control/documents.ts';
import type { Backups } from '../../../functions/tables/dynamo/backups.ts';
import type { Settings } from '../../../infra/settings.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeBackups, listBackups } from '../backup/describe-backups.ts';
import { takeBackups } from '../backup/take-backups.ts';
import { describeSteps, whatMayGo } from './what-may-go.ts';

export interface LastBackupOptions {
  readonly backups: Backups;
  readonly control: Pick<ControlTable, 'put'>;
  readonly settings: Settings;
  /** Records that are in no new table, as the last validation counted them. */
  readonly heldRecords: number;
  /** The person who accepted that. */
  readonly heldAcceptedBy: string | undefined;
  readonly by: string;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
  readonly note: (message: string) => void;
}

/** Backs up every table, records that the old ones may be deleted, and lists the steps. It deletes nothing. */
export async function takeLastBackups(options: LastBackupOptions): Promise<CommandResult> {
  const { settings, heldRecords, heldAcceptedBy } = options;
  const taken = await takeBackups({
    ...options,
    environmentName: settings.name,
    tables: settings.tables,
    roles: TABLE_ROLES,
  });
  const backupArns = taken.flatMap((table) => (table.outcome === 'available' ? [table.backup.arn] : []));
  if (backupArns.length < TABLE_ROLES.length) {
    return { exitCode: EXIT.failed, document: { backups: taken, executed: true }, lines: describeBackups(taken) };
  }
  await writeRetirement(options.control, {
    at: new Date(options.nowMs()).toISOString(),
    by: options.by,
    ...(heldAcceptedBy !== undefined &&
      heldRecords > 0 && { acceptedHeld: { by: heldAcceptedBy, records: heldRecords } }),
    backupArns,
  });
  const steps = whatMayGo(settings);
  return {
    exitCode: EXIT.done,
    document: { open: [], backups: taken, steps, executed: true },
    lines: [
      ...listBackups(taken),
      'Nothing was deleted: this tool never writes to an old table. What to do now, in this order:',
      ...describeSteps(steps),
    ],
  };
}
