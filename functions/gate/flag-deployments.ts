import {
  AppConfigClient,
  type AppConfigClientConfig,
  BadRequestException,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  type DeploymentState,
  type DeploymentSummary,
  GetHostedConfigurationVersionCommand,
  paginateListDeployments,
  paginateListHostedConfigurationVersions,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import { flagDocument, parseFlagDocument, READS_OLD, type ReadPath } from './flag-document.ts';
import type { FlagIds } from './flag-ids.ts';

/** Connects to AppConfig's control plane with the SDK's own settings where `config` does not say otherwise. */
export function connectFlag(config: AppConfigClientConfig = {}): AppConfigClient {
  return new AppConfigClient(config);
}

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

/** Someone else has changed the flag, or is changing it. */
export class FlagConflictError extends MigrationError {
  constructor(message: string, cause?: unknown) {
    super('FLAG_CONFLICT', message, { cause, nextStep: 'See what they did: kpi-migrate status. Then decide anew.' });
  }
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

/** What a version says; undefined where its content cannot be read. */
export async function readFlagVersion(
  client: AppConfigClient,
  ids: FlagIds,
  version: number,
): Promise<ReadPath | undefined> {
  const { Content } = await client.send(
    new GetHostedConfigurationVersionCommand({
      ApplicationId: ids.applicationId,
      ConfigurationProfileId: ids.profileId,
      VersionNumber: version,
    }),
  );
  try {
    return parseFlagDocument(new TextDecoder().decode(Content));
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}

/** The number of the newest version, deployed or not; 0 where there is none. */
export async function latestVersion(client: AppConfigClient, ids: FlagIds): Promise<number> {
  const input = { ApplicationId: ids.applicationId, ConfigurationProfileId: ids.profileId };
  const numbers: number[] = [0];
  for await (const { Items = [] } of paginateListHostedConfigurationVersions({ client }, input)) {
    numbers.push(...Items.map(({ VersionNumber }) => VersionNumber ?? 0));
  }
  return Math.max(...numbers);
}

/**
 * Adds a version, if `expectedLatest` is still the newest.
 *
 * @returns its number.
 * @throws FlagConflictError where another has been added since.
 */
export async function createFlagVersion(
  client: AppConfigClient,
  ids: FlagIds,
  flag: ReadPath,
  expectedLatest: number,
  description: string,
): Promise<number> {
  try {
    const { VersionNumber = 0 } = await client.send(
      new CreateHostedConfigurationVersionCommand({
        ApplicationId: ids.applicationId,
        ConfigurationProfileId: ids.profileId,
        Content: new TextEncoder().encode(flagDocument(flag)),
        ContentType: 'application/json',
        Description: description,
        ...(expectedLatest > 0 && { LatestVersionNumber: expectedLatest }),
      }),
    );
    return VersionNumber;
  } catch (cause) {
    if (cause instanceof ConflictException) throw new FlagConflictError('The flag was changed meanwhile.', cause);
    throw cause;
  }
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
