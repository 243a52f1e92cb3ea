import {
  type AppConfigClient,
  BadRequestException,
  ConflictException,
  type DeploymentState,
  type DeploymentSummary,
  GetDeploymentCommand,
  paginateListDeployments,
  StartDeploymentCommand,
  StopDeploymentCommand,
  type TriggeredBy,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import { type FlagContent, READS_OLD } from './document.ts';
import { environmentOf, type FlagIds, profileOf } from './ids.ts';
import { FlagConflictError, readFlagVersion } from './versions.ts';

/** A deployment of the flag. */
export interface FlagDeployment {
  readonly number: number;
  readonly version: number;
  readonly state: DeploymentState;
  readonly percentageComplete: number;
  /** ISO 8601; absent if AppConfig does not say. */
  readonly startedAt?: string;
  /** ISO 8601; absent while it is in progress, and after it was stopped or rolled back. */
  readonly completedAt?: string;
}

const IN_PROGRESS: ReadonlySet<DeploymentState> = new Set(['VALIDATING', 'DEPLOYING', 'BAKING', 'ROLLING_BACK']);

/** All deployments, newest first. */
export async function listDeployments(client: AppConfigClient, ids: FlagIds): Promise<FlagDeployment[]> {
  const found: FlagDeployment[] = [];
  for await (const { Items = [] } of paginateListDeployments({ client }, environmentOf(ids))) {
    found.push(...Items.map(deploymentOf));
  }
  return found.sort((left, right) => right.number - left.number);
}

function deploymentOf(summary: DeploymentSummary): FlagDeployment {
  return {
    number: summary.DeploymentNumber ?? 0,
    version: Number(summary.ConfigurationVersion),
    state: summary.State ?? 'VALIDATING',
    percentageComplete: summary.PercentageComplete ?? 0,
    ...(summary.StartedAt && { startedAt: summary.StartedAt.toISOString() }),
    ...(summary.CompletedAt && { completedAt: summary.CompletedAt.toISOString() }),
  };
}

/** What is deployed, and what is being deployed. */
export interface FlagState {
  /** The last completed deployment's content: old before the first one, undefined if it cannot be understood. */
  readonly deployed: FlagContent | undefined;
  readonly inProgress: (FlagDeployment & { readonly flag: FlagContent | undefined }) | undefined;
  readonly last: FlagDeployment | undefined;
}

/** Asks AppConfig's control plane for the state of the flag. */
export async function readFlagState(client: AppConfigClient, ids: FlagIds): Promise<FlagState> {
  const deployments = await listDeployments(client, ids);
  const inForce = deployments.find(({ state }) => state === 'COMPLETE');
  const inProgress = deployments.find(({ state }) => IN_PROGRESS.has(state));
  return {
    deployed: inForce === undefined ? READS_OLD : await readFlagVersion(client, ids, inForce.version),
    inProgress: inProgress && { ...inProgress, flag: await readFlagVersion(client, ids, inProgress.version) },
    last: deployments[0],
  };
}

/** What rolled a deployment back: an alarm, a person, or AppConfig itself, as where a validator refuses late. */
export interface RollBack {
  readonly by: 'alarm' | 'operator' | 'appconfig';
  /** As AppConfig's event log has it. */
  readonly description: string;
}

const ROLLED_BACK_BY: Partial<Record<TriggeredBy, RollBack['by']>> = { CLOUDWATCH_ALARM: 'alarm', USER: 'operator' };

/**
 * Asks AppConfig why a deployment was rolled back (API Reference, GetDeployment: `EventLog`, `TriggeredBy`).
 *
 * @returns undefined if its event log says nothing of a rollback.
 */
export async function readRollBack(
  client: AppConfigClient,
  ids: FlagIds,
  number: number,
): Promise<RollBack | undefined> {
  const command = new GetDeploymentCommand({ ...environmentOf(ids), DeploymentNumber: number });
  const { EventLog = [] } = await client.send(command);
  const event = EventLog.find(({ EventType }) => EventType === 'ROLLBACK_STARTED');
  if (event === undefined) return undefined;
  const by = (event.TriggeredBy && ROLLED_BACK_BY[event.TriggeredBy]) ?? 'appconfig';
  return { by, description: event.Description ?? '' };
}

/**
 * Starts to deploy a version, provided that `latestDeployment` is still the newest deployment. Undefined skips that
 * check.
 *
 * @returns the deployment's number.
 * @throws FlagConflictError if another deployment has started since, or is in progress.
 * @throws MigrationError FLAG_REFUSED with the gate's reasons.
 */
export async function startFlagDeployment(
  client: AppConfigClient,
  ids: FlagIds,
  version: number,
  strategyId: string,
  latestDeployment?: number,
): Promise<number> {
  try {
    const { DeploymentNumber = 0 } = await client.send(
      new StartDeploymentCommand({
        ...environmentOf(ids),
        ...profileOf(ids),
        ConfigurationVersion: String(version),
        DeploymentStrategyId: strategyId,
        ...(latestDeployment !== undefined && { LatestDeploymentNumber: latestDeployment }),
      }),
    );
    return DeploymentNumber;
  } catch (cause) {
    if (cause instanceof ConflictException) throw new FlagConflictError('Another deployment has started.', cause);
    throw cause instanceof BadRequestException ? refused(cause) : cause;
  }
}

function refused(cause: BadRequestException): MigrationError {
  const reasons = (cause.Details?.InvalidConfiguration ?? []).map(({ Reason }) => Reason ?? '');
  return new MigrationError('FLAG_REFUSED', [cause.message, ...reasons].join(' '), {
    cause,
    nextStep: 'Follow the steps in the refusal, then run the same command again.',
  });
}

/**
 * Stops a deployment in progress. Readers return to what was deployed before.
 *
 * @throws FlagConflictError if it is no longer in progress.
 */
export async function stopFlagDeployment(client: AppConfigClient, ids: FlagIds, number: number): Promise<void> {
  try {
    await client.send(new StopDeploymentCommand({ ...environmentOf(ids), DeploymentNumber: number }));
  } catch (cause) {
    if (!(cause instanceof BadRequestException)) throw cause;
    throw new FlagConflictError(`Deployment ${number} is no longer in progress.`, cause);
  }
}
