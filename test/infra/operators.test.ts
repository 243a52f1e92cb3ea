import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, test } from 'vitest';
import { SERVICE_TABLES, TABLE_ROLES } from '../../functions/migration/tables.ts';
import { bucketDeliveries } from '../../functions/tables/failed-deliveries.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { OperatorPolicy } from './operator-policies.ts';
import { ofType, settingsWith, synthesise } from './synthesis.ts';
import { rightsOf } from './wire-rights.ts';
import { WORKFLOW_RIGHTS } from './workflow-rights.ts';

const settings = readSettings('local');
const observe = new OperatorPolicy('Observe');
const operate = new OperatorPolicy('Operate');

const READING = /^(dynamodb:(BatchGetItem|GetItem|Query|Scan)|[a-z0-9-]+:(Describe|Get|List)[A-Za-z]+)$/;
const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table';

describe('the policy for those who only look', () => {
  test('allows nothing but reading', () => {
    expect(observe.actions.filter((action) => !READING.test(action))).toEqual([]);
    expect(observe.actions).toContain('dynamodb:Scan');
  });

  test.each([
    'dynamodb:PutItem',
    'appconfig:StartDeployment',
    's3:DeleteObject',
    'ssm:PutParameter',
    'dynamodb:*',
    'application-autoscaling:RegisterScalableTarget',
    'cloudwatch:PutMetricData',
  ])('would not pass with %s', (action) => {
    expect(READING.test(action)).toBe(false);
  });

  test.each(TABLE_ROLES)('lets them read %s, its indexes and its backups', (role) => {
    const table = `${TABLE}/${settings.tables[role]}`;
    for (const part of ['', '/index/kpi-index']) expect(observe.allows(`dynamodb:Query ${table}${part}`)).toBe(true);
    expect(observe.allows(`dynamodb:DescribeBackup ${table}/backup/1`)).toBe(true);
  });
});

