import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { Source } from '../../../functions/model/sources.ts';
import { readRun } from '../../../functions/tables/control/backfill-run-row.ts';
import { UnitPace } from '../../../functions/tables/dynamo/unit-pace.ts';
import { dynamoValidationReads } from '../../../functions/tables/dynamo-validation-reads.ts';
import { longestLagMs } from '../../../functions/tables/replication-lag.ts';
import type { ValidationReads } from '../../../functions/tables/validation-reads.ts';
import { type Validation, validate } from '../../../functions/validation/validate.ts';
import type { Environment } from '../../environment.ts';
import type { Progress } from '../../progress.ts';
import { namingMissingTables } from './missing-tables.ts';

/** How often the scans' state is kept: what an interruption costs at most is what was scanned since. */
const CHECKPOINT_MS = 10_000;

/** Differences after which no more is looked into: more than anyone reads, and than one repair should mend unseen. */
const FINDINGS_MAX = 10_000;

/** A validation of an environment with its settings, the clock and the pace. */
export async function validateEnvironment(
  environment: Environment,
  options: { readonly progress: Progress; readonly stop: AbortSignal; readonly phase?: Source },
): Promise<Validation> {
  const { settings, tables, replication } = environment;
  const { progress, stop, phase } = options;
  const runId = await backfillRunId(environment);
  // Tables that are compared make a verdict when they vanish; without the control table there is no run at all.
  return namingMissingTables(environment, 'kpi-migrate validate', () =>
    validate({
      reads: readsOf(environment),
      control: tables.control,
      transactions: tables.transactions,
      heldRecords: settings.heldRecords,
      backfillRunId: runId,
      segments: settings.validation.segments,
      ...patienceOf(environment),
      checkpointMs: CHECKPOINT_MS,
      progress: { ...progress, begin: (table) => progress.begin(table, 0, undefined) },
      note: progress.note,
      newToken: replication.newToken,
      stop,
      ...(phase !== undefined && { phase }),
    }),
  );
}

/** The run of the backfill that filled the tables; empty where none has begun. */
async function backfillRunId({ tables, settings }: Environment): Promise<string> {
  try {
    return (await readRun(tables.control))?.runId ?? '';
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'ResourceNotFoundException') throw cause;
    throw new MigrationError('CONTROL_TABLE_MISSING', `The control table ${settings.tables.control} does not exist.`, {
      cause,
      nextStep: 'See what is missing: kpi-migrate preflight',
    });
  }
}

/** What the validators read of an environment, not faster than its settings allow. */
export function readsOf({ client, settings }: Environment): ValidationReads {
  const { maxReadUnitsPerSecond } = settings.validation;
  const pace = maxReadUnitsPerSecond === undefined ? undefined : new UnitPace(maxReadUnitsPerSecond, Date.now);
  return dynamoValidationReads(client, settings.tables, async (units) => {
    const waitMs = pace?.take(units) ?? 0;
    if (waitMs > 0) await sleep(waitMs);
  });
}

/** How long differences are watched in an environment. */
export function patienceOf({ settings, tables }: Environment) {
  return {
    pauseMs: settings.validation.pauseSeconds * 1_000,
    patienceMs: settings.validation.patienceSeconds * 1_000,
    findingsMax: FINDINGS_MAX,
    lagMs: () => longestLagMs(tables.control, Date.now()),
    nowMs: Date.now,
    sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
  };
}
