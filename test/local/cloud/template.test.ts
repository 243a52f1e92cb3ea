import { describe, expect, test } from 'vitest';
import { readTemplate } from '../../../backfill/local/cloud/template.ts';

const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Handler: 'index.handler',
    Timeout: 60,
    Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
    Environment: { Variables: { PLAIN: 'text', REFERENCE: { Ref: 'Bucket' } } },
  },
  Metadata: { 'aws:asset:path': 'asset.1' },
};
const MAPPING = {
  FunctionName: { Ref: 'Replicate' },
  EventSourceArn: { 'Fn::GetAtt': ['Stream', 'StreamArn'] },
  BatchSize: 7,
  MaximumBatchingWindowInSeconds: 1,
  MaximumRetryAttempts: 5,
  MaximumRecordAgeInSeconds: 3_600,
  BisectBatchOnFunctionError: true,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  StartingPosition: 'TRIM_HORIZON',
};
const template = (mapping: object = {}, table: object = {}) => ({
  Resources: {
    Replicate: FUNCTION,
    Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { ...MAPPING, ...mapping } },
    Table: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: {
        TableName: 'new-table',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        ...table,
      },
    },
    Bucket: { Type: 'AWS::S3::Bucket' },
  },
});

test('tables, functions and mappings are read as they will be run', () => {
  const stack = readTemplate(template());
  expect(stack.tables).toMatchObject([{ TableName: 'new-table', BillingMode: 'PAY_PER_REQUEST' }]);
  expect(stack.functions.get('Replicate')).toMatchObject({
    asset: 'asset.1',
    handler: 'index.handler',
    timeoutSeconds: 60,
    environment: { PLAIN: 'text' },
  });
  expect(stack.mappings).toEqual([
    {
      id: 'Mapping',
      functionId: 'Replicate',
      streamId: 'Stream',
      batchSize: 7,
      batchingWindowSeconds: 1,
      maximumRetryAttempts: 5,
      maximumRecordAgeSeconds: 3_600,
      bisect: true,
    },
  ]);
});

describe('what the local cloud would run otherwise than Lambda is refused', () => {
  test.each<[what: string, mapping: object, told: string]>([
    ['a parallelization factor', { ParallelizationFactor: 2 }, 'the only one'],
    ['a mapping without partial responses', { FunctionResponseTypes: [] }, 'FunctionResponseTypes'],
    ['a mapping that starts at the latest record', { StartingPosition: 'LATEST' }, 'StartingPosition'],
  ])('%s', (_, mapping, told) => {
    expect(() => readTemplate(template(mapping))).toThrow(told);
  });

  test('a table without keys', () => {
    expect(() => readTemplate(template({}, { KeySchema: undefined }))).toThrow('KeySchema');
  });
});