describe('both policies', () => {
  test.each([
    ['Observe', observe],
    ['Operate', operate],
  ] as const)('%s: allows no write to a table of the service', (_, policy) => {
    const writes = ['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'PartiQLInsert', 'PartiQLUpdate'];
    const changes = [...writes, 'PartiQLDelete', 'UpdateTable', 'DeleteTable', 'UpdateTimeToLive', 'CreateTable'];
    for (const role of SERVICE_TABLES) {
      const table = `${TABLE}/${settings.tables[role]}`;
      expect(
        changes.filter((action) => policy.allows(`dynamodb:${action} ${table}`)),
        role,
      ).toEqual([]);
    }
  });

  test('allow no wildcard action, and every resource only where IAM knows none', () => {
    for (const policy of [observe, operate]) {
      expect(policy.actions.filter((action) => action.includes('*'))).toEqual([]);
      const everywhere = policy.actions.filter((action) => policy.arnsOf((each) => each === action).includes('*'));
      expect(everywhere).toEqual(
        policy === observe
          ? [
              'application-autoscaling:DescribeScalableTargets',
              'application-autoscaling:DescribeScalingPolicies',
              'cloudwatch:DescribeAlarms',
              'cloudwatch:GetMetricData',
              'dynamodb:ListBackups',
              'dynamodb:ListTables',
              'lambda:GetEventSourceMapping',
              'lambda:ListEventSourceMappings',
            ]
          : [],
      );
    }
  });

  test('allow nothing of other tables, flags, parameters or buckets', () => {
    const others = [
      `dynamodb:GetItem ${TABLE}/another`,
      `dynamodb:PutItem ${TABLE}/another`,
      'appconfig:StartDeployment arn:aws:appconfig:us-east-1:000000000000:application/other/environment/other',
      'ssm:GetParameters arn:aws:ssm:us-east-1:000000000000:parameter/kpi-migration/production/read-flag/ids',
      's3:GetObject arn:aws:s3:::another/key',
    ];
    expect(others.filter((right) => observe.allows(right) || operate.allows(right))).toEqual([]);
  });

  test('fit into what IAM takes, with keys and long names of tables', () => {
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/mrk-00000000000000000000000000000000';
    const tables = Object.fromEntries(TABLE_ROLES.map((role) => [role, `a-long-prefix-${settings.tables[role]}`]));
    const all = synthesise(
      settingsWith({
        tables,
        keys: { tables: Object.fromEntries(SERVICE_TABLES.map((role) => [role, key])), newTables: key, failures: key },
      }),
    );
    const policies = ofType(all, 'AWS::IAM::ManagedPolicy');
    expect(policies).toHaveLength(2);
    for (const { id, Properties } of policies) {
      expect(JSON.stringify(Properties.PolicyDocument).length, id).toBeLessThan(6_144);
      expect(JSON.stringify(Properties.PolicyDocument), id).toContain('kms:Decrypt');
    }
  });

  test('are refused with names that IAM has no room for', () => {
    const tables = Object.fromEntries(TABLE_ROLES.map((role) => [role, role.padEnd(255, 'x')]));
    expect(() => synthesise(settingsWith({ tables }))).toThrow(/policy Observe takes \d+ characters/);
  });
});

describe('what is recorded', () => {
  const call = (target: string, body: object) => ({
    method: 'POST',
    path: '/',
    headers: { 'x-amz-target': target },
    body: JSON.stringify(body),
  });

  test.each([
    ['a write to a table of the service', call('DynamoDB_20120810.PutItem', { TableName: settings.tables.kpiActuals })],
    [
      'a transaction with an item of the service',
      call('DynamoDB_20120810.TransactWriteItems', {
        TransactItems: [{ Update: { TableName: settings.tables.goalKpiLinks } }],
      }),
    ],
    [
      'an insert in SQL',
      call('DynamoDB_20120810.BatchExecuteStatement', {
        Statements: [{ Statement: `INSERT INTO "${settings.tables.kpis}" VALUE {'id': ?}` }],
      }),
    ],
    ['metrics that are written', call('GraniteServiceVersion20100801.PutMetricData', {})],
    ['a change of autoscaling', call('AnyScaleFrontendService.RegisterScalableTarget', {})],
    ['an operation that is not known', { method: 'PUT', path: '/applications/a', headers: {}, body: '' }],
  ])('and not allowed is told: %s', (_, each) => {
    const rights = rightsOf(each);
    expect(rights).toHaveLength(1);
    for (const right of rights) expect(observe.allows(right) || operate.allows(right), right).toBe(false);
  });

  test('and allowed passes: a batch of puts into a new table', () => {
    const RequestItems = { [settings.tables.kpiData]: [{ PutRequest: { Item: { id: { S: 'a' } } } }] };
    const [right = ''] = rightsOf(call('DynamoDB_20120810.BatchWriteItem', { RequestItems }));
    expect(operate.allows(right)).toBe(true);
    expect(observe.allows(right)).toBe(false);
  });
});

describe('a workflow', () => {
  test('is watched with the one, started and stopped with the other', () => {
    const [describing = '', ...changing] = WORKFLOW_RIGHTS;
    expect(observe.allows(describing)).toBe(true);
    for (const right of changing) expect([observe.allows(right), operate.allows(right)], right).toEqual([false, true]);
  });

  test('that is not deployed takes no rights', () => {
    const policies = ofType(synthesise(settingsWith()), 'AWS::IAM::ManagedPolicy');
    expect(policies).toHaveLength(2);
    expect(JSON.stringify(policies)).not.toContain('states:');
  });
});

test('replaying from the bucket asks for nothing that the policies do not allow', async () => {
  const s3 = mockClient(S3Client);
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: 'a' }] });
  s3.on(GetObjectCommand).rejects(new Error('asked'));
  s3.on(DeleteObjectCommand).resolves({});
  const bucket = observe.arnsOf((action) => action === 's3:ListBucket')[0] ?? '';
  const deliveries = bucketDeliveries('failures');
  await Array.fromAsync(deliveries.list()).catch(() => []);
  await deliveries.remove('a');
  const actions = s3.calls().map(({ args: [command] }) => command.constructor.name.replace('Command', ''));
  s3.restore();
  const rightOf: Readonly<Record<string, string>> = {
    ListObjectsV2: `s3:ListBucket ${bucket}`,
    GetObject: `s3:GetObject ${bucket}/a`,
    DeleteObject: `s3:DeleteObject ${bucket}/a`,
  };
  expect(new Set(actions)).toEqual(new Set(Object.keys(rightOf)));
  expect(
    actions.filter((name) => !observe.allows(rightOf[name] ?? '') && !operate.allows(rightOf[name] ?? '')),
  ).toEqual([]);
});

describe('CloudTrail', () => {
  test('records who writes the control table, only where the settings ask for it', () => {
    expect(ofType(synthesise(settingsWith()), 'AWS::CloudTrail::Trail')).toEqual([]);
    const all = synthesise(settingsWith({ audit: { controlTableEvents: true, eventDays: 30 } }));
    const [trail] = ofType(all, 'AWS::CloudTrail::Trail');
    expect(trail?.Properties).toMatchObject({
      IsLogging: true,
      IsMultiRegionTrail: false,
      EnableLogFileValidation: true,
    });
    expect(trail?.Properties).not.toHaveProperty('EventSelectors');
    expect(trail?.Properties.AdvancedEventSelectors).toEqual([
      expect.objectContaining({
        FieldSelectors: [
          { Field: 'eventCategory', Equals: ['Data'] },
          { Field: 'resources.type', Equals: ['AWS::DynamoDB::Table'] },
          { Field: 'resources.ARN', Equals: ['arn:aws:dynamodb:eu-west-1:123456789012:table/kpi-migration-control'] },
          { Field: 'readOnly', Equals: ['false'] },
        ],
      }),
    ]);
    const bucket = all[trail?.Properties.S3BucketName.Ref];
    expect(bucket).toMatchObject({ Type: 'AWS::S3::Bucket', DeletionPolicy: 'RetainExceptOnCreate' });
    expect(bucket?.Properties.LifecycleConfiguration.Rules[0].ExpirationInDays).toBe(30);
  });
});
