import {
  CreateBackupCommand,
  DescribeBackupCommand,
  DynamoDBClient,
  LimitExceededException,
  ListBackupsCommand,
  TableNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeBackups } from '../../../backfill/commands/backup/describe-backups.ts';
import { takeBackups } from '../../../backfill/commands/backup/take-backups.ts';
import { TABLE_ROLES } from '../../../functions/migration/tables.ts';
import { dynamoBackups } from '../../../functions/tables/dynamo/backups.ts';
import { engineUrl, testTableNames } from '../../engine-client.ts';
import { runCli } from '../../run-cli.ts';

const CREATED = new Date('2026-11-24T12:00:01Z');
const names = testTableNames();
const $metadata = {};

const client = new DynamoDBClient({ region: 'us-east-1' });
const dynamo = mockClient(client);
let nowMs: number;
let polls: number;

beforeEach(() => {
  dynamo.reset();
  nowMs = Date.parse('2026-11-24T12:00:00.123Z');
  polls = 0;
  const details = (BackupArn: string, BackupStatus: 'CREATING' | 'AVAILABLE') => ({
    BackupArn,
    BackupName: BackupArn,
    BackupStatus,
    BackupSizeBytes: 1_234,
    BackupCreationDateTime: CREATED,
  });
  dynamo
    .on(CreateBackupCommand)
    .callsFake(({ TableName }) => ({ BackupDetails: details(`arn:${TableName}`, 'CREATING') }));
  dynamo
    .on(DescribeBackupCommand)
    .callsFake(({ BackupArn }) => ({ BackupDescription: { BackupDetails: details(BackupArn, 'AVAILABLE') } }));
});

const take = (sleep: (ms: number) => Promise<unknown> = async () => {}) =>
  takeBackups({
    backups: dynamoBackups(client),
    environmentName: 'staging',
    tables: names,
    roles: TABLE_ROLES,
    nowMs: () => nowMs,
    sleep: (ms) => {
      polls += 1;
      nowMs += ms;
      return sleep(ms);
    },
    note: () => {},
  });

const creations = () => dynamo.commandCalls(CreateBackupCommand).map(({ args }) => args[0].input);

test('every table is backed up under a name of environment, role and time, and listed when it is available', async () => {
  const taken = await take();
  expect(creations()).toEqual(
    TABLE_ROLES.map((role) => ({ TableName: names[role], BackupName: `staging-${role}-20261124T120000Z` })),
  );
  expect(taken.map(({ outcome }) => outcome)).toEqual(TABLE_ROLES.map(() => 'available'));
  expect(describeBackups(taken).join('\n')).toMatch(
    new RegExp(`${names.kpis} +1,234 +2026-11-24T12:00:01.000Z +arn:${names.kpis}\n[\\s\\S]*9 tables can be restored`),
  );
});

test('all are begun before any is waited for', async () => {
  const begun: number[] = [];
  await take(async () => begun.push(creations().length));
  expect(begun[0]).toBe(TABLE_ROLES.length);
});

test('one that fails is named, and the others are waited for all the same', async () => {
  dynamo
    .on(CreateBackupCommand, { TableName: names.kpiActuals })
    .rejects(new Error('User is not authorized to perform: dynamodb:CreateBackup'));
  const taken = await take();
  expect(taken.filter(({ outcome }) => outcome === 'available')).toHaveLength(TABLE_ROLES.length - 1);
  expect(taken.find(({ role }) => role === 'kpiActuals')).toMatchObject({ outcome: 'failed' });
  expect(describeBackups(taken)).toContainEqual(
    `${names.kpiActuals} has NO backup: User is not authorized to perform: dynamodb:CreateBackup`,
  );
});

describe('a table that is not there', () => {
  const missing = (TableName: string) =>
    dynamo.on(CreateBackupCommand, { TableName }).rejects(new TableNotFoundException({ message: 'no', $metadata }));

  test('is no failure where the stack is still to make it', async () => {
    for (const role of ['kpiLinks', 'kpiData', 'control'] as const) missing(names[role]);
    const taken = await take();
    expect(taken.filter(({ outcome }) => outcome === 'absent').map(({ role }) => role)).toEqual([
      'kpiLinks',
      'kpiData',
      'control',
    ]);
    expect(taken.some(({ outcome }) => outcome === 'failed')).toBe(false);
  });

  test('is a failure where it is an old one', async () => {
    missing(names.people);
    expect((await take()).find(({ role }) => role === 'people')).toMatchObject({ outcome: 'failed' });
  });
});

test('one that never becomes available is given up after half an hour', async () => {
  dynamo.on(DescribeBackupCommand, { BackupArn: `arn:${names.kpis}` }).callsFake(({ BackupArn }) => ({
    BackupDescription: { BackupDetails: { BackupArn, BackupStatus: 'CREATING' } },
  }));
  const taken = await take();
  expect(taken.find(({ role }) => role === 'kpis')).toMatchObject({
    outcome: 'failed',
    problem: `arn:${names.kpis} is not available after 30 minutes. It may still become available.`,
  });
  expect(taken.filter(({ outcome }) => outcome === 'available')).toHaveLength(TABLE_ROLES.length - 1);
  expect(polls).toBeLessThan(500);
});

test('a busy control plane is asked again', async () => {
  dynamo
    .on(CreateBackupCommand, { TableName: names.control })
    .rejectsOnce(new LimitExceededException({ message: 'too many', $metadata }))
    .resolves({ BackupDetails: { BackupArn: 'arn:late', BackupStatus: 'AVAILABLE' } as never });
  expect((await take()).find(({ role }) => role === 'control')).toMatchObject({
    outcome: 'available',
    backup: { arn: 'arn:late' },
  });
});

test('an interruption ends the waiting', async () => {
  const stopped = take(() => Promise.reject(new DOMException('stopped', 'AbortError')));
  await expect(stopped).rejects.toThrow('stopped');
});

test('the backups of a table are listed page by page', async () => {
  dynamo
    .on(ListBackupsCommand)
    .resolvesOnce({
      BackupSummaries: [{ BackupArn: 'arn:1', BackupStatus: 'AVAILABLE' }],
      LastEvaluatedBackupArn: 'arn:1',
    })
    .resolves({ BackupSummaries: [{ BackupArn: 'arn:2', BackupStatus: 'CREATING' }] });
  expect((await dynamoBackups(client).list('table')).map(({ arn, status }) => `${arn} ${status}`)).toEqual([
    'arn:1 AVAILABLE',
    'arn:2 CREATING',
  ]);
});

test('DynamoDB Local has none, and the command says so', async () => {
  const { exitCode, stderr } = await runCli(['backup', '--execute'], {
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl(),
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^BACKUPS_UNSUPPORTED: [\s\S]*Next: /m);
});
