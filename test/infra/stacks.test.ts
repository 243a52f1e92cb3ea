import { describe, expect, test } from 'vitest';
import { publishedNames } from '../../functions/flag/names.ts';
import {
  appOf,
  ofType,
  type Resources,
  type StackTemplate,
  settingsWith,
  synthesise,
  templatesOf,
} from './synthesis.ts';

const settings = settingsWith();
const { state, migration } = templatesOf(settings);

/** Types of the state that `cdk import` can take back (CloudFormation User Guide, "Resource type support"). */
const IMPORTABLE = [
  'AWS::AppConfig::Application',
  'AWS::AppConfig::ConfigurationProfile',
  'AWS::AppConfig::DeploymentStrategy',
  'AWS::AppConfig::HostedConfigurationVersion',
  'AWS::DynamoDB::GlobalTable',
  'AWS::S3::Bucket',
];

/** Logical ids that a part of a template names. */
function named(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(named);
  if (typeof node !== 'object' || node === null) return [];
  if ('Ref' in node) return [String(node.Ref)].filter((id) => !id.startsWith('AWS::'));
  if ('Fn::GetAtt' in node) return [String((node['Fn::GetAtt'] as unknown[])[0])];
  return Object.values(node).flatMap(named);
}

/**
 * What keeps importable resources from being imported. An import changes nothing but what it imports (CloudFormation User
 * Guide, "Import AWS resources into a CloudFormation stack"), so they may name only one another.
 */
function importProblems(resources: Resources): string[] {
  const importable = Object.entries(resources).filter(([, { Type }]) => IMPORTABLE.includes(Type));
  const ids = importable.map(([id]) => id);
  return importable.flatMap(([id, { DependsOn, Properties }]) => [
    ...[DependsOn ?? []].flat().map((other) => `${id} waits for ${other}`),
    ...named(Properties)
      .filter((other) => !ids.includes(other))
      .map((other) => `${id} names ${other}`),
  ]);
}

