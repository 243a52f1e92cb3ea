import { REPLICATES_NOTHING } from '../../../functions/health/health.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { own } from '../../../functions/model/own.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { operatorOf } from '../../account/operator.ts';
import { type BackfillReport, runBackfill } from '../../copy/backfill.ts';
import { type Plan, planBackfill } from '../../copy/plan.ts';
import { PASSES } from '../../copy/run-state.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { leasedCopier } from '../../lease/leased-copier.ts';
import { nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT, type ExitCode } from '../../outcome.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { reportReplication } from '../../replication-health.ts';
import { checkKeys } from '../preflight/check-keys.ts';
import { checkTables, requireNoFindings } from '../preflight/preflight.ts';
import { type PromotionOptions, requirePromotion } from '../promotion/require-promotion.ts';
import { describeBackfill, describeHeld, describePlan } from './describe-backfill.ts';

/** `backfill`: runs the preflight, and then shows the plan or, with `--execute`, copies. */
export async function backfillCommand(
  options: { readonly env: string; readonly phase?: Source; readonly execute?: boolean } & PromotionOptions,
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  if (options.execute) {
    const { settings, tables } = environment;
    await requirePromotion(tables.control, settings, 'backfill', options, {
      by: operatorOf(environment.caller),
      nowMs: Date.now(),
    });
    const report = await executeBackfill(environment, showProgress(), stop, options.phase);
    return { exitCode: exitCodeOf(report), document: report, lines: describeBackfill(report, environment.settings) };
  }
  return { ...(await planOf(environment, stop)), next: 'execute' };
}

/** `plan`: what a backfill would write. */
export async function planCommand({ env }: { readonly env: string }, stop: AbortSignal): Promise<CommandResult> {
  const next = nextStep(env, ['backfill', '--execute'], 'nothing was written; this copies history');
  return { ...(await planOf(await openEnvironment(env, 'read'), stop)), next };
}

async function planOf(environment: Environment, stop: AbortSignal): Promise<CommandResult> {
  const plan = await planEnvironment(environment, stop);
  // `held list` names them.
  const { heldRecords: _, ...document } = plan;
  return { exitCode: EXIT.done, document, lines: describePlan(plan, environment.settings) };
}

/** `held list`: the records that wait for a link, and their KPIs. It reads as much as a plan. */
export async function heldList({ env }: { readonly env: string }, stop: AbortSignal): Promise<CommandResult> {
  const environment = await openEnvironment(env, 'read');
  const plan = await planEnvironment(environment, stop);
  const { tables } = environment.settings;
  const records = plan.heldRecords.map((record) => ({ ...record, table: tables[OLD_TABLE_OF[record.source]] }));
  return { exitCode: EXIT.done, document: { heldKpis: plan.heldKpis, records }, lines: describeHeld(plan) };
}

async function planEnvironment(environment: Environment, stop: AbortSignal): Promise<Plan> {
  const { settings, tables } = environment;
  const progress = showProgress();
  const itemCountEstimates = await preflight(environment);
  progress.expect?.(SOURCES.map((name) => ({ name, total: itemCountEstimates[name] })));
  return planBackfill({
    old: tables.old,
    heldRecords: settings.heldRecords,
    segments: settings.backfill.segments,
    concurrency: settings.replication.recordConcurrency,
    progress,
    itemCountEstimates,
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
  const passes = phase ? [phase] : PASSES;
  progress.expect?.(passes.map((name) => ({ name, total: own(itemCountEstimates, name) })));
  const copier = await leasedCopier(environment);
  await using _ = copier.thread;
  return await runBackfill({ ...copier.options, progress, itemCountEstimates, stop, ...(phase && { phase }) });
}

/** @returns estimates of the number of items in each old table. */
async function preflight(environment: Environment): Promise<Partial<Record<Source, number>>> {
  const { client, settings } = environment;
  const shapes = await describeTables(client, settings.tables);
  requireNoFindings([...checkTables(shapes, settings.tables), ...checkKeys(shapes, settings)]);
  const { health, problems } = await reportReplication(environment, shapes, Date.now());
  // What the service changes during the copy would be lost. Without a heartbeat, preflight alone says so.
  if (health !== undefined) requireNoFindings(problems.filter(({ code }) => REPLICATES_NOTHING.has(code)));
  return Object.fromEntries(SOURCES.map((source) => [source, shapes[OLD_TABLE_OF[source]]?.itemCountEstimate ?? 0]));
}
