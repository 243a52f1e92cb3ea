import { DescribeTableCommand, GetItemCommand, PutItemCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../backfill/local/cloud/local-cloud.ts';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import { localClientConfig, servicesVariables } from '../../../backfill/local-endpoint.ts';
import { type ReplicationHealth, replicationProblems } from '../../../functions/health/health.ts';
import { readHealth } from '../../../functions/health/health-document.ts';
import { connect, dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import type { Settings } from '../../../infra/settings.ts';
import { load, oldLink, oldRecord } from '../../backfill/old-items.ts';
import { runCli } from '../../run-cli.ts';
import { sharedSynthesis } from '../../shared-synthesis.ts';

let cloud: LocalCloud;
let settings: Settings;
let lambda: LambdaClient;

beforeAll(async () => {
  const { settings: local, ...synthesised } = await sharedSynthesis();
  settings = local;
  cloud = await startLocalCloud({ settings, synthesised, withThrottles: true, onProgress: () => {} });
  lambda = new LambdaClient(localClientConfig(cloud.services.url));
});
afterAll(() => cloud?.stop());

const client = () => connect(cloud.clientConfig);

async function health(): Promise<ReplicationHealth> {
  await cloud.runSchedules();
  const found = await readHealth(dynamoTables(client(), settings.tables).control);
  if (found === undefined) throw new Error('There was no heartbeat.');
  return found;
}

async function codes(): Promise<string[]> {
  return replicationProblems(await health(), settings.readFlag.lagMaxSeconds * 1_000, Date.now()).map(
    ({ code }) => code,
  );
}

async function kpiMigrate(...command: string[]) {
  const endpoints = {
    AWS_ENDPOINT_URL_DYNAMODB: cloud.dynamodbUrl,
    AWS_ENDPOINT_URL_APPCONFIG: cloud.appconfig?.url ?? '',
    ...servicesVariables(cloud.services.url),
  };
  const { exitCode, stdout } = await runCli([...command, '--json'], endpoints);
  return { exitCode, document: JSON.parse(stdout) };
}

async function enable(id: string, isEnabled: boolean): Promise<void> {
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID: id, Enabled: isEnabled }));
}

test('a heartbeat finds every mapping at work, and preflight and status tell so', async () => {
  expect(await codes()).toEqual([]);
  const { exitCode, document } = await kpiMigrate('preflight');
  expect([exitCode, document.findings]).toEqual([0, []]);
  expect(document.replication.health.sources.links.mapping).toMatchObject({ state: 'Enabled' });
});

test('a table that the local cloud throttled is one that preflight warns of, and stops nothing', async () => {
  const table = settings.tables.people;
  const { document: before } = await kpiMigrate('preflight');
  expect(before).toMatchObject({ ready: true, warnings: [], notChecked: [] });
  const url = `${cloud.services.url}/throttles/${table}`;
  // The first read leaves a debt of more than ten minutes, however slow the machine is.
  const throttle = { readUnitsPerSecond: 0.001, error: 'ThrottlingException' };
  await fetch(url, { method: 'PUT', body: JSON.stringify(throttle) });
  const throttled = connect({ ...cloud.clientConfig, maxAttempts: 1 });
  const read = () =>
    throttled.send(new GetItemCommand({ TableName: table, Key: { id: { S: 'nobody' } }, ConsistentRead: true }));
  await read();
  await expect(read()).rejects.toMatchObject({ name: 'ThrottlingException' });
  await fetch(url, { method: 'DELETE' });
  await read();
  const { exitCode, document } = await kpiMigrate('preflight');
  expect([exitCode, document.findings]).toEqual([0, []]);
  expect(document.warnings).toMatchObject([
    { table, message: expect.stringMatching(/throttled .*: \d reads and 0 writes/) },
  ]);
});

