import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { MigrationError } from '../../functions/model/migration-error.ts';
import { nearestName } from '../../infra/did-you-mean.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { thrownBy } from './thrown-by.ts';

const folder = mkdtempSync(join(tmpdir(), 'settings-problems-'));
afterAll(() => rmSync(folder, { recursive: true }));

function failureOf(text: string | undefined, name = 'dev'): MigrationError {
  const path = join(folder, 'cdk.json');
  rmSync(path, { recursive: true, force: true });
  if (text !== undefined) writeFileSync(path, text);
  return thrownBy(() => readSettings(name, path));
}

/** Of an environment with these settings beside a right account and region; each line of the object is one of the file. */
function problemsOf(settings: object): string[] {
  const dev = { account: '123456789012', region: 'eu-west-1', ...settings };
  const text = JSON.stringify({ context: { migration: { environments: { dev } } } }, null, 1);
  return failureOf(text)
    .message.split('\n')
    .slice(1)
    .map((line) => line.trim());
}

const UNKNOWN = 'there is no such setting.';

describe('a problem of settings', () => {
  test.each<[string, object, string[]]>([
    // Wrong type.
    [
      'a number as text',
      { tokenRetentionDays: '30' },
      [
        'tokenRetentionDays (line 8): found "30", which is a text. Allowed: a whole number from 2 to 3,650 days. Default: 30.',
      ],
    ],
    [
      'a text as number',
      { account: 123456789012 },
      [
        'account (line 6): found 123456789012, which is a number. Allowed: the twelve digits of an AWS account, in double quotes.',
      ],
    ],
    [
      'a fraction',
      { replication: { batchingWindowSeconds: 0.5 } },
      [
        'replication.batchingWindowSeconds (line 9): found 0.5, which is no whole number. Allowed: a whole number from 0 to 300 seconds. Default: 1.',
      ],
    ],
    [
      'a text where true or false is due',
      { validation: { fallbackOnDisagreement: 'yes' } },
      [
        'validation.fallbackOnDisagreement (line 9): found "yes", which is a text. Allowed: true or false. Default: false.',
      ],
    ],
    [
      'null, a list and an object in the wrong places',
      { region: null, alarms: [], heldRecords: {} },
      [
        'region (line 7): found null. Allowed: the name of a region, such as "us-east-1".',
        'heldRecords (line 9): found an object. Allowed: "hold" or "personal-link". Default: "hold".',
        'alarms (line 8): found a list. Allowed: an object with email.',
      ],
    ],
    [
      'what is required',
      { account: undefined },
      ['account: is missing. Allowed: the twelve digits of an AWS account, in double quotes.'],
    ],
    // Out of range.
    [
      'too much',
      { replication: { timeoutSeconds: 1_000 } },
      [
        'replication.timeoutSeconds (line 9): found 1000, which is more than 900. Allowed: a whole number from 120 to 900 seconds. Default: 900.',
      ],
    ],
    [
      'too little, with a reason of its own',
      { tokenRetentionDays: 1 },
      [
        'tokenRetentionDays (line 8): found 1, which must outlast the 24 hours of a stream. Allowed: a whole number from 2 to 3,650 days. Default: 30.',
      ],
    ],
    [
      'nothing where more than nothing is due',
      { backfill: { segments: 0, usdPerMillionWriteUnits: 0 } },
      [
        'backfill.segments (line 9): found 0, which is not above 0. Allowed: a whole number from 1 to 1,000 segments. Default: 4.',
        'backfill.usdPerMillionWriteUnits (line 10): found 0, which is not above 0. Allowed: a number above 0, up to 1,000 US dollars a million units. It may be left out.',
      ],
    ],
    [
      'a word that is no choice',
      { heldRecords: 'drop' },
      ['heldRecords (line 8): found "drop". Allowed: "hold" or "personal-link". Default: "hold".'],
    ],
    [
      'a list of callers',
      { readPath: { callers: [{ principal: 'arn:aws:iam::123456789012:role/x', tenants: 'all' }, 3] } },
      [
        'readPath.callers[0].tenants (line 12): found "all". Allowed: "any" or "session", or a list, each a text in double quotes.',
        'readPath.callers[1] (line 14): found 3, which is a number. Allowed: an object with principal, tenants.',
      ],
    ],
    [
      'a value that would move the cursor',
      { region: 'eu\u001b[2J' },
      ['region (line 7): found "eu\\u001b[2J", which is no region.'],
    ],
    // Unknown keys.
    [
      'a letter wrong',
      { backfill: { segmets: 3 } },
      [`backfill.segmets (line 9): ${UNKNOWN} Did you mean backfill.segments?`],
    ],
    [
      'another spelling',
      { replication: { batch_size: 3 } },
      [`replication.batch_size (line 9): ${UNKNOWN} Did you mean replication.batchSize?`],
    ],
    [
      'half a name',
      { replication: { timeout: 3 } },
      [`replication.timeout (line 9): ${UNKNOWN} Did you mean replication.timeoutSeconds?`],
    ],
    ['another place', { tags: {} }, [`tags (line 8): ${UNKNOWN} Did you mean stack.tags?`]],
    [
      'two other places',
      { segments: 3 },
      [
        `segments (line 8): ${UNKNOWN} Did you mean backfill.segments or backfill.workflow.segments or validation.segments?`,
      ],
    ],
    [
      'nothing that is near',
      { alarms: { colour: 'red' }, keys: { tables: { kpiData: 'x' } } },
      [
        `alarms.colour (line 9): ${UNKNOWN} Known here: email.`,
        `keys.tables.kpiData (line 13): ${UNKNOWN} Known here: goalKpiLinks, kpiMilestones, kpiActuals, kpiReadings, kpis, people.`,
      ],
    ],
    [
      'one in a list',
      { readPath: { callers: [{ principal: 'arn:aws:iam::123456789012:role/x', tenants: 'any', tenant: 1 }] } },
      [`readPath.callers[0].tenant (line 13): ${UNKNOWN} Did you mean readPath.callers[0].tenants?`],
    ],
    // What two settings have to do with each other.
    [
      'a pause beyond the patience, which is the default',
      { validation: { pauseSeconds: 70 } },
      [
        'validation.pauseSeconds (line 9): found 70, which is more than patienceSeconds (60), so nothing would be looked at twice. Default: 2.',
      ],
    ],
    [
      'a longest lease below the lease',
      { backfill: { leaseSeconds: 60, leaseSecondsMax: 59 } },
      ['backfill.leaseSecondsMax (line 10): found 59, which is less than leaseSeconds (60). It may be left out.'],
    ],
    [
      'late writes that could land after the sweep',
      { backfill: { lateWriteSeconds: 100 } },
      [
        'backfill.lateWriteSeconds (line 9): found 100, which is less than the 900 seconds in which AWS takes a signed request. Default: 960.',
      ],
    ],
    [
      'one name for two tables',
      { tables: { kpis: 'people', people: 'people' } },
      ['tables (line 8): people is the name of two tables.'],
    ],
  ])('is told in plain words: %s', (_, settings, problems) => {
    expect(problemsOf(settings)).toEqual(problems);
  });

  test.each([
    ['batchsize', ['batchSize', 'segments'], 'batchSize'],
    ['prod', ['staging', 'production', 'dev'], 'production'],
    ['def', ['dev', 'staging'], 'dev'],
    ['xyz', ['dev', 'staging'], undefined],
    ['', ['dev'], undefined],
    ['dev', [], undefined],
  ])('takes for %j of %j: %s', (given, names, near) => {
    expect(nearestName(given, names)).toBe(near);
  });
});

