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
  /** Alarms that take a rollout back; AppConfig takes five at most. */
  readonly rollbackAlarms: readonly IAlarm[];
}

/** A second below the 15 that AppConfig waits for a validator. */
const GATE_TIMEOUT_SECONDS = 14;

/** Lambda gives processor time by memory: enough for a cold start well within that. */
const GATE_MEMORY_MEGABYTES = 1_024;

/**
 * The flag that says which tables answer reads, in AppConfig. The stack owns its structure and a first, disabled version, which
 * never changes: what operators set since are further versions, which CloudFormation does not know and so leaves alone. The
 * stack deploys none; before the first deployment readers find no flag, and read the old tables.
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
    // AppConfig refuses to delete a profile that has versions, as those that operators made, and an application that has a profile.
    for (const kept of [application, profile, version]) kept.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.fallbackStrategyId = this.strategies(settings);
    this.applicationId = application.ref;
    this.environmentId = environment.ref;
    this.profileId = profile.ref;
    this.allowReadingDeployments('GateReadsFlag', gate);
  }

  /** ARN of the configuration as readers are given it: this profile in this environment. */
  get configurationArn(): string {
    return this.arn(`environment/${this.environmentId}/configuration/${this.profileId}`);
  }

  /** ARN of a part of the application, or of the application itself. */
  private arn(part?: string): string {
    return Stack.of(this).formatArn({
      service: 'appconfig',
      resource: 'application',
      resourceName: part === undefined ? this.applicationId : `${this.applicationId}/${part}`,
    });
  }

  private gate(settings: Settings, control: ControlTable, environmentId: string): IFunction {
    const gate = nodeFunction(this, 'Gate', {
      entry: 'gate-read-path.ts',
      timeoutSeconds: GATE_TIMEOUT_SECONDS,
      memoryMegabytes: GATE_MEMORY_MEGABYTES,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        FLAG_ENVIRONMENT_ID: environmentId,
        REPORT_AGE_MAX_SECONDS: String(settings.readFlag.reportAgeMaxMinutes * 60),
        LAG_MAX_SECONDS: String(settings.readFlag.lagMaxSeconds),
      },
    });
    gate.addToRolePolicy(
      new PolicyStatement({ actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: [control.table.tableArn] }),
    );
    // As AppConfig's documents have it, without a condition on the source: they promise none, and a gate that cannot be called would
    // keep reads from falling back.
    gate.addPermission('AppConfig', { principal: new ServicePrincipal('appconfig.amazonaws.com') });
    return gate;
  }

  /**
   * Lets a function see what is deployed. A policy of its own, as the profile names the gate, and the gate's function waits for the
   * policies of its role.
   */
  private allowReadingDeployments(id: string, reader: IFunction): void {
    const versions = this.arn(`configurationprofile/${this.profileId}/hostedconfigurationversion/*`);
    const policy = new Policy(this, id, {
      roles: [roleOf(reader)],
      statements: [
        new PolicyStatement({
          actions: ['appconfig:ListDeployments'],
          resources: [this.arn(), this.arn(`environment/${this.environmentId}`)],
        }),
        new PolicyStatement({
          actions: ['appconfig:GetHostedConfigurationVersion'],
          resources: [this.arn(), this.arn(`configurationprofile/${this.profileId}`), versions],
        }),
      ],
    });
    acknowledgeResource(policy, versions, 'AppConfig numbers the versions that operators make.');
  }

  /** Lets a function put all reads on the old tables (functions/flag/fall-back.ts), by the strategy for fallbacks alone. */
  allowFallback(id: string, target: IFunction): void {
    this.allowReadingDeployments(`${id}Reads`, target);
    const profile = this.arn(`configurationprofile/${this.profileId}`);
    const environment = this.arn(`environment/${this.environmentId}`);
    const deployments = `${environment}/deployment/*`;
    const strategy = Stack.of(this).formatArn({
      service: 'appconfig',
      resource: 'deploymentstrategy',
      resourceName: this.fallbackStrategyId,
    });
    const versions = ['ListHostedConfigurationVersions', 'CreateHostedConfigurationVersion'];
    const policy = new Policy(this, id, {
      roles: [roleOf(target)],
      statements: [
        new PolicyStatement({
          actions: versions.map((action) => `appconfig:${action}`),
          resources: [this.arn(), profile],
        }),
        new PolicyStatement({
          actions: ['appconfig:StartDeployment'],
          resources: [this.arn(), profile, environment, strategy],
        }),
        new PolicyStatement({
          actions: ['appconfig:StopDeployment'],
          resources: [this.arn(), environment, deployments],
        }),
        // An alarm that rings would take the fallback back: until it is through, the environment watches none.
        new PolicyStatement({
          actions: ['appconfig:GetEnvironment', 'appconfig:UpdateEnvironment'],
          resources: [this.arn(), environment],
        }),
        new PolicyStatement({
          actions: ['iam:PassRole'],
          resources: [this.monitorRole.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'appconfig.amazonaws.com' } },
        }),
      ],
    });
    acknowledgeResource(policy, deployments, 'AppConfig numbers the deployments; any in progress has to be stopped.');
  }

  private roleOfMonitors(): Role {
    const role = new Role(this, 'MonitorRole', { assumedBy: new ServicePrincipal('appconfig.amazonaws.com') });
    role.addToPolicy(new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }));
    acknowledgeResource(role, '*', 'CloudWatch tells of composite alarms only who may ask for all of them.');
    return role;
  }

  /** @returns the id of the one for fallbacks. */
  private strategies({ name, readFlag: { widen } }: Settings): string {
    new CfnDeploymentStrategy(this, 'Widen', {
      name: strategyName(name, 'widen'),
      description: 'Readers get the flag step by step, and alarms are watched for a while after.',
      deploymentDurationInMinutes: widen.deploymentMinutes,
      growthFactor: widen.growthPercent,
      growthType: 'LINEAR',
      finalBakeTimeInMinutes: widen.bakeMinutes,
      replicateTo: 'NONE',
    });
    const fallback = new CfnDeploymentStrategy(this, 'Fallback', {
      name: strategyName(name, 'fallback'),
      description: 'All readers get the flag at once.',
      deploymentDurationInMinutes: 0,
      growthFactor: 100,
      growthType: 'LINEAR',
      finalBakeTimeInMinutes: 0,
      replicateTo: 'NONE',
    });
    return fallback.ref;
  }
}

function roleOf({ role }: IFunction): IRole {
  if (role === undefined) throw new TypeError('A function of another stack has no role to add to.');
  return role;
}
