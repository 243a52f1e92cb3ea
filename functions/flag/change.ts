import { MigrationError } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type FlagState, readFlagState, startFlagDeployment } from './deployments.ts';
import { type FlagContent, READS_OLD } from './document.ts';
import { readMonitors } from './monitors.ts';
import { readValidators } from './validators.ts';
import { createFlagVersion, latestVersion } from './versions.ts';
import { widening } from './widening.ts';

/** A change of the flag, and the state it was planned on. */
export interface FlagChange {
  /** What is deployed; undefined if its content cannot be understood. */
  readonly current: FlagContent | undefined;
  readonly next: FlagContent;
  /** The reads that the change gives to the new tables; empty if it widens nothing. */
  readonly widening: readonly string[];
  readonly latestVersion: number;
  /** The newest deployment; undefined before the first. */
  readonly latestDeployment: number | undefined;
}

/**
 * Plans a change on what is deployed now.
 *
 * @throws MigrationError FLAG_DEPLOYING while a deployment is in progress.
 * @throws MigrationError FLAG_UNWATCHED if the change widens reads and no alarm would roll it back.
 * @throws MigrationError FLAG_UNGATED if the change widens reads and AppConfig would not ask the gate.
 */
export async function planFlagChange({ client, ids }: FlagAccess, next: FlagContent): Promise<FlagChange> {
  const [state, latest] = await Promise.all([readFlagState(client, ids), latestVersion(client, ids)]);
  refuseInProgress(state);
  const widens = widening(state.deployed ?? READS_OLD, next);
  if (widens.length > 0) {
    if ((await readValidators(client, ids)).length === 0) throw ungated();
    if ((await readMonitors(client, ids)).length === 0) throw unwatched();
  }
  return {
    current: state.deployed,
    next,
    widening: widens,
    latestVersion: latest,
    latestDeployment: state.last?.number,
  };
}

/**
 * Deploys a planned change: step by step if it widens reads, else at once. If two operators planned on the same state,
 * the second one is refused, so neither change is lost under the other.
 *
 * @param by who deploys it, for AppConfig's list of versions.
 * @returns the number of the deployment.
 * @throws FlagConflictError; MigrationError FLAG_REFUSED with the gate's reasons.
 */
export async function applyFlagChange(access: FlagAccess, change: FlagChange, by: string): Promise<number> {
  const { client, ids } = access;
  const strategyId = await access.strategyId(change.widening.length > 0 ? 'widen' : 'fallback');
  const version = await createFlagVersion(client, ids, change.next, change.latestVersion, by);
  return startFlagDeployment(client, ids, version, strategyId, change.latestDeployment);
}

function ungated(): MigrationError {
  const message = 'AppConfig asks no validator before it deploys the read flag, so nothing would check the evidence.';
  return new MigrationError('FLAG_UNGATED', message, {
    nextStep: "Add the stack's gate to the profile again (runbook.md, What if), then run the same command.",
  });
}

function unwatched(): MigrationError {
  const message = 'The AppConfig environment watches no alarm, so nothing would roll the deployment back.';
  return new MigrationError('FLAG_UNWATCHED', message, {
    nextStep: "Add the stack's alarms to the environment again (runbook.md, What if), then run the same command.",
  });
}

function refuseInProgress({ inProgress }: FlagState): void {
  if (inProgress === undefined) return;
  const { number, state, percentageComplete } = inProgress;
  throw new MigrationError('FLAG_DEPLOYING', `Deployment ${number} is ${state} at ${percentageComplete} %.`, {
    nextStep: 'Wait until kpi-migrate status shows it as complete, or stop it with kpi-migrate fallback.',
  });
}
