import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { heldRecords, jsonVariable, parseVariables, tableNames, type Variables } from '../../runtime/settings.ts';
import { ROUTER_DEFAULTS } from '../router.ts';
import { callersSchema } from './callers.ts';

const share = z.coerce.number().min(0).max(1);

const schema = z.object({
  TABLE_NAMES: tableNames,
  HELD_RECORDS: heldRecords,
  ENVIRONMENT_NAME: z.string().min(1),
  FLAG_APPLICATION: z.string().min(1),
  FLAG_ENVIRONMENT: z.string().min(1),
  FLAG_PROFILE: z.string().min(1),
  FLAG_WAIT_MAX_MS: z.coerce.number().int().min(0).default(1_000),
  FORCE_OLD_READS: z.enum(['true', 'false']).default('false'),
  READ_CALLERS: jsonVariable.pipe(callersSchema),
  NEW_DEADLINE_MS: z.coerce.number().int().positive().default(ROUTER_DEFAULTS.newDeadlineMs),
  SHADOW_SHARE: share.default(ROUTER_DEFAULTS.shadowShare),
  SAMPLE_SHARE: share.default(ROUTER_DEFAULTS.sampleShare),
});

/**
 * Reads the environment variables of the read function (functions/read/README.md).
 *
 * @throws MigrationError FUNCTION_SETTINGS_INVALID with every problem at once.
 */
export function readReadSettings(environment: Variables) {
  const data = parseVariables(schema, { ...environment, READ_CALLERS: callersOf(environment) });
  return {
    tableNames: data.TABLE_NAMES,
    heldRecords: data.HELD_RECORDS,
    environmentName: data.ENVIRONMENT_NAME,
    callers: data.READ_CALLERS,
    flag: {
      application: data.FLAG_APPLICATION,
      environment: data.FLAG_ENVIRONMENT,
      profile: data.FLAG_PROFILE,
      waitMaxMs: data.FLAG_WAIT_MAX_MS,
      forceOld: data.FORCE_OLD_READS === 'true',
    },
    router: {
      ...ROUTER_DEFAULTS,
      newDeadlineMs: data.NEW_DEADLINE_MS,
      shadowShare: data.SHADOW_SHARE,
      sampleShare: data.SAMPLE_SHARE,
    },
  };
}

/**
 * The callers as JSON: a variable, or a file of the function's own code. All variables of a function together take 4 KB
 * (Lambda developer guide, "Lambda quotas"), which a list of tenants soon exceeds. Lambda says where the code is (same
 * guide, "Defined runtime environment variables").
 */
function callersOf({ READ_CALLERS, READ_CALLERS_FILE, LAMBDA_TASK_ROOT = '' }: Variables): string | undefined {
  if (READ_CALLERS_FILE === undefined) return READ_CALLERS;
  return readFileSync(resolve(LAMBDA_TASK_ROOT, READ_CALLERS_FILE), 'utf8');
}
