import { MigrationError } from '../model/migration-error.ts';
import type { FlagAccess } from './access.ts';
import { type FlagState, readFlagState, startFlagDeployment } from './deployments.ts';
import { READS_OLD, type ReadPath } from './document.ts';
import { readMonitors } from './monitors.ts';
import { createFlagVersion, latestVersion } from './versions.ts';
import { widening } from './widening.ts';

/** A change of the flag, and what it was decided on. */
export interface FlagChange {
  /** What is deployed; undefined where its content cannot be read. */
  readonly current: ReadPath | undefined;
  readonly next: ReadPath;
  /** What the change lets the new side answer in addition; empty where it narrows. */
  readonly widening: readonly string[];
  readonly latestVersion: number;
  /** The newest deployment; undefined before the first. */
  readonly latestDeployment: number | undefined;
}

/**
 * Looks at what is deployed, and what a change would come to.
 *
 * @throws MigrationError FLAG_DEPLOYING while a deployment is in progress; FLAG_UNWATCHED where a wider one would be watched by no alarm.
 */
export async function planFlagChange({ client, ids }: FlagAccess, next: ReadPath): Promise<FlagChange> {
  const [state, latest] = await Promise.all([readFlagState(client, ids), latestVersion(client, ids)]);
  refuseInProgress(state);
  const widens = widening(state.deployed ?? READS_OLD, next);
  if (widens.length > 0 && (await readMonitors(client, ids)).length === 0) throw unwatched();
  return {
    current: state.deployed,
    next,
    widening: widens,
    latestVersion: latest,
    latestDeployment: state.last?.number,
  };
}

/**
 * Deploys a change: what widens by the slow strategy, what narrows at once. Of two operators who decide on the same state one is refused, so
 * that no change is lost beneath another.
 *
 * @param by who does so, for AppConfig's list of versions.
 * @returns the number of the deployment.
 * @throws FlagConflictError; MigrationError FLAG_REFUSED with what the gate says.
 */
export async function applyFlagChange(access: FlagAccess, change: FlagChange, by: string): Promise<number> {
  const { client, ids } = access;
  const strategyId = await access.strategyId(change.widening.length > 0 ? 'widen' : 'fallback');
  const version = await createFlagVersion(client, ids, change.next, change.latestVersion, by);
  return startFlagDeployment(client, ids, version, strategyId, change.latestDeployment);
}

function unwatched(): MigrationError {
  return new MigrationError(
    'FLAG_UNWATCHED',
    'No alarm would take the deployment back: the environment watches none.',
    {
      nextStep: "Put the stack's alarms back on the environment (runbook.md, What if), then the same again.",
    },
  );
}

function refuseInProgress({ inProgress }: FlagState): void {
  if (inProgress === undefined) return;
  const { number, state, percentageComplete } = inProgress;
  throw new MigrationError('FLAG_DEPLOYING', `Deployment ${number} is ${state}, at ${percentageComplete} %.`, {
    retryable: true,
    nextStep: 'Wait until kpi-migrate status shows it complete; or kpi-migrate fallback, which stops it.',
  });
}
