import {
  type AppConfigClient,
  ConflictException,
  CreateHostedConfigurationVersionCommand,
  GetHostedConfigurationVersionCommand,
  type HostedConfigurationVersionSummary,
  paginateListHostedConfigurationVersions,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import { type FlagContent, flagDocument, parseFlagDocument } from './document.ts';
import { type FlagIds, profileOf } from './ids.ts';

/** Someone else has changed the flag, or is changing it. */
export class FlagConflictError extends MigrationError {
  constructor(message: string, cause?: unknown) {
    super('FLAG_CONFLICT', message, { cause, nextStep: 'See what they did: kpi-migrate status. Then decide again.' });
  }
}

/** Every version, deployed or not. Its description names who created it. */
export async function* listFlagVersions(
  client: AppConfigClient,
  ids: FlagIds,
): AsyncGenerator<HostedConfigurationVersionSummary> {
  for await (const { Items = [] } of paginateListHostedConfigurationVersions({ client }, profileOf(ids))) yield* Items;
}

/** The number of the newest version, deployed or not; 0 if there is none. */
export async function latestVersion(client: AppConfigClient, ids: FlagIds): Promise<number> {
  let latest = 0;
  for await (const { VersionNumber = 0 } of listFlagVersions(client, ids)) latest = Math.max(latest, VersionNumber);
  return latest;
}

/** What a version says; undefined if its content cannot be understood. */
export async function readFlagVersion(
  client: AppConfigClient,
  ids: FlagIds,
  version: number,
): Promise<FlagContent | undefined> {
  const command = new GetHostedConfigurationVersionCommand({ ...profileOf(ids), VersionNumber: version });
  const { Content } = await client.send(command);
  try {
    return parseFlagDocument(new TextDecoder().decode(Content));
  } catch (error) {
    if (error instanceof MigrationError) return undefined;
    throw error;
  }
}

/**
 * Creates a version, provided that `expectedLatest` is still the newest.
 *
 * @param description names who creates it.
 * @returns its number.
 * @throws FlagConflictError if someone else has created one since.
 */
export async function createFlagVersion(
  client: AppConfigClient,
  ids: FlagIds,
  flag: FlagContent,
  expectedLatest: number,
  description: string,
): Promise<number> {
  try {
    const { VersionNumber = 0 } = await client.send(
      new CreateHostedConfigurationVersionCommand({
        ...profileOf(ids),
        Content: new TextEncoder().encode(flagDocument(flag)),
        ContentType: 'application/json',
        Description: description,
        ...(expectedLatest > 0 && { LatestVersionNumber: expectedLatest }),
      }),
    );
    return VersionNumber;
  } catch (cause) {
    if (cause instanceof ConflictException) throw new FlagConflictError('Someone else has changed the flag.', cause);
    throw cause;
  }
}
