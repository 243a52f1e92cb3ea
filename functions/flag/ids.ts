import {
  type AppConfigClient,
  paginateListApplications,
  paginateListConfigurationProfiles,
  paginateListDeploymentStrategies,
  paginateListEnvironments,
} from '@aws-sdk/client-appconfig';
import { MigrationError } from '../model/migration-error.ts';
import type { FlagNames } from './names.ts';

/** AppConfig's ids of what infra/read-flag.ts creates. */
export interface FlagIds {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
}

/** The flag's AppConfig environment, as commands name it. */
export function environmentOf({ applicationId, environmentId }: FlagIds) {
  return { ApplicationId: applicationId, EnvironmentId: environmentId };
}

/** The flag's configuration profile, as commands name it. */
export function profileOf({ applicationId, profileId }: FlagIds) {
  return { ApplicationId: applicationId, ConfigurationProfileId: profileId };
}

/**
 * Finds the ids by name.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED
 */
export async function findFlagIds(client: AppConfigClient, names: FlagNames): Promise<FlagIds> {
  const config = { client };
  const applicationId = await idOf(paginateListApplications(config, {}), names.application);
  const input = { ApplicationId: applicationId };
  return {
    applicationId,
    environmentId: await idOf(paginateListEnvironments(config, input), names.environment),
    profileId: await idOf(paginateListConfigurationProfiles(config, input), names.profile),
  };
}

export function findStrategyId(client: AppConfigClient, name: string): Promise<string> {
  return idOf(paginateListDeploymentStrategies({ client }, {}), name);
}

async function idOf(
  pages: AsyncIterable<{ readonly Items?: readonly { Id?: string; Name?: string }[] | undefined }>,
  name: string,
): Promise<string> {
  for await (const { Items = [] } of pages) {
    const found = Items.find((item) => item.Name === name)?.Id;
    if (found !== undefined) return found;
  }
  throw new MigrationError('FLAG_NOT_DEPLOYED', `AppConfig has no ${name}.`, {
    nextStep: 'Deploy the stack: npx cdk deploy',
  });
}
