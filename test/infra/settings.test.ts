import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TABLE_ROLES } from '../../functions/migration/tables.ts';
import { parseSettings } from '../../infra/settings.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { thrownBy } from './thrown-by.ts';

const VALID = { account: '123456789012', region: 'eu-west-1' };

function contextWith(environment: object) {
  return { migration: { environments: { dev: environment, staging: VALID } } };
}

describe('an environment', () => {
  test('needs an account and a region only; the rest has defaults', () => {
    expect(parseSettings(contextWith(VALID), 'dev')).toEqual({
      ...VALID,
      name: 'dev',
      tables: {
        goalKpiLinks: 'purposepath-goal-kpi-links',
        kpiMilestones: 'purposepath-kpi-milestones',
        kpiActuals: 'purposepath-kpi-actuals',
        kpiReadings: 'purposepath-kpi-readings',
        kpis: 'purposepath-kpis',
        people: 'purposepath-people',
        kpiLinks: 'purposepath-kpi-links',
        kpiData: 'purposepath-kpi-data',
        control: 'kpi-migration-control',
      },
      heldRecords: 'hold',
      tokenRetentionDays: 30,
      replication: {
        batchSize: 100,
        batchingWindowSeconds: 1,
        parallelizationFactor: 1,
        maximumRetryAttempts: -1,
        maximumRecordAgeSeconds: 82_800,
        timeoutSeconds: 900,
        memoryMegabytes: 512,
        recordConcurrency: 8,
      },
      backfill: { segments: 4, leaseSeconds: 60, lateWriteSeconds: 960 },
      promotion: { after: null, evidenceAgeMaxDays: 30 },
      validation: {
        segments: 4,
        pauseSeconds: 2,
        patienceSeconds: 60,
        rollingParts: 96,
        rollingEveryMinutes: 15,
        fallbackOnDisagreement: false,
      },
      readFlag: {
        reportAgeMaxMinutes: 60,
        lagMaxSeconds: 60,
        newSideErrorsMaxPerMinute: 10,
        widen: { deploymentMinutes: 10, growthPercent: 20, bakeMinutes: 10 },
      },
      readPath: { requestsPerSecondMax: 500, burstMax: 1_000 },
      alarms: {},
      stack: { terminationProtection: true, tags: {} },
      retention: { failureDays: 90, acceptedImageDays: 90 },
      keys: { tables: {} },
      audit: { controlTableEvents: false, eventDays: 365 },
    });
  });

  test.each([
    ['another one', { dev: VALID, here: { ...VALID, promotion: { after: 'dev' } } }, 'dev'],
    ['none', { staging: VALID, production: { ...VALID, promotion: { after: null } } }, null],
  ])('comes after %s where it says so', (_, environments, after) => {
    const name = Object.keys(environments).at(-1) ?? '';
    expect(parseSettings({ migration: { environments } }, name).promotion.after).toBe(after);
  });

  test.each(['nowhere', 'here'])('is refused where it comes after one that cannot be before it: %s', (after) => {
    const environments = { dev: VALID, here: { ...VALID, promotion: { after } } };
    expect(() => parseSettings({ migration: { environments } }, 'here')).toThrow(`promotion.after names ${after}`);
  });

  test('names every table that the functions know', () => {
    expect(Object.keys(parseSettings(contextWith(VALID), 'dev').tables).sort()).toEqual([...TABLE_ROLES].sort());
  });

  test.each([
    ['an account that is none', { account: '12345' }, ['account', 'twelve digits']],
    ['an account as a number', { account: 123456789012 }, ['account']],
    ['no account', { account: undefined }, ['account']],
    ['a region that is none', { region: 'Frankfurt' }, ['region']],
    ['a region of no partition', { region: 'xx-west-1' }, ['region', 'is no region']],
    ['a region without a number', { region: 'eu-west' }, ['region', 'is no region']],
    ['a tag that AWS keeps for itself', { stack: { tags: { 'aws:team': 'kpi' } } }, ['stack.tags', 'no tag name']],
    ['a tag with a character that AWS refuses', { stack: { tags: { team: 'a;b' } } }, ['stack.tags', 'no tag value']],
    ['a key that is unknown', { acount: '123456789012' }, ['acount']],
    ['a table that is unknown', { tables: { kpi_links: 'x-y-z' } }, ['kpi_links', 'tables']],
    ['a name that no table can have', { tables: { kpis: 'a b' } }, ['tables.kpis', 'no DynamoDB table name']],
    [
      'a table of another account',
      { tables: { kpis: 'arn:aws:dynamodb:eu-west-1:210987654321:table/kpis' } },
      ['tables.kpis', 'account and the region'],
    ],
    ['one name for two tables', { tables: { kpis: 'people', people: 'people' } }, ['people is the name of two tables']],
    ['a new table named like an old one', { tables: { kpiLinks: 'purposepath-goal-kpi-links' } }, ['two tables']],
    ['another way to treat held records', { heldRecords: 'drop' }, ['heldRecords', 'hold', 'personal-link']],
    ['tokens that a stream outlasts', { tokenRetentionDays: 1 }, ['tokenRetentionDays', '24 hours']],
    ['a batch beyond Lambda’s limit', { replication: { batchSize: 10_001 } }, ['replication.batchSize', '10,000']],
    ['a limit in words', { replication: { batchSize: 'many' } }, ['replication.batchSize']],
    ['part of a record', { replication: { recordConcurrency: 1.5 } }, ['replication.recordConcurrency']],
    ['a window of the past', { replication: { batchingWindowSeconds: -1 } }, ['replication.batchingWindowSeconds']],
    [
      'an age at which the stream forgets',
      { replication: { maximumRecordAgeSeconds: 86_400 } },
      ['maximumRecordAgeSeconds', '24 hours'],
    ],
    ['a timeout too short for a fan-out', { replication: { timeoutSeconds: 30 } }, ['timeoutSeconds', 'no time']],
    ['no segment', { backfill: { segments: 0 } }, ['backfill.segments']],
    [
      'a rollout of more than a day',
      { readFlag: { widen: { deploymentMinutes: 1_441 } } },
      ['deploymentMinutes', '1,440'],
    ],
    ['a rollout without steps', { readFlag: { widen: { growthPercent: 0 } } }, ['growthPercent']],
    ['an address that is none', { alarms: { email: 'us' } }, ['alarms.email', 'no e-mail address']],
    [
      'a standing validation that overtakes itself',
      { validation: { rollingEveryMinutes: 5 } },
      ['rollingEveryMinutes', 'a part may take'],
    ],
    [
      'a caller who is none',
      { readPath: { callers: [{ principal: '*', tenants: 'any' }] } },
      ['readPath.callers[0].principal', 'IAM role or user'],
    ],
    ['callers who are nobody', { readPath: { callers: [] } }, ['readPath.callers']],
    [
      'a longest lease that is shorter than the lease',
      { backfill: { leaseSeconds: 60, leaseSecondsMax: 59 } },
      ['backfill.leaseSecondsMax', 'less than leaseSeconds'],
    ],
    ['a lag at which nothing is new', { readFlag: { lagMaxSeconds: 999_999_999 } }, ['lagMaxSeconds', 'an hour old']],
    [
      'errors without an end',
      { readFlag: { newSideErrorsMaxPerMinute: 1e9 } },
      ['newSideErrorsMaxPerMinute', '10,000'],
    ],
    ['no bake', { readFlag: { widen: { bakeMinutes: 0 } } }, ['widen.bakeMinutes', 'no time in which an alarm']],
    [
      'a pause above the patience',
      { validation: { pauseSeconds: 11, patienceSeconds: 10 } },
      ['validation.pauseSeconds', 'more than patienceSeconds'],
    ],
    ['a lease too short to renew', { backfill: { leaseSeconds: 2 } }, ['backfill.leaseSeconds', 'renewed in time']],
    [
      'a sweep before late writes have landed',
      { backfill: { lateWriteSeconds: 899 } },
      ['backfill.lateWriteSeconds', '900'],
    ],
    ['a lease of a day', { backfill: { leaseSeconds: 86_400 } }, ['backfill.leaseSeconds', '3,600']],
    ['a ceiling that is none', { validation: { maxReadUnitsPerSecond: 1e9 } }, ['maxReadUnitsPerSecond', '1,000,000']],
    ['tokens for ever', { tokenRetentionDays: 999_999 }, ['tokenRetentionDays', '3,650']],
    ['more than API Gateway gives', { readPath: { requestsPerSecondMax: 20_000 } }, ['requestsPerSecondMax', '10,000']],
    ['failures kept for a day', { retention: { failureDays: 1 } }, ['retention.failureDays', 'time to replay']],
    ['images kept for ever', { retention: { acceptedImageDays: 99_999 } }, ['acceptedImageDays', '3,650']],
    [
      'one caller twice',
      {
        readPath: {
          callers: ['t1', 't2'].map((tenant) => ({
            principal: 'arn:aws:iam::123456789012:role/reader',
            tenants: [tenant],
          })),
        },
      },
      ['readPath.callers[1].principal', 'is the same caller as number 1'],
    ],
    [
      'the alias of a key',
      { keys: { logs: 'arn:aws:kms:eu-west-1:123456789012:alias/logs' } },
      ['keys.logs', 'KMS key'],
    ],
    ['the id of a key', { keys: { tables: { kpis: '1234abcd' } } }, ['keys.tables.kpis', 'KMS key']],
    ['a key of one new table', { keys: { tables: { kpiData: 'x' } } }, ['keys.tables', 'kpiData']],
    ['no write units', { backfill: { maxWriteUnitsPerSecond: 0 } }, ['backfill.maxWriteUnitsPerSecond']],
  ])('is refused with %s', (_what, given, parts) => {
    const error = thrownBy(() => parseSettings(contextWith({ ...VALID, ...given }), 'dev'));
    expect(error).toMatchObject({
      code: 'SETTINGS_INVALID',
      retryable: false,
      nextStep: expect.stringContaining('Correct migration.environments.dev in cdk.json.'),
    });
    for (const part of ['Environment dev', ...parts]) expect(error.message).toContain(part);
  });

  test.each(['eu-west-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1', 'ap-southeast-7', 'mx-central-1'])(
    'may be in the region %s',
    (region) => {
      expect(parseSettings(contextWith({ ...VALID, region }), 'dev').region).toBe(region);
    },
  );

  test('is told every problem at once', () => {
    const { message } = thrownBy(() =>
      parseSettings(
        contextWith({
          account: '1',
          region: 'nowhere',
          heldRecords: 'drop',
          colour: 'red',
          tables: { kpis: '?', kpiLinks: 'purposepath-kpi-data' },
          replication: { batchSize: 0 },
          backfill: { segments: 0 },
        }),
        'dev',
      ),
    );
    const problems = [
      'account',
      'region',
      'heldRecords',
      'colour',
      'kpis',
      'purposepath-kpi-data',
      'batchSize',
      'segments',
    ];
    expect(problems.filter((problem) => !message.includes(problem))).toEqual([]);
  });

  test('of another name does not stand in the way', () => {
    expect(parseSettings(contextWith({ account: 'wrong' }), 'staging')).toMatchObject({ name: 'staging' });
  });
});

