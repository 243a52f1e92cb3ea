import { MigrationError } from '../../../functions/model/migration-error.ts';
import { type Run, readRun } from '../../../functions/tables/control/documents.ts';
import {
  BOUNDS,
  type BoundName,
  type Pause,
  readSteering,
  writeBound,
  writePause,
} from '../../../functions/tables/control/steering.ts';
import { operatorOf } from '../../account/operator.ts';
import { describeBound, describeOrder, isOpen } from '../../copy/steering.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { type Holder, readHolder } from '../../lease/lease-row.ts';
import { nextStep } from '../../next-step.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { requirePrice } from '../../prices.ts';

interface SteerOptions {
  readonly env: string;
  readonly execute: boolean;
  readonly reason?: string;
}

/** `pause`: a backfill, a rollback or a reseed finishes the pages in hand, and waits. One that is started meanwhile waits too. */
export function pauseCommand(options: SteerOptions): Promise<CommandResult> {
  return orderPause(options, true);
}

/** `resume`: what was paused goes on. */
export function resumeCommand(options: SteerOptions): Promise<CommandResult> {
  return orderPause(options, false);
}

async function orderPause({ env, execute, reason }: SteerOptions, isPaused: boolean): Promise<CommandResult> {
  const environment = await openEnvironment(env, execute ? 'write' : 'read');
  const { control } = environment.tables;
  const [{ pause }, holder] = await Promise.all([readSteering(control), holderOf(environment)]);
  if ((pause?.isPaused ?? false) === isPaused) {
    const line = isPaused && pause ? `It is paused already, by ${describeOrder(pause)}.` : 'Nothing is paused.';
    return { exitCode: EXIT.done, document: { ...pause, executed: false }, lines: [line] };
  }
  if (!execute) {
    const lines = [isPaused ? willPause(holder) : willResume(pause, holder)];
    return { exitCode: EXIT.done, document: { isPaused, executed: false }, lines, next: 'execute' };
  }
  const order = { isPaused, ...orderBy(environment, reason) };
  await writePause(control, order);
  const lines = [isPaused ? `Paused. ${effect(holder)}` : `Resumed. ${effect(holder)}`];
  const result = { exitCode: EXIT.done, document: { ...order, executed: true }, lines };
  return isPaused ? { ...result, next: nextStep(env, ['resume', '--execute'], 'lets it go on') } : result;
}

function willPause(holder: Holder | undefined): string {
  return holder === undefined
    ? 'Nothing is running. A backfill, a rollback or a reseed that starts would wait until it is resumed.'
    : `${holder.owner} would finish the pages in hand, and wait until it is resumed.`;
}

function willResume(pause: Pause | undefined, holder: Holder | undefined): string {
  const since = pause ? `Paused by ${describeOrder(pause)}. ` : '';
  return `${since}${holder === undefined ? 'Nothing is running.' : `${holder.owner} would go on.`}`;
}

function effect(holder: Holder | undefined): string {
  return holder === undefined ? 'Nothing is running.' : `${holder.owner} follows within seconds.`;
}

const OPTION: Readonly<Record<BoundName, string>> = {
  writeUnitsPerSecond: 'writeUnits',
  readUnitsPerSecond: 'readUnits',
  budgetUsd: 'budgetUsd',
};

type RetuneOptions = SteerOptions & {
  readonly writeUnits?: number;
  readonly readUnits?: number;
  readonly budgetUsd?: number;
};

/** `retune`: other ceilings, or another budget, for the run that is not finished. */
export async function retuneCommand(options: RetuneOptions): Promise<CommandResult> {
  const { env, execute, reason, budgetUsd } = options;
  const asked = BOUNDS.flatMap((name) => {
    const value = options[OPTION[name] as 'writeUnits' | 'readUnits' | 'budgetUsd'];
    return value === undefined ? [] : [{ name, value }];
  });
  if (asked.length === 0) throw nothingAsked();
  const environment = await openEnvironment(env, execute ? 'write' : 'read');
  const { settings, tables } = environment;
  requirePrice(settings, budgetUsd);
  const run = requireOpen(await readRun(tables.control));
  const what = asked.map(({ name, value }) => describeBound(name, value)).join(', ');
  const document = { runId: run.runId, ...Object.fromEntries(asked.map(({ name, value }) => [name, value])) };
  if (!execute) {
    const lines = [`The run of ${run.startedAt} would keep to ${what}.`];
    return { exitCode: EXIT.done, document: { ...document, executed: false }, lines, next: 'execute' };
  }
  const order = { runId: run.runId, ...orderBy(environment, reason) };
  for (const { name, value } of asked) await writeBound(tables.control, name, { ...order, value });
  const lines = [`The run of ${run.startedAt} keeps to ${what}. ${effect(await holderOf(environment))}`];
  return { exitCode: EXIT.done, document: { ...document, executed: true }, lines };
}

function nothingAsked(): MigrationError {
  return new MigrationError('SETTINGS_RETUNE', 'Nothing to set.', {
    nextStep: 'Give --write-units, --read-units or --budget-usd.',
  });
}

function requireOpen(run: Run | undefined): Run {
  if (isOpen(run)) return run;
  throw new MigrationError('NOTHING_TO_RETUNE', 'No backfill has started that is not finished.', {
    nextStep: 'Set the ceilings and the budget of the next run under backfill in cdk.json.',
  });
}

function orderBy({ caller }: Environment, reason: string | undefined) {
  return { by: operatorOf(caller), at: new Date().toISOString(), ...(reason !== undefined && { reason }) };
}

async function holderOf({ tables }: Environment): Promise<Holder | undefined> {
  const holder = await readHolder(tables.transactions);
  return holder !== undefined && holder.untilMs > Date.now() ? holder : undefined;
}
