import { setTimeout as sleep } from 'node:timers/promises';
import type { FlagAccess } from '../../../functions/flag/access.ts';
import { applyFlagChange, type FlagChange, planFlagChange } from '../../../functions/flag/change.ts';
import { listDeployments, readFlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { flagSchema, type Stage } from '../../../functions/flag/stages.ts';
import { GateRefusedError, passGate } from '../../../functions/gate/gate.ts';
import type { Blocker } from '../../../functions/gate/missing-evidence.ts';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { operatorOf } from '../../account/operator.ts';
import { type Environment, gateOf, type Intent, openEnvironment } from '../../environment.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { type PromotionOptions, requirePromotion } from '../promotion/require-promotion.ts';
import { describeChange, describeRefusals, whoReadsWhat } from './describe-flag.ts';
import { openFlag } from './open-flag.ts';

export interface StageOptions extends PromotionOptions {
  readonly stage: Stage;
  readonly env: string;
  readonly percent?: number;
  readonly tenant: readonly string[];
  readonly lagBoundMs?: number;
  readonly execute: boolean;
  /** With `execute`: until the deployment is complete, or was rolled back. */
  readonly wait: boolean;
}

/** `stage`: shows what a change of the flag does and what the gate says of it; with `--execute` deploys it. */
export async function stageCommand(options: StageOptions, stop: AbortSignal): Promise<CommandResult> {
  const next = flagOf(options);
  const environment = await openEnvironment(options.env, intentOf(options));
  const access = await openFlag(environment.settings);
  const change = await planFlagChange(access, next);
  // AppConfig asks the same gate. Asked here first, it answers reason by reason, and no version is created in vain.
  const refusals = await refusalsOf(environment, change);
  if (options.execute && refusals.length === 0) {
    if (change.widening.length > 0) {
      const who = { by: operatorOf(environment.caller), nowMs: Date.now() };
      await requirePromotion(environment.tables.control, environment.settings, 'reads', options, who);
    }
    const deployment = await applyFlagChange(access, change, operatorOf(environment.caller));
    const started = `Deployment ${deployment} has started: ${whoReadsWhat(next)}.`;
    if (options.wait) return afterRollout(access, { ...change, deployment }, started, stop);
    return { exitCode: EXIT.done, document: { ...change, deployment }, lines: [started] };
  }
  return {
    exitCode: refusals.length > 0 ? EXIT.failed : EXIT.done,
    document: { ...change, refusals },
    lines: options.execute ? describeRefusals(refusals) : describeChange(change, refusals),
    ...(refusals.length === 0 && { next: 'execute' }),
  };
}

/** Reads may move back to the old tables whatever the settings are. */
function intentOf({ stage, execute }: StageOptions): Intent {
  return execute && stage !== 'old' ? 'write' : 'read';
}

/** Time between two looks at a deployment. */
const LOOK_EVERY_MS = 1_000;

async function afterRollout(
  access: FlagAccess,
  done: FlagChange & { readonly deployment: number },
  started: string,
  stop: AbortSignal,
): Promise<CommandResult> {
  process.stderr.write(`${started} Waiting for it. To take it back: kpi-migrate fallback\n`);
  const state = await untilDeployed(access, done.deployment, stop);
  const lines = [`Deployment ${done.deployment} is ${state}: ${whoReadsWhat(done.next)}.`];
  if (state === 'COMPLETE') return { exitCode: EXIT.done, document: { ...done, state }, lines };
  if (!stop.aborted) return { exitCode: EXIT.failed, document: { ...done, state }, lines };
  return { exitCode: EXIT.stopped, document: { ...done, state }, lines: [`It goes on: ${lines[0]}`] };
}

/** @returns the state in which the deployment ended, or is when the caller no longer waits. */
async function untilDeployed({ client, ids }: FlagAccess, number: number, stop: AbortSignal): Promise<string> {
  for (;;) {
    const { inProgress } = await readFlagState(client, ids);
    if (inProgress?.number !== number) {
      const ended = (await listDeployments(client, ids)).find((deployment) => deployment.number === number);
      return ended?.state ?? 'gone';
    }
    if (stop.aborted) return inProgress.state;
    await sleep(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {});
  }
}

/** @throws MigrationError SETTINGS_FLAG if the options do not fit the stage. */
function flagOf({ stage, percent, tenant, lagBoundMs }: StageOptions): FlagContent {
  const namesReaders = percent !== undefined || tenant.length > 0;
  if (namesReaders !== (stage === 'new')) {
    const message = `Stage ${stage} ${namesReaders ? 'takes neither --percent nor --tenant' : 'needs --percent or --tenant'}.`;
    throw new MigrationError('SETTINGS_FLAG', message, {
      nextStep: 'For example: kpi-migrate stage new --percent 1',
    });
  }
  if (stage === 'old') return { enabled: false };
  return flagSchema.parse({
    enabled: true,
    stage,
    percent: percent ?? 0,
    tenants: [...new Set(tenant)],
    ...(lagBoundMs !== undefined && { lagBoundMs }),
  });
}

/** What AppConfig's gate would refuse: the same code on the same evidence. */
async function refusalsOf(environment: Environment, change: FlagChange): Promise<readonly Blocker[]> {
  try {
    await passGate({ ...gateOf(environment), deployedFlag: async () => change.current }, change.next);
    return [];
  } catch (error) {
    if (error instanceof GateRefusedError) return error.blockers;
    throw error;
  }
}
