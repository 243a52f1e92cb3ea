import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import type { Settings } from '../../../infra/settings.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeCapacity, readCeilings } from '../../read-ceilings.ts';
import { describeReplication, reportReplication } from '../../replication-health.ts';
import { checkKeys } from './check-keys.ts';
import { checkTables, describeFinding } from './preflight.ts';

/** `preflight`: what is missing, with the next step. It reads the descriptions of the tables, and the heartbeat. */
export async function preflightCommand({ env }: { readonly env: string }): Promise<CommandResult> {
  const environment = await openEnvironment(env, 'read');
  const { client, settings } = environment;
  const shapes = await describeTables(client, settings.tables);
  const tables = [...checkTables(shapes, settings.tables), ...checkKeys(shapes, settings)];
  // Without its table there is nothing to read, and the table is a finding.
  const replication =
    shapes.control === undefined ? undefined : await reportReplication(environment, shapes, Date.now());
  const findings = [...tables, ...(replication?.problems ?? [])];
  const isReady = findings.length === 0;
  return {
    exitCode: isReady ? EXIT.done : EXIT.failed,
    document: { ready: isReady, findings, capacity: capacityOf(shapes, settings), ...(replication && { replication }) },
    lines: [
      ...tables.map(describeFinding),
      ...describeCapacity(shapes, settings),
      ...(replication ? describeReplication(replication) : []),
      ...(isReady ? [`All ${TABLE_ROLES.length} tables are as the migration needs them.`] : []),
    ],
  };
}

/** How each table of the service is billed, and what a command takes of it at most, in read units a second. */
function capacityOf(shapes: Awaited<ReturnType<typeof describeTables>>, settings: Settings) {
  return [...readCeilings(shapes, settings)].map(([role, ceiling]) => ({
    table: settings.tables[role],
    billing: shapes[role]?.billing,
    readUnitsPerSecond: shapes[role]?.readUnitsPerSecond,
    ceiling,
  }));
}
