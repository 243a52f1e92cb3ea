import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnApplication,
  CfnConfigurationProfile,
  CfnDeploymentStrategy,
  CfnEnvironment,
  CfnHostedConfigurationVersion,
} from 'aws-cdk-lib/aws-appconfig';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { flagDocument } from '../functions/flag/document.ts';
import { flagNames, strategyName } from '../functions/flag/names.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { ControlTable } from './control-table.ts';
import { nodeFunction } from './node-function.ts';
import type { Settings } from './settings.ts';

export interface ReadFlagProps {
  readonly settings: Settings;
  readonly control: ControlTable;
  /** Alarms that roll back a deployment of the flag; AppConfig takes at most five. */
  readonly rollbackAlarms: readonly IAlarm[];
}

/** One second less than AppConfig waits for a validator. */
const GATE_TIMEOUT_SECONDS = 14;

/** Lambda allocates processor time by memory. With this much, a cold start takes well under the timeout. */
const GATE_MEMORY_MEGABYTES = 1_024;

/**
 * The flag in AppConfig that decides which tables answer reads. The stack owns its structure and a first, disabled
 * version, which never changes. Operators add further versions, which CloudFormation does not know and so leaves alone.
 * The stack deploys no version. Until an operator does, readers find no flag and read the old tables.
 */
export class ReadFlag extends Construct {
  readonly applicationId: string;
  readonly environmentId: string;
  readonly profileId: string;
  readonly fallbackStrategyId: string;
  private readonly monitorRole: Role;

  constructor(scope: Construct, id: string, { settings, control, rollbackAlarms }: ReadFlagProps) {
    super(scope, id);
    const names = flagNames(settings.name);
    const application = new CfnApplication(this, 'Application', { name: names.application });
    this.monitorRole = this.roleOfMonitors();
    const environment = new CfnEnvironment(this, 'Environment', {
      applicationId: application.ref,
      name: names.environment,
      monitors: rollbackAlarms.map(({ alarmArn }) => ({ alarmArn, alarmRoleArn: this.monitorRole.roleArn })),
    });
    environment.node.addDependency(this.monitorRole);
    const gate = this.gate(settings, control, environment.ref);
    const profile = new CfnConfigurationProfile(this, 'Profile', {
      applicationId: application.ref,
      name: names.profile,
      type: 'AWS.AppConfig.FeatureFlags',
      locationUri: 'hosted',
      validators: [{ type: 'LAMBDA', content: gate.functionArn }],
    });
    const version = new CfnHostedConfigurationVersion(this, 'FirstVersion', {
      applicationId: application.ref,
      configurationProfileId: profile.ref,
      contentType: 'application/json',
      content: flagDocument({ enabled: false }),
      description: 'Reads stay on the old tables.',
    });
    // AppConfig refuses to delete a profile with versions, such as those of operators, and an application with a
    // profile.
    for (const kept of [application, profile, version]) kept.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.fallbackStrategyId = this.strategies(settings);
    this.applicationId = application.ref;
    this.environmentId = environment.ref;
    this.profileId = profile.ref;
    this.allowReadingDeployments('GateReadsFlag', gate);
  }

  /** ARN of the configuration that readers poll: this profile in this environment. */
  get configurationArn(): string {
    return `${this.environmentArn}/configuration/${this.profileId}`;
  }

  private get applicationArn(): string {
    return this.arn('application', this.applicationId);
  }

  private get environmentArn(): string {
    return this.arn('application', `${this.applicationId}/environment/${this.environmentId}`);
  }

  private get profileArn(): string {
    return this.arn('application', `${this.applicationId}/configurationprofile/${this.profileId}`);
  }

