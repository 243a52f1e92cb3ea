import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@aws-lambda-powertools/logger';
import * as z from 'zod';
import { lambdaHandler } from '../runtime/handler.ts';
import { addCounts, functionMetrics } from '../runtime/metrics.ts';
import { heldRecords, parseVariables, tableNames, type Variables } from '../runtime/settings.ts';
import { limitReads } from '../tables/dynamo/read-ceiling.ts';
import { connect, dynamoTables } from '../tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../tables/dynamo-validation-reads.ts';
import { longestLagMs } from '../tables/replication-lag.ts';
import { validatePart } from './rolling.ts';
import { afterPart, countsOf, readRolling, writeRolling } from './rolling-state.ts';

const schema = z.object({
  TABLE_NAMES: tableNames,
  HELD_RECORDS: heldRecords,
  ENVIRONMENT_NAME: z.string().min(1),
  ROLLING_PARTS: z.coerce.number().int().positive(),
  PAUSE_SECONDS: z.coerce.number().positive(),
  PATIENCE_SECONDS: z.coerce.number().nonnegative(),
  MAX_READ_UNITS_PER_SECOND: z.coerce.number().int().positive().optional(),
});

/** Differences after which a part is looked into no further. */
const FINDINGS_MAX = 1_000;

/** Differences that are logged one by one. */
const FINDINGS_LOGGED = 20;

/** Kept back of the time that Lambda gives, to write down where the validation is. */
const RESERVE_MS = 5_000;

/** What the rolling validation tells whoever invokes it by hand. */
export interface RollingResult {
  readonly part: number;
  readonly parts: number;
  readonly kpis: number;
  readonly rowsCompared: number;
  readonly rowsDiffering: number;
  readonly rowsInFlight: number;
  /** False where time ran out: the next invocation continues this part. */
  readonly isDone: boolean;
}

/**
 * The Lambda handler of the standing validation: one part of the key space an invocation, the next one at the next. Differences are
 * logged and counted as metrics; an alarm stands on these, so that a difference is no error of the function. Where a part differs
 * `onDisagreement` is called before the part is written down, so that it is called again, with the same part, should it fail.
 *
 * Variables: TABLE_NAMES, HELD_RECORDS, ENVIRONMENT_NAME, ROLLING_PARTS, PAUSE_SECONDS, PATIENCE_SECONDS, and MAX_READ_UNITS_PER_SECOND
 * where its reads of all tables together have a ceiling. Where Lambda's time runs out, the next invocation continues the same part.
 *
 * @throws MigrationError FUNCTION_SETTINGS_INVALID with every problem at once.
 */
export function rollingHandler(environment: Variables, onDisagreement: () => Promise<unknown> = async () => {}) {
  const settings = parseVariables(schema, environment);
  const logger = new Logger({ serviceName: 'validate-rolling' });
  const metrics = functionMetrics(settings.ENVIRONMENT_NAME);
  const client = connect();
  let stop = new AbortController().signal;
  const pause = (ms: number) => sleep(ms, undefined, { signal: stop });
  const unitsPerSecond = settings.MAX_READ_UNITS_PER_SECOND;
  if (unitsPerSecond !== undefined) limitReads(client, { unitsPerSecond, nowMs: Date.now, sleep: pause });
  const { control } = dynamoTables(client, settings.TABLE_NAMES);
  const reads = dynamoValidationReads(client, settings.TABLE_NAMES, async () => {});

  return lambdaHandler({
    logger,
    metrics,
    parse: () => undefined,
    call: async (_event, context) => {
      const now = () => new Date().toISOString();
      const state = await readRolling(control, settings.ROLLING_PARTS, now());
      stop = AbortSignal.timeout(Math.max(1, context.getRemainingTimeInMillis() - RESERVE_MS));
      const report = await validatePart({
        reads,
        heldRecords: settings.HELD_RECORDS,
        part: state.next,
        parts: state.parts,
        pauseMs: settings.PAUSE_SECONDS * 1_000,
        patienceMs: settings.PATIENCE_SECONDS * 1_000,
        findingsMax: FINDINGS_MAX,
        lagMs: () => longestLagMs(control, Date.now()),
        nowMs: Date.now,
        sleep: pause,
        stop,
        ...(state.position && { from: state.position }),
      });
      for (const { table, id, kind, differences } of report.proven.slice(0, FINDINGS_LOGGED)) {
        logger.error('A row differs', { table, id, kind, attributes: differences.map(({ attribute }) => attribute) });
      }
      for (const { name, code } of report.unexamined.slice(0, FINDINGS_LOGGED)) {
        logger.error('An item could not be examined', { name, code });
      }
      addCounts(metrics.addMetadata('part', String(report.part)), countsOf(report));
      // Not left to the handler's end: falling back may take longer than Lambda gives.
      metrics.publishStoredMetrics();
      if (report.proven.length > 0) await onDisagreement();
      await writeRolling(control, afterPart(state, report, now()));
      return report;
    },
    map: (report): RollingResult => ({
      part: report.part,
      parts: report.parts,
      kpis: report.kpis,
      rowsCompared: report.rowsCompared,
      rowsDiffering: report.proven.length,
      rowsInFlight: report.inFlight.length,
      isDone: report.position === undefined,
    }),
  });
}
