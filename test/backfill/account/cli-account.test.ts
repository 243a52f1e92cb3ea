import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DescribeTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Engine, startEngine } from '../../../backfill/local/cloud/engine.ts';
import { oldTableSchemas } from '../../../backfill/local/cloud/old-table-schemas.ts';
import { type Services, startServices } from '../../../backfill/local/services/start-services.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { publishedNames } from '../../../functions/flag/names.ts';
import { TABLE_ROLES, TABLES, type TableNames } from '../../../functions/migration/tables.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { programFile } from '../../../infra/package-layout.ts';
import { parseSettings } from '../../../infra/settings.ts';
import { settingsDigests, settingsParameterName } from '../../../infra/settings-digests.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { createTestTables, engineClient, engineUrl } from '../../engine-client.ts';
import { operatorOf } from '../../local/appconfig/operator.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, LINEAR, PROFILE, standIn } from '../../local/appconfig/stand-in.ts';
import { type Outcome, runToEnd } from '../../run-cli.ts';

const client = engineClient();
const parameters: Record<string, string> = {};
let folder: string;
let tables: TableNames;
let services: Services;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'account-'));
  tables = await createTestTables({ streams: true });
  const environments = {
    // Each is one of an account that the credentials below are not of, but for `here`.
    elsewhere: { account: '111111111111', region: 'us-east-1', tables },
    here: { account: '000000000000', region: 'us-east-1', tables, backfill: { leaseSeconds: 5 } },
  };
  writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ context: { migration: { environments } } }));
  services = await startServices({ account: '000000000000', parameters, nowMs: Date.now });
});
afterAll(async () => {
  await services?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command in the folder with the settings above. */
function kpiMigrate(command: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const endpoints = {
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl(),
    AWS_ENDPOINT_URL_STS: services.url,
    AWS_ENDPOINT_URL_SSM: services.url,
    // Nothing listens there.
    AWS_ENDPOINT_URL_APPCONFIG: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'ada',
    AWS_SECRET_ACCESS_KEY: 'secret',
  };
  return runToEnd(process.execPath, [programFile('command line'), ...command, '--json'], {
    cwd: folder,
    variables: { ...endpoints, ...variables },
  });
}

function errorOf({ stdout, stderr }: Outcome) {
  expect(stdout, stderr).toMatch(/"error"/);
  return JSON.parse(stdout).error;
}

const WRITES = [
  ['backfill', '--execute'],
  ['validate'],
  ['repair'],
  ['repair', '--execute'],
  ['reseed', '--table', 'actuals', '--execute'],
  ['rollback', '--execute'],
  ['stage', 'shadow', '--execute'],
  ['quarantine', 'accept', 'links', 'x', '--by', 'Ada', '--execute'],
  ['quarantine', 'replay', '--from', '/nonexistent', '--execute'],
  ['retire', '--execute'],
];
const READS = [
  ['preflight'],
  ['plan'],
  ['backfill'],
  ['backup'],
  ['watch', '--once'],
  ['status'],
  ['stage', 'old'],
  ['stage', 'new', '--percent', '1'],
  ['report'],
  ['retire'],
  ['rollback'],
  ['reseed', '--table', 'links'],
  ['held', 'list'],
  ['quarantine', 'list'],
  ['quarantine', 'show', 'links', 'x'],
  ['fallback'],
];

describe('credentials of another account', () => {
  test.each([...WRITES, ...READS].map((command) => [command.join(' '), command] as const))(
    'are refused by %s',
    async (_name, command) => {
      const outcome = await kpiMigrate([...command, '--env', 'elsewhere']);
      expect(outcome.exitCode).toBe(1);
      expect(errorOf(outcome)).toMatchObject({
        code: 'ACCOUNT_MISMATCH',
        message: expect.stringMatching(/111111111111.*arn:aws:iam::000000000000:user\/ada in account 000000000000/),
      });
    },
  );
});

test('tables that are in another place than the settings say are refused, whoever calls', async () => {
  const mine = await startServices({ account: '111111111111', parameters: {}, nowMs: Date.now });
  const variables = { AWS_ENDPOINT_URL_STS: mine.url, AWS_ENDPOINT_URL_SSM: mine.url };
  const outcome = await kpiMigrate(['status', '--env', 'elsewhere'], variables);
  await mine.stop();
  expect(errorOf(outcome)).toMatchObject({ code: 'TABLE_ELSEWHERE', message: expect.stringContaining('ddblocal') });
});

describe('settings that are not those that are deployed', () => {
  const published = () => settingsDigests(readSettings('here', join(folder, 'cdk.json')));

  test.each(WRITES.map((command) => [command.join(' '), command] as const))(
    'stop %s before it writes',
    async (_name, command) => {
      parameters[settingsParameterName('here')] = JSON.stringify({ ...published(), tables: 'other' });
      const outcome = await kpiMigrate([...command, '--env', 'here']);
      expect(outcome.exitCode).toBe(1);
      expect(errorOf(outcome)).toMatchObject({
        code: 'DEPLOYED_SETTINGS_DIFFER',
        message: expect.stringContaining('tables'),
      });
      for (const table of [tables.control, tables.kpiLinks, tables.kpiData]) {
        expect((await client.send(new ScanCommand({ TableName: table, Limit: 1_000 }))).Count).toBe(0);
      }
    },
  );

  test('are told of by a command that only reads', async () => {
    parameters[settingsParameterName('here')] = JSON.stringify({ ...published(), tables: 'other' });
    const outcome = await kpiMigrate(['plan', '--env', 'here']);
    expect(outcome).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('Warning: DEPLOYED_SETTINGS_DIFFER'),
    });
  });

  test('stop writing where a stack has published none', async () => {
    delete parameters[settingsParameterName('here')];
    const outcome = await kpiMigrate(['backfill', '--execute', '--env', 'here']);
    expect(errorOf(outcome)).toMatchObject({ code: 'DEPLOYED_SETTINGS_UNKNOWN' });
  });

  test('do not stop a command whose settings are the deployed ones, and its records bear the caller', async () => {
    parameters[settingsParameterName('here')] = JSON.stringify(published());
    const backfill = await kpiMigrate(['backfill', '--execute', '--env', 'here']);
    expect(backfill, backfill.stderr).toMatchObject({ exitCode: 0 });
    expect(backfill.stderr).not.toContain('Warning');
    const reseed = await kpiMigrate(['reseed', '--table', 'actuals', '--execute', '--env', 'here']);
    expect(reseed, reseed.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(reseed.stdout)).toMatchObject({ state: 'finished', differing: 0 });
  });
});

