import { setTimeout as sleep } from 'node:timers/promises';
import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { dynamoBackups } from '../../../functions/tables/dynamo/backups.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeBackups } from './describe-backups.ts';
import { takeBackups } from './take-backups.ts';

/** `backup`: backs up every table of the environment, and waits until all backups can be restored. */
export async function backupCommand({ env }: { readonly env: string }, stop: AbortSignal): Promise<CommandResult> {
  const { client, settings } = await openEnvironment(env, 'read');
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
