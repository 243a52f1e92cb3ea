import {
  CreateHostedConfigurationVersionCommand,
  GetDeploymentCommand,
  StartDeploymentCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-appconfig';
import { GetLatestConfigurationCommand, StartConfigurationSessionCommand } from '@aws-sdk/client-appconfigdata';
import { ALL_AT_ONCE, content, IN_ENVIRONMENT, OF_PROFILE, PROFILE, type standIn } from './stand-in.ts';

type StandIn = Awaited<ReturnType<typeof standIn>>;

/** What an operator does, by the real client. */
export function operatorOf({ control }: Pick<StandIn, 'control'>) {
  const version = async (value: object, latest?: number): Promise<number> => {
    const input = { ...OF_PROFILE, Content: Buffer.from(content(value)), ContentType: 'application/json' };
    const { VersionNumber = 0 } = await control.send(
      new CreateHostedConfigurationVersionCommand({
        ...input,
        ...(latest !== undefined && { LatestVersionNumber: latest }),
      }),
    );
    return VersionNumber;
  };
  const deploy = async (number: number, strategyId = ALL_AT_ONCE, latestDeployment?: number) =>
    control.send(
      new StartDeploymentCommand({
        ...IN_ENVIRONMENT,
        ConfigurationProfileId: PROFILE,
        ConfigurationVersion: String(number),
        DeploymentStrategyId: strategyId,
        ...(latestDeployment !== undefined && { LatestDeploymentNumber: latestDeployment }),
      }),
    );
  return {
    version,
    deploy,
    /** Adds a version with this value and deploys it. */
    async set(value: object, strategyId?: string): Promise<number> {
      const { DeploymentNumber = 0 } = await deploy(await version(value), strategyId);
      return DeploymentNumber;
    },
    look: (DeploymentNumber: number) => control.send(new GetDeploymentCommand({ ...IN_ENVIRONMENT, DeploymentNumber })),
    stop: (DeploymentNumber: number, AllowRevert?: boolean) =>
      control.send(
        new StopDeploymentCommand({ ...IN_ENVIRONMENT, DeploymentNumber, ...(AllowRevert && { AllowRevert }) }),
      ),
  };
}

/** A reader's session, by the real client. */
export async function sessionOf({ data }: Pick<StandIn, 'data'>, pollIntervalSeconds?: number) {
  const { InitialConfigurationToken } = await data.send(
    new StartConfigurationSessionCommand({
      ApplicationIdentifier: 'migration',
      EnvironmentIdentifier: 'reads',
      ConfigurationProfileIdentifier: 'read-path',
      ...(pollIntervalSeconds !== undefined && { RequiredMinimumPollIntervalInSeconds: pollIntervalSeconds }),
    }),
  );
  let token = InitialConfigurationToken;
  return {
    token: () => token,
    /** @returns the content; undefined where it is unchanged. */
    async poll(): Promise<unknown> {
      const answer = await data.send(new GetLatestConfigurationCommand({ ConfigurationToken: token }));
      token = answer.NextPollConfigurationToken;
      const text = answer.Configuration?.transformToString() ?? '';
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}
