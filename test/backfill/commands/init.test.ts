import { describe, expect, test } from 'vitest';
import { describeInit } from '../../../backfill/commands/init/describe-init.ts';
import { findTables } from '../../../backfill/commands/init/find-tables.ts';
import { changesOf, withChanges } from '../../../backfill/commands/init/settings-change.ts';
import {
  SERVICE_TABLES,
  TABLE_ROLES,
  TABLES,
  type TableNames,
  type TableRole,
} from '../../../functions/migration/tables.ts';
import type { KeySchema } from '../../../functions/model/key-schema.ts';
import type { KeyShape, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';

function keyShape([partition, sort]: KeySchema): KeyShape {
  return { partition: { name: partition, type: 'S' }, ...(sort !== undefined && { sort: { name: sort, type: 'S' } }) };
}

function shapeOf(role: TableRole): TableShape {
  const indexes: [string, KeySchema][] = Object.entries(TABLES[role].indexes);
  return {
    ...{ arn: '', status: 'ACTIVE', itemCountEstimate: 1_000, billing: 'on-demand' },
    key: keyShape(TABLES[role].key),
    indexes: new Map(indexes.map(([name, key]) => [name, { status: 'ACTIVE', key: keyShape(key), projects: 'ALL' }])),
  };
}

type Account = [name: string, shape: TableShape][];

/** The tables of an environment whose names have something before and after the default. */
function tablesOf(prefix = '', suffix = '', roles: readonly TableRole[] = SERVICE_TABLES): Account {
  return roles.map((role) => [`${prefix}${TABLES[role].defaultName}${suffix}`, shapeOf(role)]);
}

const OTHERS: Account = [
  ['sessions', shapeOf('kpis')],
  ['orders', { ...shapeOf('kpis'), key: keyShape(['order', 'line']) }],
  // Ours, deployed already: the new links have all indexes of the old ones.
  ...tablesOf('', '', ['kpiLinks', 'kpiData', 'control']),
];

const find = (account: Account, environment = 'dev', named = {}) => findTables(new Map(account), environment, named);

function names(prefix: string, suffix: string): Record<string, string> {
  return Object.fromEntries(SERVICE_TABLES.map((role) => [role, `${prefix}${TABLES[role].defaultName}${suffix}`]));
}

describe('the tables of the service', () => {
  test.each<[string, Account, [prefix: string, suffix: string]]>([
    ['by their default names', tablesOf(), ['', '']],
    ['among others', [...OTHERS, ...tablesOf()], ['', '']],
    ['with a suffix', [...OTHERS, ...tablesOf('', '-eu')], ['', '-eu']],
    ['with a prefix', tablesOf('shop.'), ['shop.', '']],
    [
      'of the environment, beside those of another',
      [...tablesOf('', '-dev'), ...tablesOf('', '-staging')],
      ['', '-dev'],
    ],
    ['of the environment that comes first', [...tablesOf('dev-'), ...tablesOf('staging-')], ['dev-', '']],
    [
      'that are whole, beside a part',
      [...tablesOf('', '-old', ['kpis', 'people']), ...tablesOf('', '-new')],
      ['', '-new'],
    ],
  ])('are found %s', (_, account, [prefix, suffix]) => {
    expect(find(account)).toMatchObject({ tables: names(prefix, suffix), candidates: {}, affix: { prefix, suffix } });
  });

  test('are told apart by key and indexes where their names say nothing', () => {
    const account: Account = SERVICE_TABLES.filter((role) => role !== 'kpis').map((role) => [
      `x-${role.length}-${role}`,
      shapeOf(role),
    ]);
    const { tables, candidates } = find([...account, ['sessions', shapeOf('kpis')]]);
    expect(Object.values(tables).sort()).toEqual(account.map(([name]) => name).sort());
    // Any table fits that has the key and no index to tell.
    expect(candidates).toEqual({ kpis: expect.arrayContaining(['sessions']) });
  });

  test('are not guessed where two environments fit as well', () => {
    const account = [...tablesOf('', '-a'), ...tablesOf('', '-b')];
    const { tables, candidates } = find(account, 'production');
    expect(tables).toEqual({});
    expect(candidates.people).toEqual(['purposepath-people-a', 'purposepath-people-b']);
  });

  test('follow the one that a person names', () => {
    const account = [...tablesOf('', '-a'), ...tablesOf('', '-b')];
    expect(find(account, 'production', { people: 'purposepath-people-b' }).tables).toEqual(names('', '-b'));
  });

  test.each<[string, (shape: TableShape) => TableShape]>([
    ['another key', (shape) => ({ ...shape, key: keyShape(['id', 'kpi_id']) })],
    ['a key that is a number', (shape) => ({ ...shape, key: { partition: { name: 'id', type: 'N' } } })],
    ['an index too few', (shape) => ({ ...shape, indexes: new Map([...shape.indexes].slice(1)) })],
    [
      'an index by another key',
      (shape) => ({
        ...shape,
        indexes: new Map([...shape.indexes].map(([name, index]) => [name, { ...index, key: keyShape(['x']) }])),
      }),
    ],
  ])('do not fit with %s', (_, spoil) => {
    const account = tablesOf().map(([name, shape]): [string, TableShape] => [
      name,
      name === TABLES.kpiActuals.defaultName ? spoil(shape) : shape,
    ]);
    const { tables, candidates } = find(account);
    expect(tables).not.toHaveProperty('kpiActuals');
    expect(candidates.kpiActuals).toEqual([]);
    expect(Object.keys(tables)).toHaveLength(SERVICE_TABLES.length - 1);
  });
});

const DEFAULTS = Object.fromEntries(TABLE_ROLES.map((role) => [role, TABLES[role].defaultName])) as TableNames;
const FOUND = { account: '123456789012', region: 'eu-west-1', tables: DEFAULTS, keys: {} };

describe('the settings that are written', () => {
  test.each([
    ['nothing yet', undefined, FOUND, ['account', 'region']],
    ['the same', { account: '123456789012', region: 'eu-west-1' }, FOUND, []],
    ['another account', { account: '1', region: 'eu-west-1' }, FOUND, ['account in place of 1']],
    ['a name that is the default now', { ...FOUND, tables: { kpis: 'x' } }, FOUND, ['tables.kpis in place of x']],
    [
      'another table and a key',
      FOUND,
      { ...FOUND, tables: { ...DEFAULTS, kpis: 'y' }, keys: { kpis: 'arn:k' } },
      ['tables.kpis in place of purposepath-kpis', 'keys.tables.kpis'],
    ],
    ['something that is no object', 'x', FOUND, ['account', 'region']],
  ])('over %s', (_, given, found, expected) => {
    const told = changesOf(given, found).map(
      ({ path, before }) => path.join('.') + (before === undefined ? '' : ` in place of ${before}`),
    );
    expect(told).toEqual(expected);
  });

  test('leave all else as it is written', () => {
    const environments = { a: { region: 'r', segments: 10 } };
    const text = `${JSON.stringify({ app: 'x', context: { migration: { environments }, other: [1, 2] } }, null, 2)}\n`;
    const changed = withChanges(text, 'b', [
      { path: ['account'], after: '1' },
      { path: ['tables', 'kpis'], after: 'k' },
    ]);
    const b = { account: '1', tables: { kpis: 'k' } };
    expect(changed).toBe(
      `${JSON.stringify({ app: 'x', context: { migration: { environments: { ...environments, b } }, other: [1, 2] } }, null, 2)}\n`,
    );
  });
});

test.each([
  [undefined, 'off: the deployment turns it on'],
  ['NEW_AND_OLD_IMAGES', 'on, with both images'],
  ['KEYS_ONLY', 'on with KEYS_ONLY: the deployment stops until its owner has turned it off'],
])('the stream of an old table is told: %s', (streamViewType, told) => {
  const shapes = new Map([
    [DEFAULTS.kpiActuals, { ...shapeOf('kpiActuals'), ...(streamViewType && { streamViewType }) }],
  ]);
  const about = { env: 'dev', execute: false, path: 'cdk.json', caller: { account: '1', arn: 'a' }, region: 'r' };
  const lines = describeInit({ ...about, tables: DEFAULTS, shapes, changes: [], unreadable: 2 });
  expect(lines.find((line) => line.startsWith('kpiActuals'))).toContain(told);
  expect(lines.find((line) => line.startsWith('kpiData'))).toContain('the deployment creates the table');
  expect(lines.join('\n')).toContain('2 tables were left out');
});
