import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import type { Environment } from '../../environment.ts';

/** How far a chain of causes is followed: it may be circular. */
const CAUSES_MAX = 5;

/**
 * Does the work. If it fails because a table is missing, the error names the table, which DynamoDB's own does not.
 *
 * @param after what to run when the table exists again.
 * @throws MigrationError `TABLE_MISSING`; any other error as it is.
 */
export async function namingMissingTables<T>(
  { client, settings }: Pick<Environment, 'client' | 'settings'>,
  after: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isForMissingTable(error)) throw error;
    const there = await describeTables(client, settings.tables);
    const missing = TABLE_ROLES.filter((role) => there[role]?.status !== 'ACTIVE').map((role) => settings.tables[role]);
    const named = missing.length > 0 ? missing.join(', ') : 'A table, or an index of one,';
    throw new MigrationError('TABLE_MISSING', `${named} was missing while the command ran.`, {
      cause: error,
      nextStep: `See what is missing: kpi-migrate preflight. When it exists again: ${after}`,
    });
  }
}

function isForMissingTable(error: unknown): boolean {
  let cause = error;
  for (let at = 0; at < CAUSES_MAX && cause instanceof Error; at += 1) {
    if (cause.name === 'ResourceNotFoundException') return true;
    if (cause instanceof MigrationError && cause.kind === 'table-missing') return true;
    cause = cause.cause;
  }
  return false;
}
