import { setTimeout as sleep } from 'node:timers/promises';
import { RECORD_SOURCES, type Source } from '../../../functions/migration/sources.ts';
import {
  LOOK_UP_TABLE_OF,
  NEW_DATA,
  NEW_LINKS,
  OLD_TABLE_OF,
  type TableRole,
} from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { dynamoValidationReads } from '../../../functions/tables/dynamo-validation-reads.ts';
import { longestLagMs } from '../../../functions/tables/replication-lag.ts';
import type { ValidationReads } from '../../../functions/tables/validation-reads.ts';
import { type Validation, validate } from '../../../functions/validation/validate.ts';
import { type Environment, paceOf } from '../../environment.ts';
import { expectTables } from '../../expect-tables.ts';
import type { Progress } from '../../progress.ts';
import { namingMissingTables } from './missing-tables.ts';

/** How often the scans' state is kept: what an interruption costs at most is what was scanned since. */
const CHECKPOINT_MS = 10_000;

/** Differences after which no more is looked into: more than anyone reads, and than one repair should mend unseen. */
const FINDINGS_MAX = 10_000;

/** The tables that a whole validation scans, in order (functions/validation/scan-sides.ts). */
const SCANNED: readonly TableRole[] = [
  LOOK_UP_TABLE_OF.kpi,
  LOOK_UP_TABLE_OF.person,
  OLD_TABLE_OF.links,
  NEW_LINKS,
  ...RECORD_SOURCES.map((source) => OLD_TABLE_OF[source]),
  NEW_DATA,
];

/** A validation of an environment with its settings, the clock and the pace. */
export async function validateEnvironment(
  environment: Environment,
  options: { readonly progress: Progress; readonly stop: AbortSignal; readonly phase?: Source },
): Promise<Validation> {
  const { settings, tables, replication } = environment;
  const { progress, stop, phase } = options;
  const runId = await backfillRunId(environment);
  if (phase === undefined) await expectTables(environment, progress, SCANNED);
  // If a compared table vanishes, the verdict says so. Without the control table there is no run at all.
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
  return dynamoValidationReads(client, settings.tables, paceOf(settings.validation.maxReadUnitsPerSecond));
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
