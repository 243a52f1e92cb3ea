import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { MigrationError } from '../model/migration-error.ts';
import { publishedNames, type Strategy } from './names.ts';

/** AppConfig's ids of what infra/flag-application.ts and infra/read-flag.ts create. */
export interface FlagIds {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
}

/** The flag's AppConfig environment, as commands name it. */
export function environmentOf({ applicationId, environmentId }: Pick<FlagIds, 'applicationId' | 'environmentId'>) {
  return { ApplicationId: applicationId, EnvironmentId: environmentId };
}

/** The flag's configuration profile, as commands name it. */
export function profileOf({ applicationId, profileId }: Pick<FlagIds, 'applicationId' | 'profileId'>) {
  return { ApplicationId: applicationId, ConfigurationProfileId: profileId };
}

/** Everything that the stacks publish about the flag. */
export interface PublishedFlag {
  readonly ids: FlagIds;
  readonly strategyIds: Readonly<Record<Strategy, string>>;
}

const id = z.string().min(1);
const publishedIds = z.object({ applicationId: id, profileId: id, widenStrategyId: id, fallbackStrategyId: id });

/**
 * Reads the ids that the stacks of an environment publish.
 *
 * @throws MigrationError FLAG_NOT_DEPLOYED if one of the stacks has published none; FLAG_IDS_UNREADABLE
 */
export async function readPublishedFlag(client: SSMClient, environmentName: string): Promise<PublishedFlag> {
  const names = publishedNames(environmentName);
  const { Parameters = [] } = await client.send(new GetParametersCommand({ Names: Object.values(names) }));
  const parameterOf = (name: string): string => {
    const value = Parameters.find(({ Name }) => Name === name)?.Value;
    if (value === undefined) throw notDeployed(name);
    return value;
  };
  const { applicationId, profileId, widenStrategyId, fallbackStrategyId } = parseIds(
    names.flag,
    parameterOf(names.flag),
  );
  return {
    ids: { applicationId, profileId, environmentId: parameterOf(names.environment) },
    strategyIds: { widen: widenStrategyId, fallback: fallbackStrategyId },
  };
}

function parseIds(name: string, value: string): z.infer<typeof publishedIds> {
  try {
    return publishedIds.parse(JSON.parse(value));
  } catch (cause) {
    throw new MigrationError('FLAG_IDS_UNREADABLE', `The parameter ${name} does not hold the ids of a read flag.`, {
      cause,
      nextStep: 'Deploy the stacks again: npx cdk deploy --all',
    });
  }
}

function notDeployed(name: string): MigrationError {
  return new MigrationError('FLAG_NOT_DEPLOYED', `There is no parameter ${name}: the read flag is not deployed.`, {
    nextStep: 'Deploy the stacks: npx cdk deploy --all',
  });
}
