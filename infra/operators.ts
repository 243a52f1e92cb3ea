import { CfnOutput, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { publishedFolder } from '../functions/flag/names.ts';
import { NEW_TABLES, TABLE_ROLES, type TableRole } from '../functions/migration/tables.ts';
import { MigrationError } from '../functions/model/migration-error.ts';
import { acknowledgeResource } from './acknowledge.ts';
import type { FailureBucket } from './failure-bucket.ts';
import { tableArn } from './new-tables.ts';
import type { ReadFlag } from './read-flag.ts';
import type { Settings } from './settings.ts';
import { executionArn, workflowArn } from './workflow-names.ts';

export interface OperatorsProps {
  readonly settings: Settings;
  readonly failures: FailureBucket;
  readonly readFlag: ReadFlag;
}

/** Characters of a managed policy, blanks not counted (IAM User Guide, "IAM and AWS STS quotas"). */
const POLICY_CHARACTERS_MAX = 6_144;

/**
 * What the commands ask for, as two managed policies. `Observe` is enough for those that only look; the others need
 * `Operate` beside it, since one policy has no room for both. Neither allows a write to a table of the service. Whoever runs
 * the organisation attaches them to people's roles.
 */
export class Operators extends Construct {
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, { settings, failures, readFlag }: OperatorsProps) {
    super(scope, id);
    this.settings = settings;
    const { importedArn } = failures;
    this.policy('Observe', 'Looking at the KPI migration, changing nothing.', this.observing(importedArn, readFlag));
    this.policy('Operate', 'Running the KPI migration, beside Observe.', this.operating(importedArn, readFlag));
  }

  private observing(bucketArn: string, readFlag: ReadFlag): PolicyStatement[] {
    const { settings } = this;
    const stack = Stack.of(this);
    const { resourceArns, versionsArn, deploymentsArn } = readFlag.operatorArns;
    const published = stack.formatArn({
      service: 'ssm',
      resource: 'parameter',
      resourceName: `${publishedFolder(settings.name).slice(1)}/*`,
    });
    return [
      allow(
        ['DescribeTable', 'GetItem', 'BatchGetItem', 'Query', 'Scan', 'DescribeBackup'].map(
          (name) => `dynamodb:${name}`,
        ),
        // Indexes and backups are parts of a table.
        this.arns(TABLE_ROLES, ['', '/*']),
      ),
      // None of these knows resources (Service Authorization Reference: DynamoDB, Lambda, CloudWatch, Application Auto Scaling).
      allow(
        [
          'dynamodb:ListBackups',
          'dynamodb:ListTables',
          'lambda:GetEventSourceMapping',
          'lambda:ListEventSourceMappings',
          'cloudwatch:DescribeAlarms',
          'cloudwatch:GetMetricData',
          'application-autoscaling:DescribeScalableTargets',
          'application-autoscaling:DescribeScalingPolicies',
        ],
        ['*'],
      ),
      allow(
        ['GetConfigurationProfile', 'GetEnvironment', 'GetDeployment', 'ListDeployments'].map((n) => `appconfig:${n}`),
        [...resourceArns, deploymentsArn],
      ),
      allow(
        ['appconfig:GetHostedConfigurationVersion', 'appconfig:ListHostedConfigurationVersions'],
        [...resourceArns, versionsArn],
      ),
      allow(['ssm:GetParameters'], [published]),
      ...this.ofWorkflow(['states:DescribeExecution'], [executionArn(settings, '*')]),
      allow(['s3:ListBucket'], [bucketArn]),
      allow(['s3:GetObject'], [`${bucketArn}/*`]),
    ];
  }

  private operating(bucketArn: string, readFlag: ReadFlag): PolicyStatement[] {
    const { resourceArns, deploymentsArn, strategyArns, monitorRoleArn } = readFlag.operatorArns;
    const passMonitorRole = allow(['iam:PassRole'], [monitorRoleArn]);
    passMonitorRole.addCondition('StringEquals', { 'iam:PassedToService': 'appconfig.amazonaws.com' });
    const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'ConditionCheckItem'];
    return [
      allow(
        writes.map((action) => `dynamodb:${action}`),
        this.arns([...NEW_TABLES, 'control'], ['']),
      ),
      // A backup changes nothing of its table.
      allow(['dynamodb:CreateBackup'], this.arns(TABLE_ROLES, [''])),
      allow(
        [
          'CreateHostedConfigurationVersion',
          'StartDeployment',
          'StopDeployment',
          'UpdateConfigurationProfile',
          'UpdateEnvironment',
        ].map((action) => `appconfig:${action}`),
        [...resourceArns, ...strategyArns, deploymentsArn],
      ),
      passMonitorRole,
      ...this.ofWorkflow(['states:StartExecution'], [workflowArn(this.settings)]),
      ...this.ofWorkflow(['states:StopExecution'], [executionArn(this.settings, '*')]),
      allow(['s3:DeleteObject'], [`${bucketArn}/*`]),
    ];
  }

  /** Nothing where there is no workflow to watch or to start. */
  private ofWorkflow(actions: string[], resources: string[]): PolicyStatement[] {
    return this.settings.backfill.workflow === undefined ? [] : [allow(actions, resources)];
  }

  private arns(roles: readonly TableRole[], suffixes: readonly string[]): string[] {
    return roles.flatMap((role) => suffixes.map((suffix) => tableArn(this, this.settings.tables[role], suffix)));
  }

  /** @throws MigrationError SETTINGS_INVALID if the names of the tables make the policy too long. */
  private policy(id: string, description: string, statements: PolicyStatement[]): void {
    const policy = new ManagedPolicy(this, id, { description, statements });
    const stack = Stack.of(this);
    // What CloudFormation puts in for a reference is shorter than the reference.
    const length = JSON.stringify(stack.resolve(policy.document)).length;
    if (length > POLICY_CHARACTERS_MAX) {
      throw new MigrationError(
        'SETTINGS_INVALID',
        `The policy ${id} takes ${length} characters; IAM allows ${POLICY_CHARACTERS_MAX}.`,
        {
          nextStep: 'Use shorter table names in migration.environments.NAME in cdk.json.',
        },
      );
    }
    const wild = statements.flatMap(({ resources }) => resources.filter((arn) => arn.endsWith('*')));
    for (const arn of new Set(wild))
      acknowledgeResource(policy, arn, 'All parts of exactly this resource, or an action that knows none.');
    new CfnOutput(stack, `${id}PolicyArn`, { value: policy.managedPolicyArn, description });
  }
}

function allow(actions: string[], resources: string[]): PolicyStatement {
  return new PolicyStatement({ actions, resources });
}
