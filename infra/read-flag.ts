import { Stack } from 'aws-cdk-lib';
import { CfnEnvironment } from 'aws-cdk-lib/aws-appconfig';
import type { IAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { flagNames, publishedNames } from '../functions/flag/names.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { ControlTable } from './control-table.ts';
import type { FlagApplication } from './flag-application.ts';
import { nodeFunction } from './node-function.ts';
import type { Settings } from './settings.ts';

export interface ReadFlagProps {
  readonly settings: Settings;
  readonly control: ControlTable;
  readonly flag: FlagApplication;
  /** Alarms that roll back a deployment of the flag; AppConfig takes at most five. */
  readonly rollbackAlarms: readonly IAlarm[];
}

/** One second less than AppConfig waits for a validator. */
const GATE_TIMEOUT_SECONDS = 14;

/** Lambda allocates processor time by memory. With this much, a cold start takes well under the timeout. */
const GATE_MEMORY_MEGABYTES = 1_024;

/**
 * What decides which reads the flag moves: AppConfig's environment with the alarms that roll a deployment back, and the
 * gate. Both go with this stack. Without replication the new tables are stale within seconds, and readers that find no
 * environment read the old tables. The stack deploys no version of the flag: until an operator does, readers find none.
 */
export class ReadFlag extends Construct {
  readonly environmentId: string;
  readonly gateArn: string;
  readonly flag: FlagApplication;
  private readonly monitorRole: Role;

  constructor(scope: Construct, id: string, { settings, control, flag, rollbackAlarms }: ReadFlagProps) {
    super(scope, id);
    this.flag = flag;
    this.monitorRole = this.roleOfMonitors();
    const environment = new CfnEnvironment(this, 'Environment', {
      applicationId: flag.applicationId,
      name: flagNames(settings.name).environment,
      monitors: rollbackAlarms.map(({ alarmArn }) => ({ alarmArn, alarmRoleArn: this.monitorRole.roleArn })),
    });
    environment.node.addDependency(this.monitorRole);
    this.environmentId = environment.ref;
    new StringParameter(this, 'EnvironmentId', {
      parameterName: publishedNames(settings.name).environment,
      description: 'Id of the read flag’s environment in AppConfig, for kpi-migrate.',
      stringValue: environment.ref,
    });
    const gate = this.gate(settings, control);
    this.allowReadingDeployments(gate);
    this.gateArn = gate.functionArn;
  }

  /** ARN of the configuration that readers poll: this profile in this environment. */
  get configurationArn(): string {
    return `${this.environmentArn}/configuration/${this.flag.profileId}`;
  }

  private get applicationArn(): string {
    return this.arn('application', this.flag.applicationId);
  }

  private get environmentArn(): string {
    return this.arn('application', `${this.flag.applicationId}/environment/${this.environmentId}`);
  }

  private get profileArn(): string {
    return this.arn('application', `${this.flag.applicationId}/configurationprofile/${this.flag.profileId}`);
  }

  private arn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({ service: 'appconfig', resource, resourceName });
  }

  private gate(settings: Settings, control: ControlTable): IFunction {
    const gate = nodeFunction(this, 'Gate', {
      entry: 'gate-read-path',
      timeoutSeconds: GATE_TIMEOUT_SECONDS,
      memoryMegabytes: GATE_MEMORY_MEGABYTES,
      reservedConcurrency: settings.readFlag.gateReservedConcurrency,
      environment: {
        TABLE_NAMES: JSON.stringify(settings.tables),
        FLAG_ENVIRONMENT_ID: this.environmentId,
        REPORT_AGE_MAX_SECONDS: String(settings.readFlag.reportAgeMaxMinutes * 60),
        LAG_MAX_SECONDS: String(settings.readFlag.lagMaxSeconds),
      },
    });
    gate.addToRolePolicy(allow(['dynamodb:GetItem', 'dynamodb:Query'], [control.tableArn]));
    // No condition on the source: AppConfig documents none for validators, and a gate that cannot be called would block
    // fallbacks.
    gate.addPermission('AppConfig', { principal: new ServicePrincipal('appconfig.amazonaws.com') });
    return gate;
  }

  /** Lets a function see what is deployed. */
  private allowReadingDeployments(reader: IFunction): void {
    const versions = `${this.profileArn}/hostedconfigurationversion/*`;
    const role = roleOf(reader);
    role.addToPrincipalPolicy(allow(['appconfig:ListDeployments'], [this.applicationArn, this.environmentArn]));
    role.addToPrincipalPolicy(
      allow(['appconfig:GetHostedConfigurationVersion'], [this.applicationArn, this.profileArn, versions]),
    );
    acknowledgeResource(role, versions, 'AppConfig numbers the versions that operators make.');
  }

  /** Lets a function put the gate on the profile, and nothing else of the flag. */
  allowGuarding(target: IFunction): void {
    roleOf(target).addToPrincipalPolicy(
      allow(
        ['appconfig:GetConfigurationProfile', 'appconfig:UpdateConfigurationProfile'],
        [this.applicationArn, this.profileArn],
      ),
    );
  }

  /** Lets a function put all reads on the old tables (functions/flag/fall-back.ts), with the fallback strategy only. */
  allowFallback(target: IFunction): void {
    this.allowReadingDeployments(target);
    const { applicationArn, environmentArn, profileArn } = this;
    const deployments = `${environmentArn}/deployment/*`;
    const strategy = this.arn('deploymentstrategy', this.flag.fallbackStrategyId);
    const passMonitorRole = allow(['iam:PassRole'], [this.monitorRole.roleArn]);
    passMonitorRole.addCondition('StringEquals', { 'iam:PassedToService': 'appconfig.amazonaws.com' });
    const role = roleOf(target);
    for (const statement of [
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
    ]) {
      role.addToPrincipalPolicy(statement);
    }
    acknowledgeResource(role, deployments, 'AppConfig numbers the deployments; any in progress has to be stopped.');
  }

  private roleOfMonitors(): Role {
    const role = new Role(this, 'MonitorRole', { assumedBy: new ServicePrincipal('appconfig.amazonaws.com') });
    role.addToPolicy(allow(['cloudwatch:DescribeAlarms'], ['*']));
    acknowledgeResource(role, '*', 'CloudWatch tells of composite alarms only who may ask for all of them.');
    return role;
  }
}

function allow(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}

function roleOf({ role }: IFunction): IRole {
  if (role === undefined) throw new TypeError('A function of another stack has no role to add to.');
  return role;
}