  private arn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'appconfig', resource, resourceName });
  }

  private gate(settings: Settings, control: ControlTable, environmentId: string): IFunction {
    const gate = nodeFunction(this, 'Gate', {
      entry: 'gate-read-path',
      timeoutSeconds: GATE_TIMEOUT_SECONDS,
      memoryMegabytes: GATE_MEMORY_MEGABYTES,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        FLAG_ENVIRONMENT_ID: environmentId,
        REPORT_AGE_MAX_SECONDS: String(settings.readFlag.reportAgeMaxMinutes * 60),
        LAG_MAX_SECONDS: String(settings.readFlag.lagMaxSeconds),
      },
    });
    gate.addToRolePolicy(allow(['dynamodb:GetItem', 'dynamodb:Query'], [control.table.tableArn]));
    // No condition on the source: AppConfig documents none for validators, and a gate that cannot be called would block
    // fallbacks.
    gate.addPermission('AppConfig', { principal: new ServicePrincipal('appconfig.amazonaws.com') });
    return gate;
  }

  /**
   * Lets a function see what is deployed. This is a policy of its own to avoid a circle: the profile needs the gate's
   * function, and that waits for the default policy of its role.
   */
  private allowReadingDeployments(id: string, reader: IFunction): void {
    const versions = `${this.profileArn}/hostedconfigurationversion/*`;
    const statements = [
      allow(['appconfig:ListDeployments'], [this.applicationArn, this.environmentArn]),
      allow(['appconfig:GetHostedConfigurationVersion'], [this.applicationArn, this.profileArn, versions]),
    ];
    const policy = new Policy(this, id, { roles: [roleOf(reader)], statements });
    acknowledgeResource(policy, versions, 'AppConfig numbers the versions that operators make.');
  }

  /** Lets a function put all reads on the old tables (functions/flag/fall-back.ts), with the fallback strategy only. */
  allowFallback(id: string, target: IFunction): void {
    this.allowReadingDeployments(`${id}Reads`, target);
    const { applicationArn, environmentArn, profileArn } = this;
    const deployments = `${environmentArn}/deployment/*`;
    const strategy = this.arn('deploymentstrategy', this.fallbackStrategyId);
    const passMonitorRole = allow(['iam:PassRole'], [this.monitorRole.roleArn]);
    passMonitorRole.addCondition('StringEquals', { 'iam:PassedToService': 'appconfig.amazonaws.com' });
    const statements = [
      allow(
        ['appconfig:ListHostedConfigurationVersions', 'appconfig:CreateHostedConfigurationVersion'],
        [applicationArn, profileArn],
      ),
      allow(['appconfig:StartDeployment'], [applicationArn, profileArn, environmentArn, strategy]),
      allow(['appconfig:StopDeployment', 'appconfig:GetDeployment'], [applicationArn, environmentArn, deployments]),
      // What stops the fallback is suspended until it is complete: the gate, or an alarm that rolls it back.
      allow(
        ['appconfig:GetConfigurationProfile', 'appconfig:UpdateConfigurationProfile'],
        [applicationArn, profileArn],
      ),
      allow(['appconfig:GetEnvironment', 'appconfig:UpdateEnvironment'], [applicationArn, environmentArn]),
      passMonitorRole,
    ];
    const policy = new Policy(this, id, { roles: [roleOf(target)], statements });
    acknowledgeResource(policy, deployments, 'AppConfig numbers the deployments; any in progress has to be stopped.');
  }

  private roleOfMonitors(): Role {
    const role = new Role(this, 'MonitorRole', { assumedBy: new ServicePrincipal('appconfig.amazonaws.com') });
    role.addToPolicy(allow(['cloudwatch:DescribeAlarms'], ['*']));
    acknowledgeResource(role, '*', 'CloudWatch tells of composite alarms only who may ask for all of them.');
    return role;
  }

  /** @returns the id of the fallback strategy. */
  private strategies({ name, readFlag: { widen } }: Settings): string {
    const linear = { growthType: 'LINEAR', replicateTo: 'NONE' };
    new CfnDeploymentStrategy(this, 'Widen', {
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
    return fallback.ref;
  }
}

function allow(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}

function roleOf({ role }: IFunction): IRole {
  if (role === undefined) throw new TypeError('A function of another stack has no role to add to.');
  return role;
}
