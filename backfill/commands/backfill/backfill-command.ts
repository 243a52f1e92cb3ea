import { REPLICATES_NOTHING } from '../../../functions/health/health.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { own } from '../../../functions/model/own.ts';
import { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import { commandLine } from '../../../infra/package-layout.ts';
import { operatorOf } from '../../account/operator.ts';
import type { HOSTS } from '../../command-options.ts';
import { type BackfillReport, runBackfill } from '../../copy/backfill.ts';
import { type Plan, planBackfill } from '../../copy/plan.ts';
import { PASSES } from '../../copy/run-state.ts';
import type { SteeringOptions } from '../../copy/steered-run.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { nextStep, withPasteableCommands } from '../../next-step.ts';
import { type CommandResult, EXIT, type ExitCode } from '../../outcome.ts';
import { requirePrice } from '../../prices.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { reportReplication } from '../../replication-health.ts';
import { steeredCopier } from '../../steered-copier.ts';
import { checkKeys } from '../preflight/check-keys.ts';
import { checkTables, requireNoFindings } from '../preflight/preflight.ts';
import { type PromotionOptions, requirePromotion } from '../promotion/require-promotion.ts';
import { describeBackfill, describeHeld, describePlan } from './describe-backfill.ts';
import { describeBudgetOfPlan, nextAtBudget } from './describe-spent.ts';
import {
  requireWorkflow,
  runningWorkflow,
  runOnWorkflow,
  stopWorkflow,
  type WorkflowReport,
  workflowInputOf,
} from './workflow.ts';

type Budget = NonNullable<SteeringOptions['budget']>;

type BackfillCommandOptions = {
  readonly env: string;
  readonly phase?: Source;
  readonly on?: (typeof HOSTS)[number];
  readonly stop?: boolean;
  readonly execute?: boolean;
  readonly budgetUsd?: number;
  readonly reason?: string;
} & PromotionOptions;

/** `backfill`: runs the preflight, and then shows the plan or, with `--execute`, copies. */
export async function backfillCommand(options: BackfillCommandOptions, stop: AbortSignal): Promise<CommandResult> {
  requireFitting(options);
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  if (options.on === 'workflow') requireWorkflow(environment.settings);
  if (options.stop) return stopCommand(environment, options.execute === true);
  const { phase, budgetUsd = environment.settings.backfill.budgetUsd } = options;
  requirePrice(environment.settings, budgetUsd);
  if (options.execute) {
    const { settings, tables } = environment;
    await requirePromotion(tables.control, settings, 'backfill', options, {
      by: operatorOf(environment.caller),
      nowMs: Date.now(),
    });
    const budget = budgetOf(environment, options);
    if (options.on === 'workflow') return workflowCommand(environment, showProgress(), stop, budget);
    const bounds = { ...(phase && { phase }), ...(budget && { budget }) };
    const report = await executeBackfill(environment, showProgress(), stop, bounds);
    const lines = describeBackfill(report, settings);
    const next = nextAtBudget(options.env, report, phase ? ['--phase', phase] : []);
    return { exitCode: exitCodeOf(report), document: report, lines, ...(next && { next }) };
  }
  return { ...(await planOf(environment, stop, budgetUsd)), next: 'execute' };
}

/** A workflow runs all passes, and only a workflow is stopped from another terminal. */
function requireFitting({ on, phase, stop }: BackfillCommandOptions): void {
  const problem =
    (on === 'workflow' && phase !== undefined && '--phase is not for --on workflow, which runs all passes.') ||
    (on !== 'workflow' && stop && '--stop is for --on workflow. A backfill in a terminal stops with Ctrl-C there.');
  if (problem) {
    throw new MigrationError('SETTINGS_WORKFLOW', problem, { nextStep: `Run ${commandLine('backfill --help')}` });
  }
}

/** Starts the workflow and watches it. Ctrl-C ends the watching alone. */
async function workflowCommand(
  environment: Environment,
  progress: Progress,
  stop: AbortSignal,
  budget: Budget | undefined,
): Promise<CommandResult> {
  const { settings } = environment;
  const { itemCountEstimates, shapes } = await preflight(environment);
  progress.expect?.(PASSES.map((name) => ({ name, total: own(itemCountEstimates, name) })));
  const input = workflowInputOf(settings, shapes, budget);
  const report = await runOnWorkflow(environment, input, { progress, itemCountEstimates, stop });
  return resultOf(report, settings);
}

async function stopCommand(environment: Environment, isExecuted: boolean): Promise<CommandResult> {
  if (isExecuted) {
    const note = (message: string): boolean => process.stderr.write(`${message}\n`);
    const report = await stopWorkflow(environment, note);
    return { ...resultOf(report, environment.settings), exitCode: EXIT.done };
  }
  const execution = await runningWorkflow(environment);
  if (execution === undefined) return resultOf({ state: 'none' }, environment.settings);
  const lines = [`The workflow ${execution} is running. --execute ends it after the pages in hand.`];
  return { exitCode: EXIT.done, document: { state: 'running', execution }, lines, next: 'execute' };
}

function resultOf(report: WorkflowReport, settings: Environment['settings']): CommandResult {
  switch (report.state) {
    case 'none':
      return { exitCode: EXIT.done, document: report, lines: ['No workflow is running.'] };
    case 'running': {
      const watch = ['backfill', '--execute', '--on', 'workflow'];
      const lines = [
        `The workflow ${report.execution} continues without this command.`,
        `To stop it: ${nextStep(settings.name, [...watch, '--stop'], '').command}`,
      ];
      return {
        exitCode: EXIT.stopped,
        document: report,
        lines,
        next: nextStep(settings.name, watch, 'this watches it again'),
      };
    }
    default: {
      const next = nextAtBudget(settings.name, report, ['--on', 'workflow']);
      const lines = describeBackfill(report, settings);
      return { exitCode: exitCodeOf(report), document: report, lines, ...(next && { next }) };
    }
  }
}

/** `plan`: what a backfill would write. */
export async function planCommand({ env }: { readonly env: string }, stop: AbortSignal): Promise<CommandResult> {
  const next = nextStep(env, ['backfill', '--execute'], 'nothing was written; this copies history');
  const environment = await openEnvironment(env, 'read');
  return { ...(await planOf(environment, stop, environment.settings.backfill.budgetUsd)), next };
}

async function planOf(environment: Environment, stop: AbortSignal, budgetUsd?: number): Promise<CommandResult> {
  const plan = await planEnvironment(environment, stop);
  // `held list` names them.
  const { heldRecords: _, ...document } = plan;
  const { settings } = environment;
  const lines = [...describePlan(plan, settings), ...describeBudgetOfPlan(plan.dataWriteUnits, budgetUsd, settings)];
  return { exitCode: EXIT.done, document, lines };
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
  const { itemCountEstimates } = await preflight(environment);
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

/** A budget of this command line, which holds for the run until another one is set. */
function budgetOf({ caller }: Environment, { budgetUsd: value, reason }: BackfillCommandOptions): Budget | undefined {
  return value === undefined ? undefined : { value, by: operatorOf(caller), ...(reason !== undefined && { reason }) };
}

/** The preflight, then the backfill. */
export async function executeBackfill(
  environment: Environment,
  progress: Progress,
  stop: AbortSignal,
  { phase, budget }: { readonly phase?: Source; readonly budget?: Budget } = {},
): Promise<BackfillReport> {
  const { itemCountEstimates } = await preflight(environment);
  const passes = phase ? [phase] : PASSES;
  progress.expect?.(passes.map((name) => ({ name, total: own(itemCountEstimates, name) })));
  const copier = await steeredCopier(environment);
  await using _ = copier.thread;
  const { name } = environment.settings;
  const note = (message: string): void => progress.note(withPasteableCommands(message, name));
  return await runBackfill({
    ...copier.options,
    steering: { ...copier.options.steering, ...(budget && { budget }) },
    progress: { ...progress, note },
    itemCountEstimates,
    stop,
    ...(phase && { phase }),
  });
}

/** @returns the tables as they are, and estimates of the number of items in each old one. */
async function preflight(environment: Environment) {
  const { client, settings } = environment;
  const shapes = await describeTables(client, settings.tables);
  requireNoFindings([...checkTables(shapes, settings.tables), ...checkKeys(shapes, settings)]);
  const { health, problems } = await reportReplication(environment, shapes, Date.now());
  // What the service changes during the copy would be lost. Without a heartbeat, preflight alone says so.
  if (health !== undefined) requireNoFindings(problems.filter(({ code }) => REPLICATES_NOTHING.has(code)));
  const itemCountEstimates: Partial<Record<Source, number>> = Object.fromEntries(
    SOURCES.map((source) => [source, shapes[OLD_TABLE_OF[source]]?.itemCountEstimate ?? 0]),
  );
  return { itemCountEstimates, shapes };
}
