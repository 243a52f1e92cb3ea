import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  DynamoDBServiceException,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { type AwsClientStub, mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { oldTableSchemas } from '../../backfill/local/cloud/old-table-schemas.ts';
import { localClientEnvironment } from '../../backfill/local-endpoint.ts';
import type * as EnsureStream from '../../functions/ensure-stream.ts';
import { engineClient, engineUrl, testTableNames } from '../engine-client.ts';

const client = engineClient();
let handlers: typeof EnsureStream;

/** The handlers make their client when they are loaded, from the environment as Lambda sets it. */
beforeAll(async () => {
  const environment = { ...localClientEnvironment(engineUrl()), POWERTOOLS_LOG_LEVEL: 'SILENT' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  handlers = await import('../../functions/ensure-stream.ts');
  return () => vi.unstubAllEnvs();
});

type RequestType = 'Create' | 'Update' | 'Delete';

function event(RequestType: RequestType, TableName: string, PhysicalResourceId?: string) {
  return {
    RequestType,
    ...(PhysicalResourceId !== undefined && { PhysicalResourceId }),
    ResourceProperties: { ServiceToken: 'arn', TableName },
  };
}

/** The handlers as Lambda calls them: middy hands on what it is given. */
function call(handler: 'onEvent' | 'isComplete', input: unknown): Promise<unknown> {
  return (handlers[handler] as unknown as (event: unknown, context: object) => Promise<unknown>)(input, {});
}

async function createTable(changes: Partial<CreateTableCommandInput> = {}): Promise<string> {
  const names = testTableNames();
  const schema = oldTableSchemas(names).find(({ TableName }) => TableName === names.goalKpiLinks);
  if (!schema) throw new Error('There is no schema of the links.');
  await client.send(new CreateTableCommand({ ...schema, ...changes }));
  return names.goalKpiLinks;
}

async function streamOf(tableName: string) {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  return { specification: Table?.StreamSpecification, arn: Table?.LatestStreamArn };
}

const ON = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;

describe('an old table without a stream', () => {
  test('gets one with both images, and its ARN is told once it is on', async () => {
    const tableName = await createTable();
    expect(await call('isComplete', event('Create', tableName))).toEqual({ IsComplete: false });
    const created = await call('onEvent', event('Create', tableName));
    const { specification, arn } = await streamOf(tableName);
    expect(created).toEqual({ PhysicalResourceId: arn, Data: { Notice: 'as at the last deployment' } });
    expect(specification).toEqual(ON);
    expect(arn).toContain(`table/${tableName}/stream/`);
    expect(await call('isComplete', event('Create', tableName))).toEqual({
      IsComplete: true,
      Data: { StreamArn: arn },
    });
  });

  test.each(['Create', 'Update'] as const)('keeps the same stream at a further %s', async (requestType) => {
    const tableName = await createTable();
    await call('onEvent', event('Create', tableName));
    const first = await streamOf(tableName);
    await call('onEvent', event(requestType, tableName));
    expect(await streamOf(tableName)).toEqual(first);
  });
});

describe('an old table whose stream is on', () => {
  test('with both images keeps it as it is', async () => {
    const tableName = await createTable({ StreamSpecification: ON });
    const before = await streamOf(tableName);
    await call('onEvent', event('Create', tableName));
    expect(await streamOf(tableName)).toEqual(before);
    expect(await call('isComplete', event('Create', tableName))).toMatchObject({ Data: { StreamArn: before.arn } });
  });

  test('keeps it when the stack goes: others may read it, and the table is not ours', async () => {
    const tableName = await createTable({ StreamSpecification: ON });
    const before = await streamOf(tableName);
    // CDK's provider framework refuses another id.
    expect(await call('onEvent', event('Delete', tableName, before.arn))).toMatchObject({
      PhysicalResourceId: before.arn,
    });
    expect(await call('isComplete', event('Delete', tableName))).toEqual({ IsComplete: true });
    expect(await streamOf(tableName)).toEqual(before);
    expect(before.specification).toEqual(ON);
  });

  test.each(['KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE'] as const)(
    'with %s is refused and left as it is: who reads it would lose records',
    async (StreamViewType) => {
      const tableName = await createTable({ StreamSpecification: { StreamEnabled: true, StreamViewType } });
      const before = await streamOf(tableName);
      const refusal = {
        code: 'STREAM_VIEW_TYPE',
        message: expect.stringContaining(StreamViewType),
        nextStep: expect.any(String),
      };
      await expect(call('onEvent', event('Create', tableName))).rejects.toMatchObject(refusal);
      await expect(call('isComplete', event('Create', tableName))).rejects.toMatchObject(refusal);
      expect(await streamOf(tableName)).toEqual(before);
    },
  );
});

describe('an old table whose stream was turned off and on', () => {
  test('gets the mapping of its new stream at the next deployment, which says what may be missing', async () => {
    const tableName = await createTable({ StreamSpecification: ON });
    const { arn: first } = await streamOf(tableName);
    await call('onEvent', event('Create', tableName));
    await client.send(new UpdateTableCommand({ TableName: tableName, StreamSpecification: { StreamEnabled: false } }));
    const answer = await call('onEvent', event('Update', tableName, first));
    const { arn: second, specification } = await streamOf(tableName);
    expect(specification).toEqual(ON);
    expect(second).not.toBe(first);
    expect(answer).toMatchObject({
      PhysicalResourceId: second,
      Data: { Notice: expect.stringMatching(new RegExp(`${tableName} is another one.*kpi-migrate validate`)) },
    });
    expect(await call('isComplete', event('Update', tableName, second))).toMatchObject({ Data: { StreamArn: second } });
    expect(await call('onEvent', event('Update', tableName, second))).toMatchObject({
      PhysicalResourceId: second,
      Data: { Notice: 'as at the last deployment' },
    });
  });

  test('is told from a table of another name', async () => {
    const tableName = await createTable({ StreamSpecification: ON });
    const ofAnother = 'arn:aws:dynamodb:us-east-1:000000000000:table/another/stream/2026-01-01T00:00:00.000';
    expect(await call('onEvent', event('Update', tableName, ofAnother))).toMatchObject({
      Data: { Notice: 'as at the last deployment' },
    });
  });
});

describe('what else reads a stream', () => {
  let lambda: AwsClientStub<LambdaClient>;
  beforeEach(() => {
    lambda = mockClient(LambdaClient);
  });
  afterEach(() => lambda.restore());

  const withReaders = (RequestType: RequestType, tableName: string, id?: string) => {
    const { ResourceProperties, ...others } = event(RequestType, tableName, id);
    return { ...others, ResourceProperties: { ...ResourceProperties, CountReaders: 'true' } };
  };

  test.each([
    ['the first deployment and one other reader', 'Create', 1, false],
    ['the first deployment and two other readers', 'Create', 2, true],
    ['a later deployment, our own reader and one other', 'Update', 2, false],
    ['a later deployment, our own reader and two others', 'Update', 3, true],
  ] as const)('%s', async (_, request, readers, isTold) => {
    const tableName = await createTable({ StreamSpecification: ON });
    const { arn } = await streamOf(tableName);
    lambda
      .on(ListEventSourceMappingsCommand, { EventSourceArn: arn })
      .resolves({ EventSourceMappings: Array.from({ length: readers }, () => ({})) });
    const answer = await call('onEvent', withReaders(request, tableName, request === 'Update' ? arn : undefined));
    const told = expect.stringContaining('2 other functions read the stream');
    expect(answer).toMatchObject({ Data: { Notice: isTold ? told : 'as at the last deployment' } });
  });

  test('is not asked where nobody is to count', async () => {
    await call('onEvent', event('Create', await createTable({ StreamSpecification: ON })));
    expect(lambda.calls()).toHaveLength(0);
  });
});

describe('a table that cannot be an old one', () => {
  test.each([
    [
      'by another attribute',
      {
        KeySchema: [{ AttributeName: 'kpi_id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'kpi_id', AttributeType: 'S' }],
      },
    ],
    [
      'by a number',
      {
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
      },
    ],
    [
      'with a sort key',
      {
        KeySchema: [
          { AttributeName: 'id', KeyType: 'HASH' },
          { AttributeName: 'tenant_id', KeyType: 'RANGE' },
        ],
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'tenant_id', AttributeType: 'S' },
        ],
      },
    ],
  ] satisfies [string, Partial<CreateTableCommandInput>][])(
    'as it is keyed %s is refused and gets no stream',
    async (_how, key) => {
      const tableName = await createTable({ ...key, GlobalSecondaryIndexes: undefined });
      await expect(call('onEvent', event('Create', tableName))).rejects.toMatchObject({
        code: 'KEY_SCHEMA',
        message: expect.stringContaining(tableName),
        nextStep: expect.stringContaining('cdk.json'),
      });
      expect(await streamOf(tableName)).toEqual({ specification: undefined, arn: undefined });
    },
  );

  test('as it does not exist is refused by name', async () => {
    const refusal = {
      code: 'TABLE_MISSING',
      message: expect.stringContaining('no-such-table'),
      nextStep: expect.stringContaining('cdk.json'),
    };
    await expect(call('onEvent', event('Create', 'no-such-table'))).rejects.toMatchObject(refusal);
    await expect(call('isComplete', event('Create', 'no-such-table'))).rejects.toMatchObject(refusal);
  });

  test('and is gone does not keep the stack from going', async () => {
    await expect(call('onEvent', event('Delete', 'no-such-table'))).resolves.toBeDefined();
    await expect(call('isComplete', event('Delete', 'no-such-table'))).resolves.toEqual({ IsComplete: true });
  });
});

describe('a refusal', () => {
  test.each(['onEvent', 'isComplete'] as const)(
    'of %s tells the next step in its message, which is all that CloudFormation shows',
    async (handler) => {
      await expect(call(handler, event('Create', 'no-such-table'))).rejects.toThrow(
        'The old table no-such-table does not exist. Set the name of the service’s table in cdk.json, migration.environments.NAME.tables.',
      );
    },
  );
});

describe('what is not as it should be', () => {
  let dynamo: AwsClientStub<DynamoDBClient>;
  beforeEach(() => {
    dynamo = mockClient(DynamoDBClient);
  });
  afterEach(() => dynamo.restore());

  test('an event that CDK does not send is refused before anything is called', async () => {
    await expect(call('onEvent', { RequestType: 'Create', ResourceProperties: {} })).rejects.toThrow(/TableName/);
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('a refusal of AWS is handed on as it came', async () => {
    const denied = new DynamoDBServiceException({
      name: 'AccessDeniedException',
      message: 'denied',
      $fault: 'client',
      $metadata: {},
    });
    dynamo.on(DescribeTableCommand).rejects(denied);
    await expect(call('onEvent', event('Create', 'a-table'))).rejects.toBe(denied);
    expect(dynamo.commandCalls(UpdateTableCommand)).toHaveLength(0);
  });

  test('while the table is still being changed, the stream is not on', async () => {
    dynamo.on(DescribeTableCommand).resolves({
      Table: { TableStatus: 'UPDATING', StreamSpecification: ON, LatestStreamArn: 'arn' },
    });
    expect(await call('isComplete', event('Create', 'a-table'))).toEqual({ IsComplete: false });
  });
});
