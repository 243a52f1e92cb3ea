import {
  type AppConfigClient,
  BadRequestException,
  ConflictException,
  type DeploymentState,
  type DeploymentSummary,
  paginateListDeployments,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import { READS_OLD, type ReadPath } from './document.ts';
import type { FlagIds } from './ids.ts';
import { FlagConflictError, readFlagVersion } from './versions.ts';

/** A deployment of the flag. */
export interface FlagDeployment {
  readonly number: number;
  readonly version: number;
  readonly state: DeploymentState;
  readonly percentageComplete: number;
  /** ISO 8601; absent where AppConfig does not say. */
  readonly startedAt?: string;
  /** ISO 8601; absent while it is in progress, and where it was stopped or taken back. */
  readonly completedAt?: string;
}

const IN_PROGRESS: ReadonlySet<DeploymentState> = new Set(['VALIDATING', 'DEPLOYING', 'BAKING', 'ROLLING_BACK']);

/** The deployments, newest first, as AppConfig lists them. */
export async function listDeployments(client: AppConfigClient, ids: FlagIds): Promise<FlagDeployment[]> {
  const found: FlagDeployment[] = [];
  const input = { ApplicationId: ids.applicationId, EnvironmentId: ids.environmentId };
  for await (const { Items = [] } of paginateListDeployments({ client }, input)) found.push(...Items.map(deploymentOf));
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
  /** What is in force when nothing is in progress; undefined where its content cannot be read. Before the first deployment, reads are old. */
  readonly deployed: ReadPath | undefined;
  readonly inProgress: (FlagDeployment & { readonly flag: ReadPath | undefined }) | undefined;
  readonly last: FlagDeployment | undefined;
}

/** Reads the state of the flag from AppConfig's control plane. */
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

/**
 * Starts to deploy a version, if `latestDeployment` is still the newest one; undefined asks for no check.
 *
 * @returns the deployment's number.
 * @throws FlagConflictError where another has begun since, or is in progress; MigrationError FLAG_REFUSED with what the gate says.
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
        ApplicationId: ids.applicationId,
        EnvironmentId: ids.environmentId,
        ConfigurationProfileId: ids.profileId,
        ConfigurationVersion: String(version),
        DeploymentStrategyId: strategyId,
        ...(latestDeployment !== undefined && { LatestDeploymentNumber: latestDeployment }),
      }),
    );
    return DeploymentNumber;
  } catch (cause) {
    if (cause instanceof ConflictException) throw new FlagConflictError('Another deployment has begun.', cause);
    throw cause instanceof BadRequestException ? refused(cause) : cause;
  }
}

function refused(cause: BadRequestException): MigrationError {
  const reasons = (cause.Details?.InvalidConfiguration ?? []).map(({ Reason }) => Reason ?? '');
  return new MigrationError('FLAG_REFUSED', [cause.message, ...reasons].join(' '), {
    cause,
    nextStep: 'Do what the refusal names, then the same again.',
  });
}

/**
 * Stops a deployment in progress; what was deployed before is then in force.
 *
 * @throws FlagConflictError where it is no longer in progress.
 */
export async function stopFlagDeployment(client: AppConfigClient, ids: FlagIds, number: number): Promise<void> {
  try {
    await client.send(
      new StopDeploymentCommand({
        ApplicationId: ids.applicationId,
        EnvironmentId: ids.environmentId,
        DeploymentNumber: number,
      }),
    );
  } catch (cause) {
    if (!(cause instanceof BadRequestException)) throw cause;
    throw new FlagConflictError(`Deployment ${number} is no longer in progress.`, cause);
  }
}