describe('an environment that is misspelt', () => {
  const environments = { production: {}, staging: { account: '1', region: '2', promotion: { after: 'prodution' } } };
  const text = JSON.stringify({ context: { migration: { environments } } });

  test('is told the nearest', () => {
    expect(failureOf(text, 'prdouction')).toMatchObject({
      code: 'ENVIRONMENT_UNKNOWN',
      message: 'There is no environment prdouction in cdk.json. Did you mean production?',
    });
  });

  test('as the one before is told the nearest, too', () => {
    const right = text.replace('"1"', '"123456789012"').replace('"2"', '"eu-west-1"');
    expect(failureOf(right, 'staging').message).toContain('no other environment. Did you mean production?');
  });
});

describe('a cdk.json that cannot be read', () => {
  test.each([
    ['a comma is missing', '{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3: a comma is missing before this.', '  "b": 2'],
    ['a comma too many', '{\n  "a": 1,\n}', 'line 3, column 1: a key in double quotes is missing', '}'],
    ['a value is missing', '{ "a": }', 'line 1, column 8: a value is missing', '{ "a": }'],
    ['a comment', '{\n // mine\n}', 'line 2, column 2: JSON has no comments', ' // mine'],
    ['a colon is missing', '{ "a" 1 }', 'line 1, column 7: a colon is missing', '{ "a" 1 }'],
    ['single quotes', "{ 'a': 1 }", 'line 1, column 3: JSON knows no such word', "{ 'a': 1 }"],
    ['no end', '{ "context": {', 'line 1, column 15: ', '{ "context": {'],
    ['an open text', '{ "a": "b\n}', 'line 1, column 8: a text has no closing double quote', '{ "a": "b'],
    ['an account with a leading zero', '{ "a": 0123 }', 'line 1, column 9: a comma is missing', '{ "a": 0123 }'],
    ['two ends', '{}\n}', 'line 2, column 1: the file goes on after its end', '}'],
    ['nothing in it', '  \n', 'is no JSON: it is empty', ''],
  ])('says where: %s', (_, text, what, shown) => {
    const error = failureOf(text);
    expect(error).toMatchObject({ code: 'SETTINGS_UNREADABLE', cause: expect.any(SyntaxError) });
    expect(error.message).toContain(what);
    expect(error.message).toContain(shown);
    expect(error.nextStep).toContain('cdk.json');
  });

  test('points at the column of a long line', () => {
    const { message } = failureOf(`{ "a": [${'1, '.repeat(100)} 2 3] }`);
    const [, shown = '', caret = ''] = message.split('\n');
    expect(shown.slice(caret.indexOf('^')).startsWith('3] }')).toBe(true);
    expect(shown.length).toBeLessThan(120);
  });

  test('is missing, or a folder', () => {
    expect(failureOf(undefined).message).toMatch(/cdk\.json cannot be read: there is no such file\.$/);
    mkdirSync(join(folder, 'there'));
    expect(thrownBy(() => readSettings('dev', join(folder, 'there'))).message).toMatch(/it is a folder\.$/);
  });

  test('may begin with a byte order mark, as for CDK', () => {
    expect(failureOf('\uFEFF{"context":{"migration":{"environments":{}}}}').code).toBe('ENVIRONMENT_UNKNOWN');
  });

  test.each([
    ['null', 'cdk.json has no context.'],
    ['{"contxt":{}}', 'cdk.json has no context. Is it contxt?'],
    ['{"context":{"migrations":{}}}', 'cdk.json has no context.migration. Is it migrations?'],
    ['{"context":{"migration":{"environments":[]}}}', 'In cdk.json, context.migration.environments is no object.'],
  ])('lacks its settings: %s', (text, message) => {
    expect(failureOf(text)).toMatchObject({
      code: 'SETTINGS_INVALID',
      message,
      nextStep: expect.stringContaining('README'),
    });
  });

  test('has one key twice, of which JSON would keep the last', () => {
    const text = '{"context":{"migration":{"environments":{\n"dev":{},\n"staging":{\n"region":"a",\n"region":"b"}}}}}';
    expect(failureOf(text)).toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining('has the key "region" twice: lines 4 and 5.'),
    });
  });
});
