import { describe, expect, test } from 'vitest';
import { SERVICE_TABLES, TABLE_ROLES } from '../../functions/migration/tables.ts';
import { keyOfTable } from '../../infra/settings.ts';
import { allowedBy } from './policies.ts';
import { ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

/** The ARN of a key of a multi-Region kind, whose id is made of the name. */
const keyNamed = (name: string) =>
  `arn:aws:kms:eu-west-1:123456789012:key/mrk-${Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32)}`;
const settings = settingsWith({
  readPath: { callers: [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' }] },
  keys: {
    tables: Object.fromEntries(SERVICE_TABLES.map((role) => [role, keyNamed(role)])),
    newTables: keyNamed('new-tables'),
    failures: keyNamed('failures'),
    logs: keyNamed('logs'),
  },
});
const resources = synthesise(settings);

const READS = ['BatchGetItem', 'GetItem', 'Query', 'Scan'];
const WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];
const WRITING = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];

/** Uses of a table or the bucket by a policy that has no right to use its key for that. */
function withoutKey(all: Resources): string[] {
  const statements = allowedBy(all);
  return statements.flatMap(({ where, actions, resources: arns }) => {
    const [policy] = where.split('/');
    const mayUse = (action: string, keyArn: string) =>
      statements.some(
        (each) =>
          each.where.split('/')[0] === policy && each.actions.includes(action) && each.resources.includes(keyArn),
      );
    const needs = (key: string | undefined, isUse: boolean, wanted: readonly string[]) =>
      isUse && key !== undefined
        ? wanted.filter((action) => !mayUse(action, key)).map((each) => `${policy}: ${each} ${key}`)
        : [];
    const has = (names: readonly string[]) => names.some((name) => actions.includes(name));
    const ofTables = TABLE_ROLES.filter((role) =>
      arns.some((arn) => `${arn}/`.includes(`:table/${settings.tables[role]}/`)),
    ).flatMap((role) => {
      const key = keyOfTable(settings, role);
      return [
        ...needs(key, has([...READS, ...WRITES].map((name) => `dynamodb:${name}`)), ['kms:Decrypt']),
        ...needs(key, has(WRITES.map((name) => `dynamodb:${name}`)), WRITING),
      ];
    });
    return [...ofTables, ...needs(settings.keys.failures, has(['s3:PutObject']), ['kms:Decrypt', ...WRITING])];
  });
}

describe('whoever may use a table or the bucket', () => {
  test('may use its key', () => {
    expect(withoutKey(resources)).toEqual([]);
  });

  test.each([
    ['reads an old table', 'dynamodb:Query', settings.tables.kpiActuals, 1],
    ['reads an index', 'dynamodb:Query', `${settings.tables.people}/index/linked-user-index`, 1],
    ['writes a new table', 'dynamodb:PutItem', settings.tables.kpiData, 5],
  ])('and would be reported if not: who %s', (_, Action, table, missing) => {
    const Statement = [{ Effect: 'Allow', Action, Resource: `arn:aws:dynamodb:eu-west-1:123456789012:table/${table}` }];
    const planted = { Planted: { Type: 'AWS::IAM::Policy', Properties: { PolicyDocument: { Statement } } } };
    expect(withoutKey(planted)).toHaveLength(missing);
  });

  test('may use it only by the service that keeps the data', () => {
    const services = JSON.stringify(resources).match(/"kms:ViaService":(\{.*?\]\]\}|"[^"]*")/g) ?? [];
    expect(services.length).toBeGreaterThan(8);
    const ofKeys = ofType(resources, 'AWS::IAM::Policy').flatMap(({ Properties }) =>
      Properties.PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) =>
        [Action].flat().some((action) => String(action).startsWith('kms:')),
      ),
    );
    for (const { Condition, Resource } of ofKeys) {
      const service = JSON.stringify(Resource).includes(keyNamed('failures')) ? 's3' : 'dynamodb';
      const via = JSON.stringify(Condition.StringEquals['kms:ViaService']);
      expect(via).toContain(`${service}.eu-west-1.`);
      expect(JSON.stringify(Resource)).not.toContain('"*"');
    }
  });

  test('of the old tables may decrypt and never encrypt', () => {
    const oldKeys = SERVICE_TABLES.map(keyNamed);
    const onOld = allowedBy(resources).filter((each) => each.resources.some((arn) => oldKeys.includes(arn)));
    const actions = new Set(
      onOld.filter(({ where }) => !where.startsWith('OldTablesEnsureStream')).flatMap((each) => each.actions),
    );
    expect([...actions].sort()).toEqual(['kms:Decrypt', 'kms:DescribeKey']);
  });
});

describe('what the stacks keep', () => {
  test('is encrypted with the keys of the settings', () => {
    for (const { Properties } of ofType(resources, 'AWS::DynamoDB::GlobalTable')) {
      expect(Properties.SSESpecification).toEqual({ SSEEnabled: true, SSEType: 'KMS' });
      expect(Properties.Replicas[0].SSESpecification).toEqual({ KMSMasterKeyId: keyNamed('new-tables') });
    }
    const [bucket] = ofType(resources, 'AWS::S3::Bucket');
    expect(bucket?.Properties.BucketEncryption.ServerSideEncryptionConfiguration).toEqual([
      {
        BucketKeyEnabled: true,
        ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyNamed('failures') },
      },
    ]);
    const groups = ofType(resources, 'AWS::Logs::LogGroup');
    expect(groups.length).toBeGreaterThan(8);
    for (const { Properties } of groups) expect(Properties.KmsKeyId).toBe(keyNamed('logs'));
  });

  test('needs no key without one in the settings', () => {
    const without = synthesise(settingsWith());
    expect(JSON.stringify(without)).not.toMatch(/kms:ViaService|KMSMasterKeyI|KmsKeyId":"/);
  });
});