describe('an environment that there is not', () => {
  test.each(['prod', '', 'constructor', '__proto__'])('%j: is refused with the names of those there are', (name) => {
    expect(thrownBy(() => parseSettings(contextWith(VALID), name))).toMatchObject({
      code: 'ENVIRONMENT_UNKNOWN',
      nextStep: 'Choose one of: dev, staging.',
    });
  });
});

describe('the name of an environment', () => {
  test.each(['1st', 'my env', 'prod_eu', 'a'.repeat(41), 'a/b'])('%j is refused: no stack can bear it', (name) => {
    const context = { migration: { environments: { [name]: VALID } } };
    expect(thrownBy(() => parseSettings(context, name))).toMatchObject({
      code: 'SETTINGS_INVALID',
      nextStep: expect.stringContaining('letters, digits or hyphens'),
    });
  });

  test.each(['dev', 'Prod-EU-1', 'a'.repeat(40)])('%j is taken', (name) => {
    expect(parseSettings({ migration: { environments: { [name]: VALID } } }, name)).toMatchObject({ name });
  });
});

describe('cdk.json', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function cdkJson(content: string): string {
    const path = join(folder, 'cdk.json');
    writeFileSync(path, content);
    return path;
  }

  test('is read for the environment that is named', () => {
    const path = cdkJson(JSON.stringify({ context: contextWith(VALID) }));
    expect(readSettings('staging', path)).toMatchObject({ name: 'staging', region: 'eu-west-1' });
  });

  test.each([
    ['is not there', () => join(folder, 'elsewhere', 'cdk.json'), 'SETTINGS_UNREADABLE', /folder that holds/],
    ['is no JSON', () => cdkJson('{ "context": '), 'SETTINGS_UNREADABLE', /JSON/],
    ['holds null', () => cdkJson('null'), 'SETTINGS_INVALID', /README\.md/],
    ['holds no context', () => cdkJson('{}'), 'SETTINGS_INVALID', /README\.md/],
    ['holds no environments', () => cdkJson('{"context":{"migration":{}}}'), 'SETTINGS_INVALID', /README\.md/],
    [
      'holds environments of the wrong shape',
      () => cdkJson('{"context":{"migration":{"environments":["dev"]}}}'),
      'SETTINGS_INVALID',
      /README\.md/,
    ],
    [
      'holds an environment that is no object',
      () => cdkJson('{"context":{"migration":{"environments":{"dev":"x"}}}}'),
      'SETTINGS_INVALID',
      /environments\.dev/,
    ],
  ])('is refused where it %s', (_what, path, code, nextStep) => {
    const error = thrownBy(() => readSettings('dev', path()));
    expect(error).toMatchObject({ code, nextStep: expect.stringMatching(nextStep) });
  });

  test('says why it could not be read', () => {
    const error = thrownBy(() => readSettings('dev', cdkJson('{ "context": ')));
    expect(error.message).toContain('cdk.json');
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });
});
