import { MigrationError } from '../../../functions/model/migration-error.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { TABLE_ROLES } from '../../../functions/tables/table-names.ts';
import type { Environment } from '../../environment.ts';

/** Links of a chain of causes that are followed; one may run in a circle. */
const CAUSES_MAX = 5;

/**
 * Does the work, and says which table there is not where it fails for want of one: DynamoDB's own error does not name it.
 *
 * @param after what to run when the table is there again.
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
    if (!isForWantOfTable(error)) throw error;
    const there = await describeTables(client, settings.tables);
    const missing = TABLE_ROLES.filter((role) => there[role]?.status !== 'ACTIVE').map((role) => settings.tables[role]);
    const named = missing.length > 0 ? missing.join(', ') : 'A table, or an index of one,';
    throw new MigrationError('TABLE_MISSING', `${named} did not exist any more while the command ran.`, {
      cause: error,
      nextStep: `See what is missing: kpi-migrate preflight. When it is there again: ${after}`,
    });
  }
}

function isForWantOfTable(error: unknown): boolean {
  let cause = error;
  for (let at = 0; at < CAUSES_MAX && cause instanceof Error; at += 1) {
    if (cause.name === 'ResourceNotFoundException') return true;
    if (cause instanceof MigrationError && cause.kind === 'table-missing') return true;
    cause = cause.cause;
  }
  return false;
}
