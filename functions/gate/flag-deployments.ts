import {
  AppConfigClient,
  type AppConfigClientConfig,
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
}

/** Someone else has changed the flag, or is changing it. */
export class FlagConflictError extends MigrationError {
  constructor(message: string, cause?: unknown) {
    super('FLAG_CONFLICT', message, { cause, nextStep: 'See what they did: kpi-migrate status. Then decide anew.' });
  }
}

const IN_PROGRESS: ReadonlySet<DeploymentState> = new Set(['VALIDATING', 'DEPLOYING', 'BAKING', 'ROLLING_BACK']);

export function isInProgress({ state }: FlagDeployment): boolean {
  return IN_PROGRESS.has(state);
}

/** The deployments, newest first, as AppConfig lists them. */
async function listDeployments(client: AppConfigClient, ids: FlagIds): Promise<FlagDeployment[]> {
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
  };
}

/** What is deployed, and what is being deployed. */
export interface FlagState {
  /** The version that all get when nothing is in progress; undefined before the first deployment. */
  readonly deployedVersion: number | undefined;
  readonly deployed: ReadPath;
  readonly inProgress: FlagDeployment | undefined;
  readonly last: FlagDeployment | undefined;
}

/** Reads the state of the flag from AppConfig's control plane. */
export async function readFlagState(client: AppConfigClient, ids: FlagIds): Promise<FlagState> {
  const deployments = await listDeployments(client, ids);
  const deployedVersion = deployments.find(({ state }) => state === 'COMPLETE')?.version;
  return {
    deployedVersion,
    deployed: deployedVersion === undefined ? READS_OLD : await readFlagVersion(client, ids, deployedVersion),
    inProgress: deployments.find(isInProgress),
    last: deployments[0],
  };
}

export async function readFlagVersion(client: AppConfigClient, ids: FlagIds, version: number): Promise<ReadPath> {
  const { Content } = await client.send(
    new GetHostedConfigurationVersionCommand({
      ApplicationId: ids.applicationId,
      ConfigurationProfileId: ids.profileId,
      VersionNumber: version,
    }),
  );
  return parseFlagDocument(new TextDecoder().decode(Content));
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
 * Starts to deploy a version.
 *
 * @throws FlagConflictError while another deployment is in progress.
 */
export async function startFlagDeployment(
  client: AppConfigClient,
  ids: FlagIds,
  version: number,
  strategyId: string,
): Promise<number> {
  try {
    const { DeploymentNumber = 0 } = await client.send(
      new StartDeploymentCommand({
        ApplicationId: ids.applicationId,
        EnvironmentId: ids.environmentId,
        ConfigurationProfileId: ids.profileId,
        ConfigurationVersion: String(version),
        DeploymentStrategyId: strategyId,
      }),
    );
    return DeploymentNumber;
  } catch (cause) {
    if (cause instanceof ConflictException) throw new FlagConflictError('A deployment is in progress.', cause);
    throw cause;
  }
}

/** Stops a deployment in progress; AppConfig then goes back to what was deployed before. */
export async function stopFlagDeployment(client: AppConfigClient, ids: FlagIds, number: number): Promise<void> {
  await client.send(
    new StopDeploymentCommand({
      ApplicationId: ids.applicationId,
      EnvironmentId: ids.environmentId,
      DeploymentNumber: number,
    }),
  );
}