test('a change that was replicated is the last replicated moment', async () => {
  await client().send(
    new PutItemCommand({ TableName: settings.tables.goalKpiLinks, Item: oldLink('link', 1, '2024-01-01') }),
  );
  await cloud.mappings.drained();
  const { links } = (await health()).sources;
  expect(Date.now() - (links.replicatedThroughMs ?? 0)).toBeLessThan(120_000);
  const { document } = await kpiMigrate('status');
  expect(document.replication.health.sources.links.replicatedThroughMs).toBe(links.replicatedThroughMs);
});

test('links and records that come together are replicated by what the functions may do', async () => {
  const links = ['one', 'two', 'three'].map((id) => oldLink(id, 2, '2024-01-01'));
  const actuals = ['first', 'second'].map((id) => oldRecord('actuals', id, 2, '1'));
  await load(client(), settings.tables, { links, actuals });
  const agreed = async () => (await compareAll(client(), settings.tables, settings.heldRecords)).disagreements;
  await expect.poll(agreed, { timeout: 60_000, interval: 500 }).toEqual([]);
  expect(cloud.denied()).toEqual([]);
}, 90_000);

test('a disabled mapping is told at once by commands, and with the next heartbeat by the gate', async () => {
  const { links } = (await health()).sources;
  await enable(links.mappingId, false);
  const { exitCode, document } = await kpiMigrate('preflight');
  expect(exitCode).toBe(1);
  expect(document.findings).toMatchObject([{ code: 'MAPPING_NOT_ENABLED' }]);
  expect(await codes()).toEqual(['MAPPING_NOT_ENABLED']);
  await enable(links.mappingId, true);
  await cloud.mappings.drained();
  expect(await codes()).toEqual([]);
});

test('a change that nobody replicates is seen on the stream itself, and keeps a backfill from starting', async () => {
  // The engine gives instants in whole minutes, so this is a source of which nothing is replicated yet.
  const { mappingId } = (await health()).sources.milestones;
  await enable(mappingId, false);
  await vi.waitFor(async () => expect((await health()).sources.milestones.mapping?.state).toBe('Disabled'));
  // LATEST of the engine passes over the first record of a stream if other streams have moved.
  for (const id of ['first', 'second']) {
    await health();
    const item = oldRecord('milestones', id, 1, '1');
    await client().send(new PutItemCommand({ TableName: settings.tables.kpiMilestones, Item: item }));
  }
  expect((await health()).sources.milestones.unreplicatedSinceMs).toBeGreaterThan(0);
  const { exitCode, document } = await kpiMigrate('backfill', '--execute');
  expect([exitCode, document.error.code]).toEqual([1, 'PREFLIGHT_FAILED']);
  expect(document.error.message).toContain('milestones is Disabled');
  await enable(mappingId, true);
  await cloud.mappings.drained();
  expect((await health()).sources.milestones.unreplicatedSinceMs).toBeUndefined();
});

test('a stream that was turned off and on again is found, with how to recover', async () => {
  const table = settings.tables.kpiReadings;
  const turn = (isOn: boolean) =>
    client().send(
      new UpdateTableCommand({
        TableName: table,
        StreamSpecification: isOn
          ? { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' }
          : { StreamEnabled: false },
      }),
    );
  await turn(false);
  const off = await kpiMigrate('preflight');
  expect(off.document.findings.map(({ code }: { code: string }) => code)).toContain('STREAM_OFF');
  await turn(true);
  await vi.waitFor(async () => {
    const { Table } = await client().send(new DescribeTableCommand({ TableName: table }));
    expect(Table?.TableStatus).toBe('ACTIVE');
  });
  const { exitCode, document } = await kpiMigrate('preflight');
  expect(exitCode).toBe(1);
  expect(document.findings).toMatchObject([
    { code: 'STREAM_REPLACED', nextStep: expect.stringMatching(/cdk deploy.*validate.*repair --execute/) },
  ]);
  expect(await codes()).toEqual(['STREAM_REPLACED']);
  expect((await kpiMigrate('status')).document.replication.problems).toMatchObject([{ code: 'STREAM_REPLACED' }]);
});
