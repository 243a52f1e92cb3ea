import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectExecutions, type Executions } from '../../../functions/account/executions.ts';
import type { Source } from '../../../functions/migration/sources.ts';
import { type ErrorCode, KIND_OF } from '../../../functions/model/error-codes.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { own } from '../../../functions/model/own.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { deleteSpent, readSpent } from '../../../functions/tables/control/spent-units.ts';
import { readSteering } from '../../../functions/tables/control/steering.ts';
import { readUnfinished } from '../../../functions/tables/control/unfinished-items.ts';
import type { describeTables } from '../../../functions/tables/dynamo/descriptions.ts';
import type { Settings } from '../../../infra/settings.ts';
import { executionArn, workflowArn } from '../../../infra/workflow-names.ts';
import { nameAwsFailure } from '../../account/aws-failure.ts';
import { servicesConfig } from '../../account/check-account.ts';
import { operatorOf } from '../../account/operator.ts';
import { type BackfillReport, reportPasses } from '../../copy/backfill.ts';
import { readCheckpoints } from '../../copy/run-state.ts';
import { isOpen } from '../../copy/steering.ts';
import type { Environment } from '../../environment.ts';
import { groupOf } from '../../lease/group-lease.ts';
import { awaitFree } from '../../lease/lease.ts';
import { readHolder } from '../../lease/lease-row.ts';
import { SYSTEM_CLOCK } from '../../lease/system-clock.ts';
import { pricesOf } from '../../prices.ts';
import type { Progress } from '../../progress.ts';
import { partName, readCeilings, serviceParts } from '../../read-ceilings.ts';
import type { WorkflowInput } from '../../workflow/orders.ts';
import { stopGroup } from '../../workflow/stop-group.ts';
import { spentReport } from './describe-spent.ts';

/** Time between two looks at an execution: it costs a read of all checkpoints. */
const LOOK_MS = 2_000;

/** What a run of the workflow has come to, as far as this command has seen it: `running` where it was told to look no longer. */
export type WorkflowReport =
  | BackfillReport
  | { readonly state: 'running'; readonly execution: string }
  | { readonly state: 'none' };

/** @throws MigrationError `WORKFLOW_NOT_DEPLOYED` where the settings have no workflow. */
export function requireWorkflow({ name, backfill }: Settings): NonNullable<Settings['backfill']['workflow']> {
  if (backfill.workflow !== undefined) return backfill.workflow;
  throw new MigrationError('WORKFLOW_NOT_DEPLOYED', `The settings of ${name} have no workflow.`, {
    nextStep: `Set backfill.workflow of ${name} in cdk.json, for example to {}, and deploy: npx cdk deploy --all -c environment=${name}`,
  });
}

/**
 * What an execution is started with: these settings, and how fast it may read each of the service's tables. Pure.
 *
 * @param budget one that was given with the command: an order for the run.
 */
export function workflowInputOf(
  settings: Settings,
  shapes: Awaited<ReturnType<typeof describeTables>>,
  budget?: WorkflowInput['budget'],
): WorkflowInput {
  const { leaseSeconds, leaseSecondsMax = leaseSeconds, lateWriteSeconds, maxWriteUnitsPerSecond } = settings.backfill;
  const { budgetUsd } = settings.backfill;
  const prices = pricesOf(settings);
  const parts = serviceParts(shapes, settings);
  const served = parts.flatMap((part) => {
    const { readUnitsPerSecond } = part.capacity;
    return readUnitsPerSecond === undefined ? [] : [[partName(part), readUnitsPerSecond] as const];
  });
  const { segments, maxConcurrency, toleratedFailurePercent } = requireWorkflow(settings);
  return {
    ...{ segments, maxConcurrency, toleratedFailurePercent, leaseSeconds, leaseSecondsMax, lateWriteSeconds },
    ...(maxWriteUnitsPerSecond !== undefined && { writeUnitsPerSecond: maxWriteUnitsPerSecond }),
    readUnitsPerSecond: Object.fromEntries(readCeilings(shapes, settings)),
    readUnitsMost: Object.fromEntries(served),
    lagMaxSeconds: settings.readFlag.lagMaxSeconds,
    ...(prices && { prices }),
    ...(budgetUsd !== undefined && { budgetUsd }),
    ...(budget && { budget }),
  };
}

/**
 * Starts the workflow, or finds the one that runs, and watches it until its end or until `stop` is aborted. Either way it goes on without this process.
 *
 * @throws MigrationError `BACKFILL_RUNNING` where a process copies; why the workflow failed.
 */
export async function runOnWorkflow(
  environment: Environment,
  input: WorkflowInput,
  options: {
    readonly progress: Progress;
    readonly itemCountEstimates: Partial<Record<Source, number>>;
    readonly stop: AbortSignal;
  },
): Promise<WorkflowReport> {
  return withExecutions(environment, async (executions) => {
    const running = await runningExecution(environment, executions);
    const execution = running ?? (await start(environment, executions, input, options));
    if (running !== undefined) {
      options.progress.note(`The workflow ${running} is running already. Watching it.`);
      if (input.budget)
        options.progress.note('Its budget stays as it is. To change it: kpi-migrate retune --budget-usd N --execute');
    }
    return follow(environment, executions, execution, options);
  });
}

/**
 * Has the workers end after the pages in hand, starts none any more, and gives the lease up when none may write. What is done stays done: either host
 * continues.
 */
