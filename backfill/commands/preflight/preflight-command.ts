import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describeReplication, reportReplication } from '../../replication-health.ts';
import { reportCapacity } from './capacity-report.ts';
import { checkKeys } from './check-keys.ts';
import { capacityWarnings, describeCapacity, notChecked } from './describe-capacity.ts';
import { checkTables, describeFinding } from './preflight.ts';

/**
 * `preflight`: what is missing, with the next step. It reads the descriptions of the tables and the heartbeat, and how the
 * tables of the service were used.
 */
export async function preflightCommand({ env }: { readonly env: string }): Promise<CommandResult> {
  const environment = await openEnvironment(env, 'read');
  const { client, settings } = environment;
  const shapes = await describeTables(client, settings.tables);
  const tables = [...checkTables(shapes, settings.tables), ...checkKeys(shapes, settings)];
  const nowMs = Date.now();
  const [capacity, replication] = await Promise.all([
    reportCapacity(environment, shapes, nowMs),
    // Without its table there is nothing to read, and the table is a finding.
    shapes.control === undefined ? undefined : reportReplication(environment, shapes, nowMs),
  ]);
  const findings = [...tables, ...(replication?.problems ?? [])];
  const unchecked = notChecked(capacity);
  const isReady = findings.length === 0;
  const but = unchecked.length > 0 ? ', but not everything about their use was checked' : '';
  return {
    exitCode: isReady ? EXIT.done : EXIT.failed,
    document: {
      ready: isReady,
      findings,
      capacity,
      warnings: capacityWarnings(capacity),
      notChecked: unchecked,
      ...(replication && { replication }),
    },
    lines: [
      ...tables.map(describeFinding),
      ...describeCapacity(capacity),
      ...(replication ? describeReplication(replication) : []),
      ...(isReady ? [`All ${TABLE_ROLES.length} tables are as the migration needs them${but}.`] : []),
    ],
  };
}
