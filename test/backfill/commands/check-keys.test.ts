import { describe, expect, test } from 'vitest';
import { checkKeys } from '../../../backfill/commands/preflight/check-keys.ts';
import { SERVICE_TABLES, TABLE_ROLES, type TableRole } from '../../../functions/migration/tables.ts';
import type { EncryptionKey, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { parseSettings } from '../../../infra/settings.ts';

/** The ARN of a key of a multi-Region kind, whose id is made of the name. */
const keyNamed = (name: string) =>
  `arn:aws:kms:eu-west-1:123456789012:key/mrk-${Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32)}`;

function settingsWith(keys: object) {
  const test = { account: '123456789012', region: 'eu-west-1', keys };
  return parseSettings({ migration: { environments: { test } } }, 'test');
}

/** Tables with these keys, and all others with a key that AWS owns. */
function shapesWith(keys: Partial<Record<TableRole, EncryptionKey>>): Partial<Record<TableRole, TableShape>> {
  return Object.fromEntries(
    TABLE_ROLES.map((role) => [role, { ...(keys[role] && { encryptionKey: keys[role] }) } as TableShape]),
  );
}

describe('the keys of the tables', () => {
  test('are as the settings say where neither has any', () => {
    expect(checkKeys(shapesWith({}), settingsWith({}))).toEqual([]);
    expect(checkKeys({}, settingsWith({}))).toEqual([]);
  });

  test('are as the settings say where both have the same', () => {
    const keys = {
      tables: Object.fromEntries(SERVICE_TABLES.map((role) => [role, keyNamed(role)])),
      newTables: keyNamed('ours'),
    };
    const shapes = shapesWith({
      ...Object.fromEntries(SERVICE_TABLES.map((role) => [role, { arn: keyNamed(role) }])),
      kpiLinks: { arn: keyNamed('ours') },
      kpiData: { arn: keyNamed('ours') },
      control: { arn: keyNamed('ours') },
    });
    expect(checkKeys(shapes, settingsWith(keys))).toEqual([]);
  });

  test.each<[string, Partial<Record<TableRole, EncryptionKey>>, object, string, string[]]>([
    [
      'an old table has a key that the settings do not name',
      { kpiActuals: { arn: keyNamed('theirs') } },
      {},
      'KEY_NOT_NAMED',
      ['purposepath-kpi-actuals', keyNamed('theirs'), 'keys.tables.kpiActuals', 'cdk deploy --all'],
    ],
    [
      'a look-up table has another one than the settings name',
      { people: { arn: keyNamed('new') } },
      { tables: { people: keyNamed('old') } },
      'KEY_NOT_NAMED',
      ['purposepath-people', keyNamed('new'), keyNamed('old'), 'Correct keys.tables.people'],
    ],
    [
      'an old table has none though the settings name one',
      {},
      { tables: { kpis: keyNamed('kpis') } },
      'KEY_NOT_NAMED',
      ['purposepath-kpis', 'a key that AWS owns', 'keys.tables.kpis'],
    ],
    [
      'the control table has one that the settings do not name',
      { control: { arn: keyNamed('theirs') } },
      {},
      'KEY_NOT_NAMED',
      ['kpi-migration-control', 'keys.newTables'],
    ],
    [
      'a key cannot be used',
      { goalKpiLinks: { arn: keyNamed('links'), inaccessibleSince: '2026-11-27T00:00:00.000Z' } },
      { tables: { goalKpiLinks: keyNamed('links') } },
      'KEY_INACCESSIBLE',
      ['2026-11-27', keyNamed('links'), 'owner of the key'],
    ],
  ])('are a finding where %s', (_, actual, keys, code, parts) => {
    const findings = checkKeys(shapesWith(actual), settingsWith(keys));
    expect(findings).toHaveLength(1);
    expect(findings[0]?.code).toBe(code);
    const text = Object.values(findings[0] ?? {}).join(' ');
    for (const part of parts) expect(text).toContain(part);
  });

  test('of new tables are the deployment’s to correct', () => {
    const findings = checkKeys(shapesWith({}), settingsWith({ newTables: keyNamed('ours') }));
    expect(findings.map(({ role }) => role).sort()).toEqual(['control', 'kpiData', 'kpiLinks']);
    for (const { nextStep } of findings) expect(nextStep).toBe('Deploy: npx cdk deploy --all -c environment=NAME');
  });
});
