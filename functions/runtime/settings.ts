import * as z from 'zod';
import { TABLE_ROLES } from '../migration/tables.ts';
import { HELD_RECORDS } from '../model/kpi.ts';
import { MigrationError } from '../model/migration-error.ts';
import { describeProblems, reasonOf } from '../model/plain-problems.ts';

/** Environment variables, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** JSON in an environment variable. */
export const jsonVariable = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `is not JSON: ${(error as Error).message}` });
    return z.NEVER;
  }
});

/** Table names by role, as a JSON object in an environment variable. */
export const tableNames = jsonVariable.pipe(z.record(z.enum(TABLE_ROLES), z.string().min(3)));

/** What happens to records whose KPI has no link. */
export const heldRecords = z.enum(HELD_RECORDS);

const count = z.coerce.number().int().positive();

/** The variables that infra/stream-sync.ts sets. */
const replicationSchema = z
  .object({
    TABLE_NAMES: tableNames,
    HELD_RECORDS: heldRecords,
    TOKEN_RETENTION_DAYS: count,
    RECORD_CONCURRENCY: count,
  })
  .transform((variables) => ({
    tableNames: variables.TABLE_NAMES,
    heldRecords: variables.HELD_RECORDS,
    tokenRetentionDays: variables.TOKEN_RETENTION_DAYS,
    recordConcurrency: variables.RECORD_CONCURRENCY,
  }));

/** The settings of a replication function. @throws MigrationError FUNCTION_SETTINGS_INVALID */
export function readFunctionSettings(environment: Variables) {
  return parseVariables(replicationSchema, environment);
}

/** The variables that infra/read-flag.ts sets. */
const gateSchema = z
  .object({
    TABLE_NAMES: tableNames,
    FLAG_ENVIRONMENT_ID: z.string().min(1),
    REPORT_AGE_MAX_SECONDS: count,
    LAG_MAX_SECONDS: count,
  })
  .transform((variables) => ({
    tableNames: variables.TABLE_NAMES,
    environmentId: variables.FLAG_ENVIRONMENT_ID,
    reportAgeMaxMs: variables.REPORT_AGE_MAX_SECONDS * 1_000,
    lagMaxMs: variables.LAG_MAX_SECONDS * 1_000,
  }));

/** The settings of the read flag's gate. @throws MigrationError FUNCTION_SETTINGS_INVALID */
export function readGateSettings(environment: Variables) {
  return parseVariables(gateSchema, environment);
}

/**
 * Parses environment variables.
 *
 * @throws MigrationError FUNCTION_SETTINGS_INVALID with every problem at once.
 */
export function parseVariables<T>(schema: z.ZodType<T>, environment: Variables): T {
  const parsed = schema.safeParse(environment, { error: reasonOf });
  if (parsed.success) return parsed.data;
  throw new MigrationError('FUNCTION_SETTINGS_INVALID', `${describeProblems(parsed.error).join('; ')}.`, {
    nextStep: 'Deploy the stacks again: npx cdk deploy --all',
  });
}
