import { GetConfigurationProfileCommand } from '@aws-sdk/client-appconfig';
import { DescribeTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test, vi } from 'vitest';
import { localClientEnvironment } from '../../backfill/local-endpoint.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { createTestTables, engineClient, engineUrl } from '../engine-client.ts';
import { APPLICATION, OF_PROFILE, PROFILE, standIn } from '../local/appconfig/stand-in.ts';

const client = engineClient();
const GATE = 'arn:aws:lambda:eu-west-1:123456789012:function:gate';
let names: TableNames;
let appConfig: Awaited<ReturnType<typeof standIn>>;
let call: (RequestType: string, changes?: object) => Promise<unknown>;

/** The handler makes its clients when it is loaded, from the environment as Lambda sets it. */
beforeEach(async () => {
  names = await createTestTables();
  appConfig = await standIn();
  const environment = localClientEnvironment(engineUrl(), appConfig.url);
  for (const [name, value] of Object.entries({ ...environment, POWERTOOLS_LOG_LEVEL: 'SILENT' }))
    vi.stubEnv(name, value);
  vi.resetModules();
  const { onEvent } = await import('../../functions/put-guards-on.ts');
  const handler = onEvent as unknown as (event: unknown, context: object) => Promise<unknown>;
  call = (RequestType, changes = {}) =>
    handler(
      {
        RequestType,
        ResourceProperties: {
          TableNames: [names.kpiLinks, names.kpiData, names.control],
          ApplicationId: APPLICATION,
          ConfigurationProfileId: PROFILE,
          GateArn: GATE,
          ...changes,
        },
      },
      {},
    );
  return async () => {
    vi.unstubAllEnvs();
    for (const TableName of [names.kpiLinks, names.kpiData, names.control]) {
      await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    }
  };
});

async function isProtected(TableName: string): Promise<boolean | undefined> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  return Table?.DeletionProtectionEnabled;
}

async function validators() {
  const { Validators } = await appConfig.control.send(new GetConfigurationProfileCommand(OF_PROFILE));
  return Validators;
}

test.each(['Create', 'Update'])('%s protects every table, and makes AppConfig ask the gate alone', async (request) => {
  expect(await isProtected(names.control)).toBe(false);
  expect(await call(request)).toEqual({ PhysicalResourceId: `guards-of-${PROFILE}` });
  for (const name of [names.kpiLinks, names.kpiData, names.control]) expect(await isProtected(name)).toBe(true);
  expect(await validators()).toEqual([{ Type: 'LAMBDA', Content: GATE }]);
});

test('a second time changes nothing, and a gate that is gone comes back', async () => {
  await call('Create');
  await call('Update');
  expect(await isProtected(names.kpiData)).toBe(true);
  await call('Update', { GateArn: `${GATE}-of-the-new-stack` });
  expect(await validators()).toEqual([{ Type: 'LAMBDA', Content: `${GATE}-of-the-new-stack` }]);
});

test('Delete takes neither off', async () => {
  await call('Create');
  await call('Delete');
  expect(await isProtected(names.kpiLinks)).toBe(true);
  expect(await validators()).toEqual([{ Type: 'LAMBDA', Content: GATE }]);
});

test('a table that is not there stops the deployment, by name', async () => {
  await expect(call('Create', { TableNames: ['no-such-table'] })).rejects.toThrow(/no-such-table|non-existent/);
});

test('an event that the stack does not send is refused before anything is called', async () => {
  await expect(call('Create', { TableNames: [] })).rejects.toThrow(/TableNames/);
  expect(await validators()).toEqual([{ Type: 'LAMBDA', Content: 'Gate' }]);
});