describe('AWS that does not answer', () => {
  test('is told with environment, account, region and profile', async () => {
    const variables = { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9', AWS_PROFILE: '' };
    const outcome = await kpiMigrate(['status', '--env', 'elsewhere'], variables);
    expect(outcome.exitCode).toBe(1);
    expect(errorOf(outcome)).toMatchObject({
      code: 'AWS_UNREACHABLE',
      message: expect.stringMatching(/elsewhere.*111111111111.*us-east-1.*profile default/),
    });
  });

  test('or no credentials at all, with the places where they were looked for', async () => {
    const variables = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const outcome = await kpiMigrate(['status', '--env', 'elsewhere'], variables);
    expect(errorOf(outcome)).toMatchObject({
      code: 'CREDENTIALS_MISSING',
      message: expect.stringMatching(/AWS_ACCESS_KEY_ID \(not set\).*no such file/),
      nextStep: expect.stringContaining('AWS_PROFILE'),
    });
  });
});

describe('fallback', () => {
  /** AppConfig with the flag of an environment in stage shadow. */
  async function appConfigOf(environmentName: string): Promise<string> {
    const { url, control } = await standIn({ nowMs: Date.now, timeScale: 60 });
    publish(environmentName);
    await operatorOf({ control }).set({ enabled: true, stage: 'shadow', percent: 0, tenants: [] });
    return url;
  }

  /** What the stacks of an environment publish of its flag. */
  function publish(environmentName: string): void {
    const names = publishedNames(environmentName);
    const ids = {
      applicationId: APPLICATION,
      profileId: PROFILE,
      widenStrategyId: LINEAR,
      fallbackStrategyId: ALL_AT_ONCE,
    };
    Object.assign(parameters, { [names.flag]: JSON.stringify(ids), [names.environment]: ENVIRONMENT });
  }

  test('goes on where nobody can say whose credentials these are', async () => {
    const variables = {
      AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_APPCONFIG: await appConfigOf('elsewhere'),
    };
    const outcome = await kpiMigrate(['fallback', '--env', 'elsewhere'], variables);
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Warning') });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ deployment: 2 });
  });

  test.each<[what: string, variables: Record<string, string>]>([
    ['AppConfig', {}],
    ['AppConfig nor STS', { AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:9' }],
  ])('--hard sets the kill switch where neither %s answers', async (_what, variables) => {
    parameters[settingsParameterName('here')] = '{"tables":"others"}';
    const outcome = await kpiMigrate(['fallback', '--hard', '--env', 'here'], variables);
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ killSwitch: { at: expect.any(String) }, flag: {} });
    const { Items } = await client.send(new ScanCommand({ TableName: tables.control, Limit: 1_000 }));
    expect(JSON.stringify(Items)).toContain(JSON.parse(outcome.stdout).killSwitch.at);
  });

  test.each([
    ['AppConfig does not answer', { AWS_ENDPOINT_URL_APPCONFIG: 'http://127.0.0.1:9' }, 'here', 'AWS_UNREACHABLE'],
    ['the account is another', {}, 'elsewhere', 'ACCOUNT_MISMATCH'],
    ['cdk.json has no such environment', {}, 'nowhere', 'ENVIRONMENT_UNKNOWN'],
  ])('says what to do in the console where %s', async (_name, variables, environmentName, code) => {
    publish(environmentName);
    const error = errorOf(await kpiMigrate(['fallback', '--env', environmentName], variables));
    expect(error).toMatchObject({ code });
    expect(error.nextStep).toContain(`kpi-migration-${environmentName}, environment reads`);
    expect(error.nextStep).toContain('Deploy version 1 of read-path');
  });

  test('names the steps that the runbook names', async () => {
    const runbook = readFileSync(join(import.meta.dirname, '../../../runbook.md'), 'utf8').replace(/\s+/g, ' ');
    const { nextStep } = errorOf(await kpiMigrate(['fallback', '--env', 'nowhere']));
    const steps = (nextStep as string).split('\n').filter((line) => /^ {2}\d\./.test(line));
    expect(steps).toHaveLength(4);
    for (const step of steps.slice(1)) {
      const text = step.trim().replaceAll('nowhere', 'production').slice(3);
      expect(runbook.replaceAll('`', '')).toContain(text);
    }
  });
});

test('the engine says of itself where its tables are', async () => {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tables.control }));
  expect(Table?.TableArn).toMatch(/^arn:aws:dynamodb:ddblocal:000000000000:table\//);
});

