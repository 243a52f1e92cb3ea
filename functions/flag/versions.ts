import {
  type AppConfigClient,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  GetHostedConfigurationVersionCommand,
  type HostedConfigurationVersionSummary,
  paginateListHostedConfigurationVersions,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import { flagDocument, parseFlagDocument, type ReadPath } from './document.ts';
import type { FlagIds } from './ids.ts';

/** Someone else has changed the flag, or is changing it. */
export class FlagConflictError extends MigrationError {
  constructor(message: string, cause?: unknown) {
    super('FLAG_CONFLICT', message, { cause, nextStep: 'See what they did: kpi-migrate status. Then decide anew.' });
  }
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

/** Every version, deployed or not; its description names who made it. */
export async function* listFlagVersions(
  client: AppConfigClient,
  ids: FlagIds,
): AsyncGenerator<HostedConfigurationVersionSummary> {
  const input = { ApplicationId: ids.applicationId, ConfigurationProfileId: ids.profileId };
  for await (const { Items = [] } of paginateListHostedConfigurationVersions({ client }, input)) yield* Items;
}

/** The number of the newest version, deployed or not; 0 where there is none. */
export async function latestVersion(client: AppConfigClient, ids: FlagIds): Promise<number> {
  let latest = 0;
  for await (const { VersionNumber = 0 } of listFlagVersions(client, ids)) latest = Math.max(latest, VersionNumber);
  return latest;
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
