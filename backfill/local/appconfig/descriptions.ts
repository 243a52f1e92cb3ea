import { type DeploymentState, eventsOf, momentOf } from './deployment-timeline.ts';
import type { Deployment } from './deployments.ts';
import {
  type ConfigurationProfile,
  type DeploymentStrategy,
  type Environment,
  FLAG_PROFILE_TYPE,
} from './resources.ts';

const LOCATION_URI = 'hosted';

/** Members as AppConfig's API Reference names them; instants are ISO 8601, durations AppConfig's own minutes. */
export function strategyDetail({ id, name, ...strategy }: DeploymentStrategy): object {
  return { Id: id, Name: name, ...growthOf(strategy), ReplicateTo: 'NONE' };
}

export function profileSummary({ applicationId, id, name, validatorFunctionIds }: ConfigurationProfile): object {
  return {
    ApplicationId: applicationId,
    Id: id,
    Name: name,
    LocationUri: LOCATION_URI,
    ValidatorTypes: validatorFunctionIds.map(() => 'LAMBDA'),
    Type: FLAG_PROFILE_TYPE,
  };
}

export function profileDetail({ applicationId, id, name, validatorFunctionIds }: ConfigurationProfile): object {
  return {
    ApplicationId: applicationId,
    Id: id,
    Name: name,
    LocationUri: LOCATION_URI,
    Validators: validatorFunctionIds.map((Content) => ({ Type: 'LAMBDA', Content })),
    Type: FLAG_PROFILE_TYPE,
  };
}

const ENVIRONMENT_STATES: Readonly<Record<DeploymentState, string>> = {
  VALIDATING: 'DEPLOYING',
  DEPLOYING: 'DEPLOYING',
  BAKING: 'DEPLOYING',
  COMPLETE: 'READY_FOR_DEPLOYMENT',
  ROLLING_BACK: 'ROLLING_BACK',
  ROLLED_BACK: 'ROLLED_BACK',
  REVERTED: 'REVERTED',
};

export function environmentDetail(
  { applicationId, id, name, monitors }: Environment,
  latest: Deployment | undefined,
  nowMs: number,
): object {
  return {
    ApplicationId: applicationId,
    Id: id,
    Name: name,
    State: ENVIRONMENT_STATES[latest === undefined ? 'COMPLETE' : momentOf(latest, nowMs).state],
    Monitors: monitors.map(({ alarmArn, alarmRoleArn }) => ({ AlarmArn: alarmArn, AlarmRoleArn: alarmRoleArn })),
  };
}

export function deploymentSummary(deployment: Deployment, nowMs: number): object {
  const { state, percentageComplete, completedAtMs } = momentOf(deployment, nowMs);
  return {
    DeploymentNumber: deployment.number,
    ConfigurationProfileId: deployment.profileId,
    ConfigurationName: deployment.profileName,
    ConfigurationVersion: String(deployment.version),
    VersionLabel: deployment.versionLabel,
    ...growthOf(deployment.strategy),
    State: state,
    PercentageComplete: percentageComplete,
    StartedAt: new Date(deployment.startedAtMs).toISOString(),
    ...(completedAtMs !== undefined && { CompletedAt: new Date(completedAtMs).toISOString() }),
  };
}

export function deploymentDetail(deployment: Deployment, nowMs: number): object {
  return {
    ...deploymentSummary(deployment, nowMs),
    ApplicationId: deployment.applicationId,
    EnvironmentId: deployment.environmentId,
    DeploymentStrategyId: deployment.strategy.id,
    ConfigurationLocationUri: LOCATION_URI,
    Description: deployment.description,
    EventLog: eventsOf(deployment, nowMs),
  };
}

function growthOf(strategy: Omit<DeploymentStrategy, 'id' | 'name'>): object {
  return {
    DeploymentDurationInMinutes: strategy.deploymentDurationMinutes,
    GrowthType: strategy.growthType,
    GrowthFactor: strategy.growthFactor,
    FinalBakeTimeInMinutes: strategy.finalBakeMinutes,
  };
}
