import * as z from 'zod';
import { MigrationError } from './model/migration-error.ts';
import { TABLE_ROLES, type TableNames } from './tables/table-names.ts';

const tableNames = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is not JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.enum(TABLE_ROLES), z.string().min(3)));

const schema = z.object({
  TABLE_NAMES: tableNames,
  HELD_RECORDS: z.enum(['hold', 'personal-link']),
  TOKEN_RETENTION_DAYS: z.coerce.number().int().positive(),
  RECORD_CONCURRENCY: z.coerce.number().int().positive(),
});

/** What a replication function is told by its environment. */
export interface FunctionSettings {
  readonly tableNames: TableNames;
  readonly heldRecords: 'hold' | 'personal-link';
  readonly tokenRetentionDays: number;
  readonly recordConcurrency: number;
}

/**
 * Reads the environment variables that infra/stream-sync.ts sets.
 *
 * @throws MigrationError with code FUNCTION_SETTINGS_INVALID and every problem at once.
 */
export function readFunctionSettings(environment: Readonly<Record<string, string | undefined>>): FunctionSettings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    throw new MigrationError('FUNCTION_SETTINGS_INVALID', z.prettifyError(parsed.error), {
      nextStep: 'Deploy the stack again: npx cdk deploy',
    });
  }
  return {
    tableNames: parsed.data.TABLE_NAMES,
    heldRecords: parsed.data.HELD_RECORDS,
    tokenRetentionDays: parsed.data.TOKEN_RETENTION_DAYS,
    recordConcurrency: parsed.data.RECORD_CONCURRENCY,
  };
}