describe('init', () => {
  const suffix = `-init-${randomUUID().slice(0, 8)}`;
  const region = 'us-east-1';
  const read = () => JSON.parse(readFileSync(join(folder, 'cdk.json'), 'utf8')).context.migration.environments;
  // One of its own: it describes every table that the account has, and the tests have very many on the shared one.
  let engine: Engine;
  const init = (...words: string[]) =>
    kpiMigrate(['init', '--env', 'fresh', ...words], { AWS_ENDPOINT_URL_DYNAMODB: engine.url });
  const named = (role: keyof typeof TABLES) => `${TABLES[role].defaultName}${suffix}`;

  beforeAll(async () => {
    const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, named(role)])) as TableNames;
    engine = await startEngine();
    const own = connect(localClientConfig(engine.url));
    for (const schema of oldTableSchemas(names)) await own.send(new CreateTableCommand(schema));
    own.destroy();
  });

  afterAll(() => engine.stop());

  test('plans, writes only when it is told to, and says what it replaces', { timeout: 60_000 }, async () => {
    const unclear = errorOf(await init('--region', region, '--table', 'people=nowhere'));
    expect(unclear).toMatchObject({
      exitCode: 1,
      code: 'TABLES_UNCLEAR',
      nextStep: expect.stringContaining('--table'),
    });

    const words = ['--region', region, '--table', `people=${named('people')}`];
    const plan = JSON.parse((await init(...words)).stdout);
    expect(plan).toMatchObject({
      account: '000000000000',
      region,
      executed: false,
      next: { command: expect.stringContaining('--execute') },
    });
    expect(plan.tables).toMatchObject({ kpiActuals: named('kpiActuals'), kpiLinks: named('kpiLinks') });
    expect(read()).not.toHaveProperty('fresh');

    await init(...words, '--execute');
    const fresh = read().fresh;
    expect(fresh).toEqual({ account: '000000000000', region, tables: plan.tables });
    expect(parseSettings({ migration: { environments: read() } }, 'fresh').tables).toEqual(plan.tables);

    // Now the settings say which region it is in.
    const again = JSON.parse((await init('--table', `people=${named('people')}`, '--execute')).stdout);
    expect(again.changes).toEqual([]);

    const other = ['--region', 'eu-west-1', '--table', `people=${named('people')}`];
    const refused = errorOf(await init(...other, '--execute'));
    expect(refused).toMatchObject({ code: 'SETTINGS_PRESENT', message: expect.stringContaining('region') });
    expect(read().fresh).toEqual(fresh);
    await init(...other, '--execute', '--overwrite');
    expect(read().fresh).toEqual({ ...fresh, region: 'eu-west-1' });
  });

  test.each([
    ['a role that there is not', ['--table', 'kpiActual=x'], 'Did you mean kpiActuals?'],
    ['a region that is none', ['--region', 'frankfurt'], 'frankfurt is no region'],
  ])('refuses %s', async (_, words, told) => {
    expect(errorOf(await init(...words))).toMatchObject({ exitCode: 2, message: expect.stringContaining(told) });
  });
});
