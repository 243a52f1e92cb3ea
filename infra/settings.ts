import * as z from 'zod';
import { type ServiceTable, TABLE_ROLES, TABLES, type TableRole } from '../functions/migration/tables.ts';
import { HELD_RECORDS } from '../functions/model/kpi.ts';
import { MigrationError } from '../functions/model/migration-error.ts';
import { callersSchema } from '../functions/read/http/callers.ts';
import { backfillSettings, landsInTime, SIGNED_SECONDS } from './backfill-settings.ts';
import { didYouMean } from './did-you-mean.ts';
import { type Promotion, promotionOf, promotionSettings } from './promotion-settings.ts';
import { partitionOf } from './regions.ts';
import { alarmsSettings, auditSettings, keysSettings, retentionSettings, stackSettings } from './resource-settings.ts';
import { checkSettings, type LineOf } from './settings-problems.ts';

const tableName = z.string().regex(/^[a-zA-Z0-9_.-]{3,255}$/, {
  error: ({ input }) =>
    String(input).startsWith('arn:')
      ? 'is an ARN: every table is in the account and the region of the environment, so give its name alone (runbook.md, section 1)'
      : 'is no DynamoDB table name',
});
const count = z.number().int().positive();
/** Capacity units a second. Beyond it a ceiling would be none: it is 25 times the quota of a table (DynamoDB quotas). */
const unitsPerSecond = count.max(1_000_000);

const tables = z
  .strictObject(
    Object.fromEntries(TABLE_ROLES.map((role) => [role, tableName.default(TABLES[role].defaultName)])) as Record<
      TableRole,
      z.ZodDefault<typeof tableName>
    >,
  )
  .refine((names) => repeatedIn(names).length === 0, {
    error: ({ input }) => `${repeatedIn(input).join(' and ')} is the name of two tables`,
    // By default what is compared is looked at only once the rest is right: then not every problem is told at once.
    when: ({ value }) => typeof value === 'object' && value !== null,
  });

function repeatedIn(tableNames: unknown): string[] {
  const names = Object.values(tableNames ?? {});
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))];
}

/** The limits of Lambda's event source mapping (Lambda developer guide, "DynamoDB event source mapping parameters"). */
const replication = z.strictObject({
  batchSize: count.max(10_000).default(100),
  batchingWindowSeconds: z.number().int().min(0).max(300).default(1),
  parallelizationFactor: count.max(10).default(1),
  /** -1 retries until the record is too old: what fails for its own reason does not come back, and a dependency may be down for hours. */
  maximumRetryAttempts: z.number().int().min(-1).max(10_000).default(-1),
  /** Lambda would take a week, but a record that the stream has forgotten goes to no on-failure destination. */
  maximumRecordAgeSeconds: z
    .number()
    .int()
    .min(60)
    .lt(86_400, 'must end before the 24 hours of a stream')
    .default(82_800),
  timeoutSeconds: z.number().int().min(120, 'leaves no time for a page of a fan-out').max(900).default(900),
  memoryMegabytes: z.number().int().min(128).max(10_240).default(512),
  /**
   * Concurrency of each replication function that no other function of the account can take; none where absent. It is also
   * the most that the function gets, so it has to cover every shard of the stream, `parallelizationFactor` times (Lambda
   * developer guide, "Configuring reserved concurrency").
   */
  reservedConcurrency: count.max(1_000).optional(),
  /** Records or links that one invocation works on at once. */
  recordConcurrency: count.max(100).default(8),
});

const validation = z
  .strictObject({
    /** Parallel scans a table. */
    segments: count.max(1_000).default(4),
    /** From the first look at a row that differs to the second; the pauses grow from there. */
    pauseSeconds: z.number().positive().default(2),
    /** From the first look to the last: longer than the streams usually lag behind. */
    patienceSeconds: z.number().nonnegative().max(600, 'is more than the standing validation has time for').default(60),
    /** Read units a second that the scans may consume; without it, as many as the tables give. */
    maxReadUnitsPerSecond: unitsPerSecond.optional(),
    /** Parts of the key space that the standing validation takes one after the other. */
    rollingParts: count.max(10_000).default(96),
    /** From one part to the next. */
    rollingEveryMinutes: count.min(15, 'is less than a part may take').max(1_440).default(15),
    /** Read units a second that the standing validation may consume, of all tables together; without it, as many as the tables give. */
    rollingMaxReadUnitsPerSecond: unitsPerSecond.optional(),
    /** Whether a difference that the standing validation proves puts all reads on the old tables. */
    fallbackOnDisagreement: z.boolean().default(false),
  })
  .refine(({ pauseSeconds, patienceSeconds }) => pauseSeconds <= patienceSeconds, {
    path: ['pauseSeconds'],
    error: ({ input }) =>
      `is more than patienceSeconds (${(input as { patienceSeconds: number }).patienceSeconds}), so nothing would be looked at twice`,
  });

/** How a change that widens reads reaches the readers (AppConfig User Guide, "Working with deployment strategies"). */
const widen = z.strictObject({
  deploymentMinutes: z.number().int().min(0).max(1_440).default(10),
  /** Share of the readers that each step adds. */
  growthPercent: z.number().min(1).max(100).default(20),
  /** How long alarms are watched after the last step. */
  bakeMinutes: z.number().int().min(1, 'leaves no time in which an alarm would roll it back').max(1_440).default(10),
});

