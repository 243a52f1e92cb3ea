import { describe, expect, test } from 'vitest';
import { ofType, type Resource, settingsWith, synthesise } from './synthesis.ts';

const settings = settingsWith();
const resources = synthesise(settings);
const tables = ofType(resources, 'AWS::DynamoDB::GlobalTable');

function tableNamed(name: string): Resource {
  const found = tables.find((table) => table.Properties.TableName === name);
  if (!found) throw new Error(`The template has no table ${name}.`);
  return found;
}

/** `attribute` or `attribute, attribute`: the partition key, then the sort key. */
function keyOf(schema: { AttributeName: string; KeyType: string }[]): string {
  const named = (type: string) => schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  return [named('HASH'), named('RANGE')].filter((name) => name !== undefined).join(', ');
}

function indexesOf({ Properties }: Resource): Record<string, string> {
  return Object.fromEntries(
    (Properties.GlobalSecondaryIndexes ?? []).map((index: { IndexName: string; KeySchema: [] }) => [
      index.IndexName,
      keyOf(index.KeySchema),
    ]),
  );
}

describe('the new tables', () => {
  test.each([
    [
      'purposepath-kpi-links',
      {
        'tenant-index': 'tenant_id',
        'kpi-index': 'kpi_id',
        'person-index': 'person_id',
        'goal-index': 'goal_id',
        'strategy-index': 'strategy_id',
        'uniqueness-index': 'uniqueness_key',
      },
    ],
    [
      'purposepath-kpi-data',
      {
        'kpi-link-index': 'kpi_link_id, post_date',
        'kpi-link-category-index': 'kpi_link_category_key, post_date',
        'target-subtype-index': 'target_key, post_date',
      },
    ],
  ])('%s is keyed by id and has exactly the indexes of the new model, each with all attributes', (name, indexes) => {
    const table = tableNamed(name);
    expect(keyOf(table.Properties.KeySchema)).toBe('id');
    expect(indexesOf(table)).toEqual(indexes);
    for (const index of table.Properties.GlobalSecondaryIndexes) {
      expect(index.Projection).toEqual({ ProjectionType: 'ALL' });
    }
    const types = table.Properties.AttributeDefinitions.map((each: { AttributeType: string }) => each.AttributeType);
    expect(new Set(types)).toEqual(new Set(['S']));
  });

  test('have no capacity to run out of, and no stream that nobody asked for', () => {
    for (const name of ['purposepath-kpi-links', 'purposepath-kpi-data']) {
      expect(tableNamed(name).Properties).toMatchObject({ BillingMode: 'PAY_PER_REQUEST' });
      expect(tableNamed(name).Properties).not.toHaveProperty('StreamSpecification');
      expect(tableNamed(name).Properties).not.toHaveProperty('TimeToLiveSpecification');
    }
  });
});

describe('the control table', () => {
  const control = tableNamed('kpi-migration-control');

  test('is keyed as functions/tables/control/control-rows.ts needs it, without an index', () => {
    expect(keyOf(control.Properties.KeySchema)).toBe('pk, sk');
    expect(indexesOf(control)).toEqual({});
  });

  test('forgets rows by the attribute that carries their time', () => {
    expect(control.Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expires_at', Enabled: true });
  });
});

describe('every table of the stack', () => {
  test.each(tables.map((table) => [table.Properties.TableName, table] as const))(
    '%s is kept when the stack or the resource goes, and can be restored to any second',
    (_name, table) => {
      expect(table).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
      expect(table.Properties.Replicas).toEqual([
        expect.objectContaining({
          Region: settings.region,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        }),
      ]);
    },
  );

  test('is protected from deletion by every deployment, and not before it exists', () => {
    const [guards] = ofType(resources, 'Custom::Guards');
    const names: string[] = guards?.Properties.TableNames ?? [];
    expect([...names].sort()).toEqual(tables.map((table) => table.Properties.TableName).sort());
    expect(JSON.stringify(tables)).not.toContain('DeletionProtectionEnabled');
  });
});

describe('the old and the look-up tables', () => {
  test('are no resources of the stack', () => {
    expect(tables.map((table) => table.Properties.TableName).sort()).toEqual([
      'kpi-migration-control',
      'purposepath-kpi-data',
      'purposepath-kpi-links',
    ]);
    const dynamo = Object.values(resources).filter(({ Type }) => Type.startsWith('AWS::DynamoDB::'));
    expect(dynamo).toHaveLength(tables.length);
  });

  test('have their streams ensured, each by a resource of its own', () => {
    const streams = ofType(resources, 'Custom::OldTableStream');
    expect(streams.map((stream) => stream.Properties.TableName).sort()).toEqual([
      'purposepath-goal-kpi-links',
      'purposepath-kpi-actuals',
      'purposepath-kpi-milestones',
      'purposepath-kpi-readings',
    ]);
  });
});

describe('what fails for good', () => {
  const buckets = ofType(resources, 'AWS::S3::Bucket');

  test('is kept in one private, versioned bucket that outlives the stack', () => {
    expect(buckets).toHaveLength(1);
    const [short] = ofType(synthesise(settingsWith({ retention: { failureDays: 7 } })), 'AWS::S3::Bucket');
    expect(short?.Properties.LifecycleConfiguration.Rules[0].ExpirationInDays).toBe(7);
    expect(buckets[0]).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            {
              Status: 'Enabled',
              ExpirationInDays: 90,
              NoncurrentVersionExpiration: { NoncurrentDays: 7 },
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
            },
            { Status: 'Enabled', ExpiredObjectDeleteMarker: true },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });
});
