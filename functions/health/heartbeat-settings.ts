import * as z from 'zod';
import { bySource } from '../migration/sources.ts';
import { parseVariables, tableNames, type Variables } from '../runtime/settings.ts';

const mappingId = (source: string): string => `MAPPING_${source.toUpperCase()}`;
const text = z.string().min(1);

/** The variables that infra/replication-health.ts sets. */
const schema = z.object({
  TABLE_NAMES: tableNames,
  ENVIRONMENT_NAME: text,
  LAG_MAX_SECONDS: z.coerce.number().int().positive(),
  ...Object.fromEntries(Object.values(bySource(mappingId)).map((name) => [name, text])),
});

/** The settings of the heartbeat. @throws MigrationError FUNCTION_SETTINGS_INVALID */
export function readHeartbeatSettings(environment: Variables) {
  const { TABLE_NAMES, ENVIRONMENT_NAME, LAG_MAX_SECONDS } = parseVariables(schema, environment);
  return {
    tableNames: TABLE_NAMES,
    environmentName: ENVIRONMENT_NAME,
    lagMaxMs: LAG_MAX_SECONDS * 1_000,
    mappingIds: bySource((source) => environment[mappingId(source)] ?? ''),
  };
}
