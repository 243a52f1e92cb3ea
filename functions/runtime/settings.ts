import * as z from 'zod';
import { MigrationError } from '../model/migration-error.ts';
import { HELD_RECORDS, type HeldRecords } from '../model/sources.ts';
import { TABLE_ROLES, type TableNames } from '../tables/table-names.ts';

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

const replicationSchema = z.object({
  TABLE_NAMES: tableNames,
  HELD_RECORDS: heldRecords,
  TOKEN_RETENTION_DAYS: z.coerce.number().int().positive(),
  RECORD_CONCURRENCY: z.coerce.number().int().positive(),
});

const gateSchema = z.object({
  TABLE_NAMES: tableNames,
  FLAG_ENVIRONMENT_ID: z.string().min(1),
  REPORT_AGE_MAX_SECONDS: z.coerce.number().int().positive(),
  LAG_MAX_SECONDS: z.coerce.number().int().positive(),
});

/** Environment variables, as in `process.env`. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** The settings of a replication function. */
export interface FunctionSettings {
  readonly tableNames: TableNames;
  readonly heldRecords: HeldRecords;
  readonly tokenRetentionDays: number;
  readonly recordConcurrency: number;
}

/**
 * Reads the environment variables that infra/stream-sync.ts sets.
 *
 * @throws MigrationError with code FUNCTION_SETTINGS_INVALID and every problem at once.
 */
export function readFunctionSettings(environment: Variables): FunctionSettings {
  const variables = parseVariables(replicationSchema, environment);
  return {
    tableNames: variables.TABLE_NAMES,
    heldRecords: variables.HELD_RECORDS,
    tokenRetentionDays: variables.TOKEN_RETENTION_DAYS,
    recordConcurrency: variables.RECORD_CONCURRENCY,
  };
}

/** The settings of the read flag's gate. */
export interface GateSettings {
  readonly tableNames: TableNames;
  /** AppConfig's id of the flag's environment. */
  readonly environmentId: string;
  readonly reportAgeMaxMs: number;
  readonly lagMaxMs: number;
}

/**
 * Reads the environment variables that infra/read-flag.ts sets.
 *
 * @throws MigrationError with code FUNCTION_SETTINGS_INVALID and every problem at once.
 */
export function readGateSettings(environment: Variables): GateSettings {
  const variables = parseVariables(gateSchema, environment);
  return {
    tableNames: variables.TABLE_NAMES,
    environmentId: variables.FLAG_ENVIRONMENT_ID,
    reportAgeMaxMs: variables.REPORT_AGE_MAX_SECONDS * 1_000,
    lagMaxMs: variables.LAG_MAX_SECONDS * 1_000,
  };
}

/**
 * Parses environment variables by a schema.
 *
 * @throws MigrationError with code FUNCTION_SETTINGS_INVALID and every problem at once.
 */
export function parseVariables<T>(schema: z.ZodType<T>, environment: Variables): T {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  throw new MigrationError('FUNCTION_SETTINGS_INVALID', z.prettifyError(parsed.error), {
    nextStep: 'Deploy the stack again: npx cdk deploy',
  });
}