const readFlag = z.strictObject({
  /** What the gate of the read flag takes for evidence (functions/gate/README.md). */
  reportAgeMaxMinutes: count.max(1_440).default(60),
  lagMaxSeconds: count.max(3_600, 'is so much that the new side could be an hour old').default(60),
  /** Reads a minute in which the new side fails or is too slow, beyond which a rollout is taken back. */
  newSideErrorsMaxPerMinute: z.number().int().min(0).max(10_000).default(10),
  widen: widen.prefault({}),
  /** Concurrency that the gate has for itself, so that a busy account cannot keep AppConfig from asking it; none where absent. */
  gateReservedConcurrency: count.max(10).optional(),
});

/**
 * The reads over HTTP; where nobody may call, there is no API. The most is what API Gateway gives an account: 10,000
 * requests a second and a burst of 5,000 (API Gateway developer guide, "API Gateway quotas").
 */
const readPath = z.strictObject({
  callers: callersSchema.optional(),
  requestsPerSecondMax: count.max(10_000).default(500),
  /** Requests that may come at once beyond that. */
  burstMax: count.max(5_000).default(1_000),
});

const environment = z
  .strictObject({
    account: z
      .string()
      .regex(/^\d{12}$/, 'is no account id of twelve digits')
      .meta({ description: 'the twelve digits of an AWS account, in double quotes' }),
    region: z
      .string()
      .refine((name) => partitionOf(name) !== undefined, 'is no region')
      .meta({ description: 'the name of a region, such as "us-east-1"' }),
    tables: tables.prefault({}),
    heldRecords: z.enum(HELD_RECORDS).default('hold'),
    tokenRetentionDays: count.min(2, 'must outlast the 24 hours of a stream').max(3_650).default(30),
    replication: replication.prefault({}),
    backfill: backfillSettings.prefault({}),
    readFlag: readFlag.prefault({}),
    readPath: readPath.prefault({}),
    alarms: alarmsSettings.prefault({}),
    stack: stackSettings.prefault({}),
    retention: retentionSettings.prefault({}),
    keys: keysSettings.prefault({}),
    audit: auditSettings.prefault({}),
    validation: validation.prefault({}),
    promotion: promotionSettings.prefault({}),
  })
  .refine(({ account, backfill }) => landsInTime(account, backfill.lateWriteSeconds), {
    path: ['backfill', 'lateWriteSeconds'],
    error: `is less than the ${SIGNED_SECONDS} seconds in which AWS takes a signed request`,
  });

/** It is part of the names of stacks (CloudFormation API Reference, CreateStack) and, shorter, of functions and alarms. */
const ENVIRONMENT_NAME = /^[A-Za-z][A-Za-z0-9-]{0,39}$/;

/** What differs between environments: `migration.environments.NAME` in the context of cdk.json. */
export type Settings = Omit<z.infer<typeof environment>, 'promotion'> & {
  readonly name: string;
  readonly promotion: Promotion;
};

/** The customer managed key of a table, where the settings name one. */
export function keyOfTable({ keys: { tables: ofTables, newTables } }: Pick<Settings, 'keys'>, role: TableRole) {
  return TABLES[role].madeBy === 'migration' ? newTables : ofTables[role as ServiceTable];
}

/**
 * Checks the settings of one environment.
 *
 * @param context the whole context object of cdk.json.
 * @param lineOf the line of cdk.json that a path of the context is in, where the file is at hand.
 * @throws MigrationError with code ENVIRONMENT_UNKNOWN, which names those there are, or SETTINGS_INVALID with every problem.
 */
export function parseSettings(context: unknown, name: string, lineOf: LineOf = () => undefined): Settings {
  const environments = environmentsOf(context);
  const known = Object.keys(environments);
  if (!Object.hasOwn(environments, name)) {
    const near = didYouMean(name, known);
    throw new MigrationError('ENVIRONMENT_UNKNOWN', `There is no environment ${name} in cdk.json.${near}`, {
      nextStep: `Choose one of: ${known.join(', ')}.`,
    });
  }
  if (!ENVIRONMENT_NAME.test(name)) {
    throw new MigrationError('SETTINGS_INVALID', `${name} cannot be part of the name of a stack.`, {
      nextStep: 'Rename it in cdk.json: a letter, then up to 39 letters, digits or hyphens.',
    });
  }
  const place = ['migration', 'environments', name];
  const checked = checkSettings(environment, environments[name], (path) => lineOf([...place, ...path]));
  if ('problems' in checked) {
    const lines = checked.problems.map((problem) => `  ${problem}`);
    throw new MigrationError('SETTINGS_INVALID', [`Environment ${name} in cdk.json:`, ...lines].join('\n'), {
      nextStep: `Correct migration.environments.${name} in cdk.json. infra/README.md lists the settings.`,
    });
  }
  return { ...checked.settings, name, promotion: promotionOf(name, checked.settings.promotion, known) };
}

/** `migration.environments` of the context. */
function environmentsOf(context: unknown): Readonly<Record<string, unknown>> {
  const migration = partOf('context', context, 'migration');
  return partOf('context.migration', migration, 'environments');
}

/**
 * An object in an object of cdk.json.
 *
 * @throws MigrationError SETTINGS_INVALID
 */
export function partOf(of: string, whole: unknown, key: string): Readonly<Record<string, unknown>> {
  const isThere = isObject(whole) && Object.hasOwn(whole, key);
  if (isThere && isObject(whole[key])) return whole[key];
  const name = of === '' ? key : `${of}.${key}`;
  const near = isObject(whole) ? didYouMean(key, Object.keys(whole)).replace('Did you mean', 'Is it') : '';
  const what = isThere ? `In cdk.json, ${name} is no object.` : `cdk.json has no ${name}.${near}`;
  throw new MigrationError('SETTINGS_INVALID', what, {
    nextStep: 'Settings are in context.migration.environments: see README.md, "Deploying".',
  });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
