import { setTimeout as sleep } from 'node:timers/promises';
import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { dynamoBackups } from '../../../functions/tables/dynamo/backups.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeBackupPlan, describeBackups } from './describe-backups.ts';
import { takeBackups } from './take-backups.ts';

/** `backup`: lists what it would back up; with `--execute` backs it up, and waits until all backups can be restored. */
export async function backupCommand(
  { env, execute }: { readonly env: string; readonly execute: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const { client, settings } = await openEnvironment(env, 'read');
  if (!execute) {
    const shapes = await describeTables(client, settings.tables);
    const tables = TABLE_ROLES.map((role) => ({ table: settings.tables[role], exists: shapes[role] !== undefined }));
    return { exitCode: EXIT.done, document: { tables }, lines: describeBackupPlan(tables), next: 'execute' };
  }
  const taken = await takeBackups({
    backups: dynamoBackups(client),
    environmentName: settings.name,
    tables: settings.tables,
    roles: TABLE_ROLES,
    nowMs: Date.now,
    sleep: (ms) => sleep(ms, undefined, { signal: stop }),
    note: (message) => process.stderr.write(`${message}\n`),
  });
  return {
    exitCode: taken.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.done,
    document: { backups: taken },
    lines: describeBackups(taken),
  };
}
