import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnApplication,
  CfnConfigurationProfile,
  CfnDeploymentStrategy,
  CfnHostedConfigurationVersion,
} from 'aws-cdk-lib/aws-appconfig';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { flagDocument } from '../functions/flag/document.ts';
import { flagNames, publishedNames, strategyName } from '../functions/flag/names.ts';
import type { Settings } from './settings.ts';

/**
 * The read flag in AppConfig: application, profile, deployment strategies and a first, disabled version, which never
 * changes. Operators add further versions, which CloudFormation does not know about and so leaves alone.
 *
 * The profile has no validator here: one "must be created before the configuration profile" (AppConfig User Guide,
 * "Understanding validators"), and the gate belongs to the other stack. guards.ts puts it on.
 */
export class FlagApplication extends Construct {
  /** Ids as another stack imports them. */
  readonly applicationId: string;
  readonly profileId: string;
  readonly widenStrategyId: string;
  readonly fallbackStrategyId: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const names = flagNames(settings.name);
    const application = new CfnApplication(this, 'Application', { name: names.application });
    const profile = new CfnConfigurationProfile(this, 'Profile', {
      applicationId: application.ref,
      name: names.profile,
      type: 'AWS.AppConfig.FeatureFlags',
      locationUri: 'hosted',
    });
    const version = new CfnHostedConfigurationVersion(this, 'FirstVersion', {
      applicationId: application.ref,
      configurationProfileId: profile.ref,
      contentType: 'application/json',
      content: flagDocument({ enabled: false }),
      description: 'Reads stay on the old tables.',
    });
    // AppConfig refuses to delete a profile with versions, such as those of operators, and an application with a
    // profile. Where the creation is rolled back there are no such versions yet.
    for (const kept of [application, profile, version]) {
      kept.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    }
    const [widen, fallback] = this.strategies(settings);
    const stack = Stack.of(this);
    // Where the commands read them (functions/flag/ids.ts).
    new StringParameter(this, 'Ids', {
      parameterName: publishedNames(settings.name).flag,
      description: 'Ids of the read flag in AppConfig, for kpi-migrate.',
      stringValue: stack.toJsonString({
        applicationId: application.ref,
        profileId: profile.ref,
        widenStrategyId: widen,
        fallbackStrategyId: fallback,
      }),
    });
    this.applicationId = stack.exportValue(application.ref);
    this.profileId = stack.exportValue(profile.ref);
    this.widenStrategyId = stack.exportValue(widen);
    this.fallbackStrategyId = stack.exportValue(fallback);
  }

  private strategies({ name, readFlag: { widen } }: Settings): [widen: string, fallback: string] {
    const linear = { growthType: 'LINEAR', replicateTo: 'NONE' };
    const widening = new CfnDeploymentStrategy(this, 'Widen', {
      ...linear,
      name: strategyName(name, 'widen'),
      description: 'Readers get the flag step by step, and alarms are watched for a while after.',
      deploymentDurationInMinutes: widen.deploymentMinutes,
      growthFactor: widen.growthPercent,
      finalBakeTimeInMinutes: widen.bakeMinutes,
    });
    const fallback = new CfnDeploymentStrategy(this, 'Fallback', {
      ...linear,
      name: strategyName(name, 'fallback'),
      description: 'All readers get the flag at once.',
      deploymentDurationInMinutes: 0,
      growthFactor: 100,
      finalBakeTimeInMinutes: 0,
    });
    return [widening.ref, fallback.ref];
  }
}