describe('the state', () => {
  test('depends on nothing, and everything else on it', () => {
    const app = appOf(settings);
    const [ofState, ofMigration] = app.synth().stacks;
    const stacksIn = (artifact: typeof ofState) =>
      artifact?.dependencies.map(({ id }) => id).filter((id) => !id.endsWith('.assets'));
    expect(stacksIn(ofState)).toEqual([]);
    expect(stacksIn(ofMigration)).toEqual(['kpi-migration-test-state']);
    expect(JSON.stringify(state)).not.toMatch(/Fn::ImportValue|Fn::GetStackOutput|AWS::Lambda|Custom::/);
  });

  test('is the tables, the failures, and what AppConfig keeps of the flag', () => {
    const types = Object.values(state.Resources).map(({ Type }) => Type);
    expect(types.sort()).toEqual([
      'AWS::AppConfig::Application',
      'AWS::AppConfig::ConfigurationProfile',
      'AWS::AppConfig::DeploymentStrategy',
      'AWS::AppConfig::DeploymentStrategy',
      'AWS::AppConfig::HostedConfigurationVersion',
      'AWS::DynamoDB::GlobalTable',
      'AWS::DynamoDB::GlobalTable',
      'AWS::DynamoDB::GlobalTable',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SSM::Parameter',
    ]);
    for (const type of types.filter((each) => /DynamoDB|Bucket$|Application|Profile|Version/.test(each))) {
      expect(ofType(migration.Resources, type), type).toEqual([]);
    }
  });

  test('can be imported after a stack has left it behind', () => {
    expect(importProblems(state.Resources)).toEqual([]);
  });

  const table = { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName: 'a' } };
  test.each<[string, Resources]>([
    ['a table that waits', { Table: { ...table, DependsOn: ['Function'] } }],
    ['a bucket with a key of its own', { Bucket: { Type: 'AWS::S3::Bucket', Properties: { Key: { Ref: 'Key' } } } }],
    [
      'a profile with a gate of the stack',
      {
        Profile: {
          Type: 'AWS::AppConfig::ConfigurationProfile',
          Properties: { Validators: [{ Content: { 'Fn::GetAtt': ['Gate', 'Arn'] } }] },
        },
      },
    ],
  ])('could not be imported with %s', (_, resources) => {
    expect(importProblems(resources)).toHaveLength(1);
  });

  test('exports the same whatever the other stack uses of it', () => {
    const exportsOf = ({ Outputs }: StackTemplate) =>
      Object.values(Outputs).flatMap(({ Export }) => (Export ? [Export.Name] : []));
    const everything = templatesOf(
      settingsWith({
        readPath: { callers: [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' }] },
        validation: { fallbackOnDisagreement: true },
      }),
    );
    expect(exportsOf(everything.state)).toEqual(exportsOf(state));
    expect(exportsOf(state)).toHaveLength(4);
  });
});

describe('a deployment that fails', () => {
  test('leaves nothing behind that blocks the next one', () => {
    // CloudFormation Template Reference, "DeletionPolicy attribute": RetainExceptOnCreate deletes what a rolled-back
    // creation made, and retains otherwise.
    const retained = Object.entries(synthesise(settings)).filter(
      ([, { DeletionPolicy }]) => DeletionPolicy === 'Retain',
    );
    expect(retained).toEqual([]);
  });

  test('finds nothing of another name than its own: names that outlive a stack are made by CloudFormation', () => {
    for (const { id, Properties } of ofType(migration.Resources, 'AWS::Logs::LogGroup')) {
      expect(typeof Properties.LogGroupName, id).not.toBe('string');
    }
  });
});

describe('both stacks', () => {
  test('are protected from termination unless the settings say otherwise', () => {
    const protectedOf = (given: object) => {
      const { state: ofState, stack } = appOf(settingsWith(given));
      return [ofState.terminationProtection, stack.terminationProtection];
    };
    expect(protectedOf({})).toEqual([true, true]);
    expect(protectedOf({ stack: { terminationProtection: false } })).toEqual([false, false]);
  });

  test('bear the tags of the settings, and so do their resources', () => {
    const tagged = templatesOf(settingsWith({ stack: { tags: { 'cost-centre': 'kpi' } } }));
    const tag = { Key: 'cost-centre', Value: 'kpi' };
    const [bucket] = ofType(tagged.state.Resources, 'AWS::S3::Bucket');
    expect(bucket?.Properties.Tags).toContainEqual(tag);
    const [role] = ofType(tagged.migration.Resources, 'AWS::IAM::Role');
    expect(role?.Properties.Tags).toContainEqual(tag);
  });

  test('say what the runbook needs: the bucket, the topic and the dashboard', () => {
    const [bucket] = ofType(state.Resources, 'AWS::S3::Bucket');
    const [topic] = ofType(migration.Resources, 'AWS::SNS::Topic');
    expect(state.Outputs.FailureBucketName?.Value).toEqual({ Ref: bucket?.id });
    expect(migration.Outputs.AlarmTopicArn?.Value).toEqual({ Ref: topic?.id });
    expect(migration.Outputs.DashboardUrl?.Value).toBe(
      'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#dashboards/dashboard/kpi-migration-test',
    );
    const [dashboard] = ofType(migration.Resources, 'AWS::CloudWatch::Dashboard');
    expect(dashboard?.Properties.DashboardName).toBe('kpi-migration-test');
  });

  test('publish the ids of the flag where the commands look', () => {
    const resources = synthesise(settings);
    const parameterNamed = (name: string) =>
      ofType(resources, 'AWS::SSM::Parameter').find(({ Properties }) => Properties.Name === name)?.Properties.Value;
    const { flag, environment } = publishedNames('test');
    const [reads] = ofType(resources, 'AWS::AppConfig::Environment');
    expect(parameterNamed(environment)).toEqual({ Ref: reads?.id });
    expect(named(parameterNamed(flag)).map((id) => resources[id]?.Type)).toEqual([
      'AWS::AppConfig::Application',
      'AWS::AppConfig::ConfigurationProfile',
      'AWS::AppConfig::DeploymentStrategy',
      'AWS::AppConfig::DeploymentStrategy',
    ]);
  });
});

describe('what has to run at every deployment', () => {
  test('is told when its template was made, which CloudFormation takes for a change', () => {
    const custom = ['Custom::Guards', 'Custom::OldTableStream'].flatMap((type) => ofType(migration.Resources, type));
    expect(custom).toHaveLength(5);
    for (const { Properties } of custom) expect(Date.now() - Date.parse(Properties.MadeAt)).toBeLessThan(600_000);
  });

  test('says of each stream what it found', () => {
    for (const source of ['Links', 'Milestones', 'Actuals', 'Readings']) {
      expect(migration.Outputs[`StreamOf${source}`]?.Value).toMatchObject({
        'Fn::GetAtt': [expect.anything(), 'Notice'],
      });
    }
  });

  test('finds the stream again, and the mapping follows it', () => {
    for (const { Properties } of ofType(migration.Resources, 'AWS::Lambda::EventSourceMapping')) {
      const [id, attribute] = Properties.EventSourceArn['Fn::GetAtt'];
      expect([migration.Resources[id]?.Type, attribute]).toEqual(['Custom::OldTableStream', 'StreamArn']);
    }
  });
});
