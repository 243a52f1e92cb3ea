import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { checkTables, describeFinding } from './preflight.ts';

/** `preflight`: what is missing, with the next step. It reads only the descriptions of the tables. */
export async function preflightCommand({ env }: { readonly env: string }): Promise<CommandResult> {
  const { client, settings } = await openEnvironment(env, 'read');
  const findings = checkTables(await describeTables(client, settings.tables), settings.tables);
  return {
    exitCode: findings.length === 0 ? EXIT.done : EXIT.failed,
    document: { ready: findings.length === 0, findings },
    lines:
      findings.length === 0
        ? [`All ${TABLE_ROLES.length} tables are as the migration needs them. Next: kpi-migrate backfill`]
        : findings.map(describeFinding),
  };
}