export async function stopWorkflow(environment: Environment, note: (message: string) => void): Promise<WorkflowReport> {
  const { caller, replication } = environment;
  return withExecutions(environment, async (executions) => {
    const group = await holdingGroup(environment);
    if (group === undefined) return { state: 'none' };
    const by = operatorOf(caller);
    await stopGroup({
      ...{ replication, group, by, newToken: replication.newToken, nowMs: Date.now },
      async endExecution() {
        await executions.stop(executionArn(environment.settings, group), `Stopped by ${by}.`);
        note('Waiting until the workers have finished and noted the pages in hand.');
      },
      pause: () => sleep(LOOK_MS / 2),
    });
    return reportOf(environment, 'stopped');
  });
}

/** The execution that holds the backfill's lease and runs; undefined where there is none. */
export async function runningWorkflow(environment: Environment): Promise<string | undefined> {
  return withExecutions(environment, (executions) => runningExecution(environment, executions));
}

async function withExecutions<Result>(
  { settings, connection }: Environment,
  work: (executions: Executions) => Promise<Result>,
): Promise<Result> {
  try {
    using executions = connectExecutions(servicesConfig(settings, connection) ?? {});
    return await work(executions);
  } catch (error) {
    throw nameAwsFailure(error, settings);
  }
}

/** The group that the lease's row names and that has not given it up. */
async function holdingGroup({ tables }: Environment): Promise<string | undefined> {
  const holder = await readHolder(tables.transactions);
  return holder && holder.untilMs > 0 ? groupOf(holder) : undefined;
}

async function runningExecution(environment: Environment, executions: Executions): Promise<string | undefined> {
  const group = await holdingGroup(environment);
  if (group === undefined) return undefined;
  const { status } = await executions.describe(executionArn(environment.settings, group));
  return status === 'RUNNING' ? group : undefined;
}

async function start(
  { settings, tables }: Environment,
  executions: Executions,
  input: WorkflowInput,
  { progress, stop }: { readonly progress: Progress; readonly stop: AbortSignal },
): Promise<string> {
  // The workflow finds out for itself as well; here it is told before anything is started.
  await awaitFree(
    {
      ...{ transactions: tables.transactions, leaseMs: input.leaseSeconds * 1_000, nowMs: Date.now, stop },
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      onWait: progress.note,
    },
    SYSTEM_CLOCK,
  );
  const run = await readRun(tables.control);
  await deleteSpent(tables.control, isOpen(run) ? run.runId : undefined);
  const name = `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${randomBytes(2).toString('hex')}`;
  await executions.start(workflowArn(settings), name, input);
  progress.note(`Started the workflow ${name}.`);
  return name;
}

async function follow(
  environment: Environment,
  executions: Executions,
  execution: string,
  { progress, itemCountEstimates, stop }: Parameters<typeof runOnWorkflow>[2],
): Promise<WorkflowReport> {
  let shown: { pass: string; scanned: number } | undefined;
  const show = async (): Promise<void> => {
    const run = await readRun(environment.tables.control);
    const passes = run ? reportPasses(run, await readCheckpoints(environment.tables.control)) : [];
    const current = passes.find(({ done }) => !done);
    // Before the workflow has begun a run, there is none, or the last one.
    if (current === undefined) return;
    const { pass, tally } = current;
    if (shown?.pass !== pass) {
      if (shown) progress.end();
      progress.begin(pass, tally.scanned, own(itemCountEstimates, pass));
    } else if (tally.scanned > shown.scanned) progress.advance(tally.scanned - shown.scanned);
    shown = { pass, scanned: tally.scanned };
  };
  try {
    for (;;) {
      const {
        status,
        error = '',
        cause = '',
      } = await executions.describe(executionArn(environment.settings, execution));
      if (status !== 'RUNNING') return await endOf(environment, execution, { status, error, cause });
      await show();
      if (stop.aborted) return { state: 'running', execution };
      await sleep(LOOK_MS, undefined, { signal: stop }).catch(() => {});
    }
  } finally {
    if (shown) progress.end();
  }
}

async function endOf(
  environment: Environment,
  execution: string,
  { status, error, cause }: { readonly status: string; readonly error: string; readonly cause: string },
): Promise<WorkflowReport> {
  if (status === 'SUCCEEDED') return reportOf(environment, 'finished');
  if (status === 'ABORTED' || error === 'STOPPED') return reportOf(environment, 'stopped');
  if (error === 'ITEMS_UNFINISHED') return reportOf(environment, 'unfinished');
  const code = Object.hasOwn(KIND_OF, error) ? (error as ErrorCode) : 'BACKFILL_FAILED';
  throw new MigrationError(code, `The workflow ${execution} ended ${status}: ${error} ${cause}`, {
    nextStep: 'Run the same command again: it continues where the workflow was. Its log group says more.',
  });
}

async function reportOf({ settings, tables }: Environment, state: BackfillReport['state']): Promise<WorkflowReport> {
  const { control } = tables;
  const run = await readRun(control);
  const unfinished = await readUnfinished(control);
  if (run === undefined) return { runId: '', state, passes: [], unfinished };
  const { runId } = run;
  const [checkpoints, steering, taken] = await Promise.all([
    readCheckpoints(control),
    readSteering(control),
    readSpent(control, runId),
  ]);
  const spent = spentReport(settings, steering, taken, runId);
  const isBudgetSpent = spent.isBudgetSpent && state === 'stopped';
  return { runId, state, passes: reportPasses(run, checkpoints), unfinished, spent: { ...spent, isBudgetSpent } };
}
