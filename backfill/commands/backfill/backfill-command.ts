import { setTimeout as sleep } from 'node:timers/promises';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableRole } from '../../../functions/migration/tables.ts';
import { describeTables, type TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { UnitPace } from '../../../functions/tables/dynamo/unit-pace.ts';
import { type BackfillReport, runBackfill } from '../../copy/backfill.ts';
import { type Plan, planBackfill } from '../../copy/plan.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { operatorLease } from '../../lease/operator-lease.ts';
import { type CommandResult, EXIT, type ExitCode } from '../../outcome.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { checkTables, requireNoFindings } from '../preflight/preflight.ts';
import { describeBackfill, describeHeld, describePlan } from './describe-backfill.ts';

/** `backfill`: the preflight, and then the plan or, with `--execute`, the copy. */
export async function backfillCommand(
  options: { readonly env: string; readonly phase?: Source; readonly execute: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env);
  const progress = showProgress(process.stderr, Date.now);
  if (options.execute) {
    const report = await executeBackfill(environment, progress, stop, options.phase);
    return { exitCode: exitCodeOf(report), document: report, lines: describeBackfill(report) };
  }
  const plan = await planOf(environment, progress, stop);
  return { exitCode: EXIT.done, document: plan, lines: describePlan(plan, environment.settings.backfill) };
}

/** `held list`: the KPIs whose records wait for a link. Reads as much as a plan. */
export async function heldList(environmentName: string, stop: AbortSignal): Promise<CommandResult> {
  const environment = await openEnvironment(environmentName);
  const { heldKpis } = await planOf(environment, showProgress(process.stderr, Date.now), stop);
  return { exitCode: EXIT.done, document: { heldKpis }, lines: describeHeld(heldKpis) };
}

/** Preflight and plan of an environment. */
async function planOf(environment: Environment, progress: Progress, stop: AbortSignal): Promise<Plan> {
  const { settings, tables } = environment;
  const shapes = await preflighted(environment);
  return planBackfill({
    old: tables.old,
    heldRecords: settings.heldRecords,
    segments: settings.backfill.segments,
    concurrency: settings.replication.recordConcurrency,
    progress,
    itemCountEstimates: estimatesOf(shapes),
    stop,
  });
}

/** A phase alone is done when all of its items are. */
function exitCodeOf({ state, unfinished }: BackfillReport): ExitCode {
  if (state === 'stopped') return EXIT.stopped;
  return unfinished.length > 0 ? EXIT.failed : EXIT.done;
}

/** Preflight and backfill of an environment, with the clock, the pace and the name of this process. */
export async function executeBackfill(
  environment: Environment,
  progress: Progress,
  stop: AbortSignal,
  phase?: Source,
): Promise<BackfillReport> {
  const { settings, tables, replication } = environment;
  const shapes = await preflighted(environment);
  const { segments, maxWriteUnitsPerSecond } = settings.backfill;
  const pace = maxWriteUnitsPerSecond === undefined ? undefined : new UnitPace(maxWriteUnitsPerSecond, Date.now);
  const lease = await operatorLease(environment);
  await using _ = lease.thread;
  return await runBackfill({
    ...lease.options,
    replication,
    data: tables.data,
    segments,
    pace: async (writeUnits) => {
      const waitMs = pace?.take(writeUnits) ?? 0;
      if (waitMs > 0) await sleep(waitMs);
    },
    progress,
    itemCountEstimates: estimatesOf(shapes),
    stop,
    ...(phase && { phase }),
  });
}

async function preflighted({ client, settings }: Environment): Promise<Partial<Record<TableRole, TableShape>>> {
  const shapes = await describeTables(client, settings.tables);
  requireNoFindings(checkTables(shapes, settings.tables));
  return shapes;
}

function estimatesOf(shapes: Partial<Record<TableRole, TableShape>>): Partial<Record<Source, number>> {
  return Object.fromEntries(SOURCES.map((source) => [source, shapes[OLD_TABLE_OF[source]]?.itemCountEstimate ?? 0]));
}
