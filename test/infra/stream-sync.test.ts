import { describe, expect, test } from 'vitest';
import { ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

const SOURCES = {
  links: 'purposepath-goal-kpi-links',
  milestones: 'purposepath-kpi-milestones',
  actuals: 'purposepath-kpi-actuals',
  readings: 'purposepath-kpi-readings',
};

function mappingsOf(resources: Resources) {
  return ofType(resources, 'AWS::Lambda::EventSourceMapping').map((mapping) => ({
    ...mapping.Properties,
    table: resources[mapping.Properties.EventSourceArn['Fn::GetAtt'][0]]?.Properties.TableName,
    replicates: resources[mapping.Properties.FunctionName.Ref]?.Properties,
    functionId: mapping.Properties.FunctionName.Ref,
  }));
}

function replicationWith(replication: object) {
  const [mapping] = mappingsOf(synthesise(settingsWith({ replication })));
  if (!mapping) throw new Error('The template has no event source mapping.');
  return mapping;
}

describe('the streams', () => {
  const resources = synthesise(settingsWith());
  const mappings = mappingsOf(resources);

  test('feed one function each', () => {
    expect(mappings.map(({ table }) => table).sort()).toEqual(Object.values(SOURCES).sort());
    expect(new Set(mappings.map(({ functionId }) => functionId)).size).toBe(mappings.length);
  });

  test.each(Object.entries(SOURCES))(
    '%s: the function of the source is fed by the table of the source',
    (source, table) => {
      expect(mappings.find((mapping) => mapping.table === table)?.functionId).toContain(`Replicate${source}`);
    },
  );

  test.each(mappings.map((mapping) => [mapping.table, mapping] as const))(
    '%s: miss nothing, retry only what failed, and keep whole what fails for good',
    (_table, mapping) => {
      const [bucket] = ofType(resources, 'AWS::S3::Bucket');
      expect(mapping).toMatchObject({
        StartingPosition: 'TRIM_HORIZON',
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        BisectBatchOnFunctionError: true,
        DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [bucket?.id, 'Arn'] } } },
      });
      expect(mapping).not.toHaveProperty('Enabled', false);
      expect(mapping).not.toHaveProperty('FilterCriteria');
    },
  );

  test('give up on a record before the stream forgets it, so that it still reaches the bucket', () => {
    for (const mapping of mappings) expect(mapping).toMatchObject({ MaximumRecordAgeInSeconds: 82_800 });
  });

  test('run code of Node 24 on ARM that is told every table by name', () => {
    for (const { replicates } of mappings) {
      expect(replicates).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(JSON.parse(replicates?.Environment.Variables.TABLE_NAMES)).toEqual(settingsWith().tables);
    }
  });
});

describe('the settings of replication', () => {
  test.each([
    [{ batchSize: 250 }, { BatchSize: 250 }],
    [{ batchingWindowSeconds: 5 }, { MaximumBatchingWindowInSeconds: 5 }],
    [{ parallelizationFactor: 4 }, { ParallelizationFactor: 4 }],
    [{ maximumRetryAttempts: 7 }, { MaximumRetryAttempts: 7 }],
    [{ maximumRecordAgeSeconds: 3_600 }, { MaximumRecordAgeInSeconds: 3_600 }],
    [{ timeoutSeconds: 300 }, { replicates: { Timeout: 300 } }],
    [{ memoryMegabytes: 1_024 }, { replicates: { MemorySize: 1_024 } }],
    [{ recordConcurrency: 3 }, { replicates: { Environment: { Variables: { RECORD_CONCURRENCY: '3' } } } }],
  ])('%j sets %j', (replication, expected) => {
    expect(replicationWith({})).not.toMatchObject(expected);
    expect(replicationWith(replication)).toMatchObject(expected);
  });

  test.each([
    [10, 0],
    [11, 1],
  ])(
    'a batch of %i records with no window gets one of %i seconds: above ten, Lambda demands it',
    (batchSize, seconds) => {
      const mapping = replicationWith({ batchSize, batchingWindowSeconds: 0 });
      expect(mapping).toMatchObject({ MaximumBatchingWindowInSeconds: seconds });
    },
  );

  test.each([
    [{ heldRecords: 'personal-link' }, { HELD_RECORDS: 'personal-link' }],
    [{ tokenRetentionDays: 7 }, { TOKEN_RETENTION_DAYS: '7' }],
  ])('%j reaches the functions as %j', (given, expected) => {
    for (const { replicates } of mappingsOf(synthesise(settingsWith(given)))) {
      expect(replicates?.Environment.Variables).toMatchObject(expected);
    }
  });
});

describe('reserved concurrency', () => {
  const reservedBy = (changes: Parameters<typeof settingsWith>[0]) =>
    Object.fromEntries(
      Object.entries(synthesise(settingsWith(changes)))
        .filter(([, { Type }]) => Type === 'AWS::Lambda::Function')
        .flatMap(([id, { Properties }]) => {
          const reserved = Properties?.ReservedConcurrentExecutions;
          return reserved === undefined ? [] : [[id.replace(/[0-9A-F]{8}$/, ''), reserved]];
        }),
    );

  test('is set aside for the gate and for replication where the settings say so, and for nothing else', () => {
    expect(reservedBy({ replication: { reservedConcurrency: 20 }, readFlag: { gateReservedConcurrency: 2 } })).toEqual({
      ReadFlagGate: 2,
      StreamSyncReplicatelinks: 20,
      StreamSyncReplicatemilestones: 20,
      StreamSyncReplicateactuals: 20,
      StreamSyncReplicatereadings: 20,
    });
  });

  test('is not asked for otherwise: a new account has too little to set aside', () => {
    expect(reservedBy({})).toEqual({});
  });
});
