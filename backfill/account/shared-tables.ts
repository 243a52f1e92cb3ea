import { LOOK_UP_TABLE_OF, TABLE_ROLES, type TableRole } from '../../functions/migration/tables.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import { parseSettings, type Settings } from '../../infra/settings.ts';
import { ENGINE_ACCOUNT } from './which-account.ts';

/** Tables that one migration reads beside another without harm. */
const READ_ONLY: ReadonlySet<TableRole> = new Set(Object.values(LOOK_UP_TABLE_OF));

/**
 * Refuses an environment that shares tables with another one. By default all environments have the same table names, so
 * only the account and the region keep them apart: two in one account would write the same rows, and read the same streams.
 * Engines are apart whatever they are called: each is a cloud of its own.
 *
 * @param context the whole context object of cdk.json.
 * @throws MigrationError SETTINGS_INVALID
 */
export function requireOwnTables(context: unknown, settings: Settings): void {
  if (settings.account === ENGINE_ACCOUNT) return;
  const { environments } = (context as { migration: { environments: object } }).migration;
  const shared = Object.keys(environments).flatMap((name) => {
    const other = name === settings.name ? undefined : parsed(context, name);
    if (other?.account !== settings.account || other.region !== settings.region) return [];
    const taken = new Set(namesOf(other));
    const tables = namesOf(settings).filter((table) => taken.has(table));
    return tables.length === 0 ? [] : [`${name} has ${tables.join(', ')}`];
  });
  if (shared.length === 0) return;
  throw new MigrationError(
    'SETTINGS_INVALID',
    `Environment ${settings.name} shares tables with others in account ${settings.account}, region ${settings.region}: ${shared.join('; ')}.`,
    { nextStep: `Name tables of its own in cdk.json: migration.environments.${settings.name}.tables.` },
  );
}

/** Undefined if it is not valid: that environment is not the one in use. */
function parsed(context: unknown, name: string): Settings | undefined {
  try {
    return parseSettings(context, name);
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}

function namesOf({ tables }: Settings): string[] {
  return TABLE_ROLES.filter((role) => !READ_ONLY.has(role)).map((role) => tables[role]);
}
