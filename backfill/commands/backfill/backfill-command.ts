import { REPLICATES_NOTHING } from '../../../functions/health/health.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { type BackfillReport, runBackfill } from '../../copy/backfill.ts';
import { type Plan, planBackfill } from '../../copy/plan.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { leasedCopier } from '../../lease/leased-copier.ts';
import { type CommandResult, EXIT, type ExitCode } from '../../outcome.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { reportReplication } from '../../replication-health.ts';
import { checkTables, requireNoFindings } from '../preflight/preflight.ts';
import { describeBackfill, describeHeld, describePlan } from './describe-backfill.ts';

/** `backfill`: runs the preflight, and then shows the plan or, with `--execute`, copies. */
export async function backfillCommand(
  options: { readonly env: string; readonly phase?: Source; readonly execute?: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  if (options.execute) {
    const report = await executeBackfill(environment, showProgress(), stop, options.phase);
    return { exitCode: exitCodeOf(report), document: report, lines: describeBackfill(report) };
  }
  const plan = await planEnvironment(environment, stop);
  return { exitCode: EXIT.done, document: plan, lines: describePlan(plan, environment.settings.backfill) };
}

/** `held list`: the KPIs whose records wait for a link. It reads as much as a plan. */
export async function heldList({ env }: { readonly env: string }, stop: AbortSignal): Promise<CommandResult> {
  const { heldKpis } = await planEnvironment(await openEnvironment(env, 'read'), stop);
  return { exitCode: EXIT.done, document: { heldKpis }, lines: describeHeld(heldKpis) };
}

async function planEnvironment(environment: Environment, stop: AbortSignal): Promise<Plan> {
  const { settings, tables } = environment;
  return planBackfill({
    old: tables.old,
    heldRecords: settings.heldRecords,
    segments: settings.backfill.segments,
    concurrency: settings.replication.recordConcurrency,
    progress: showProgress(),
    itemCountEstimates: await preflight(environment),
    stop,
  });
}

/** A single phase is done when all of its items are. */
function exitCodeOf({ state, unfinished }: BackfillReport): ExitCode {
  if (state === 'stopped') return EXIT.stopped;
  return unfinished.length > 0 ? EXIT.failed : EXIT.done;
}

/** The preflight, then the backfill. */
export async function executeBackfill(
  environment: Environment,
  progress: Progress,
  stop: AbortSignal,
  phase?: Source,
): Promise<BackfillReport> {
  const itemCountEstimates = await preflight(environment);
  const copier = await leasedCopier(environment);
  await using _ = copier.thread;
  return await runBackfill({ ...copier.options, progress, itemCountEstimates, stop, ...(phase && { phase }) });
}

/** @returns estimates of the number of items in each old table. */
async function preflight(environment: Environment): Promise<Partial<Record<Source, number>>> {
  const { client, settings } = environment;
  const shapes = await describeTables(client, settings.tables);
  requireNoFindings(checkTables(shapes, settings.tables));
  const { health, problems } = await reportReplication(environment, shapes, Date.now());
  // What the service changes during the copy would be lost. Without a heartbeat, preflight alone says so.
  if (health !== undefined) requireNoFindings(problems.filter(({ code }) => REPLICATES_NOTHING.has(code)));
  return Object.fromEntries(SOURCES.map((source) => [source, shapes[OLD_TABLE_OF[source]]?.itemCountEstimate ?? 0]));
}
