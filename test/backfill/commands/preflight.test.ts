import { describe, expect, test } from 'vitest';
import { checkTables, requireNoFindings } from '../../../backfill/commands/preflight/preflight.ts';
import { TABLE_ROLES, type TableNames, type TableRole } from '../../../functions/migration/tables.ts';
import {
  describeTables,
  type IndexShape,
  type KeyShape,
  type TableShape,
} from '../../../functions/tables/dynamo/descriptions.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';

const names = Object.fromEntries(TABLE_ROLES.map((role) => [role, `dev-${role}`])) as TableNames;

function key(partition: string, sort?: string): KeyShape {
  return { partition: { name: partition, type: 'S' }, ...(sort && { sort: { name: sort, type: 'S' } }) };
}

function index(partition: string, sort?: string): IndexShape {
  return { status: 'ACTIVE', key: key(partition, sort), projects: 'ALL' };
}

function table(indexes: Record<string, IndexShape> = {}, streamViewType?: string): TableShape {
  const arn = 'arn:aws:dynamodb:us-east-1:123456789012:table/t';
  const base = {
    arn,
    status: 'ACTIVE',
    billing: 'on-demand' as const,
    key: key('id'),
    itemCountEstimate: 0,
    indexes: new Map(Object.entries(indexes)),
  };
  return streamViewType ? { ...base, streamViewType } : base;
}

const STREAM = 'NEW_AND_OLD_IMAGES';

/** tables.md, written out a second time on purpose. */
const AS_NEEDED: Readonly<Record<TableRole, TableShape>> = {
  goalKpiLinks: table({}, STREAM),
  kpiMilestones: table({ 'kpi-index': index('kpi_id', 'milestone_date') }, STREAM),
  kpiActuals: table({ 'kpi-index': index('kpi_id', 'measurement_date') }, STREAM),
  kpiReadings: table({ 'kpi-index': index('kpi_id', 'reading_date') }, STREAM),
  kpis: table(),
  people: table({ 'linked-user-index': index('linked_user_id') }),
  kpiLinks: table({
    'tenant-index': index('tenant_id'),
    'kpi-index': index('kpi_id'),
    'person-index': index('person_id'),
    'goal-index': index('goal_id'),
    'strategy-index': index('strategy_id'),
    'uniqueness-index': index('uniqueness_key'),
  }),
  kpiData: table({
    'kpi-link-index': index('kpi_link_id', 'post_date'),
    'kpi-link-category-index': index('kpi_link_category_key', 'post_date'),
    'target-subtype-index': index('target_key', 'post_date'),
  }),
  control: { ...table(), key: key('pk', 'sk') },
};

function withIndex(
  role: TableRole,
  name: string,
  shape: IndexShape | undefined,
): Partial<Record<TableRole, TableShape>> {
  const indexes = new Map(AS_NEEDED[role].indexes);
  if (shape) indexes.set(name, shape);
  else indexes.delete(name);
  return { ...AS_NEEDED, [role]: { ...AS_NEEDED[role], indexes } };
}

test('tables as tables.md has them give no finding', () => {
  expect(checkTables(AS_NEEDED, names)).toEqual([]);
});

describe('each thing that is wrong is one finding that names the table and what to do', () => {
  const { streamViewType: _, ...withoutStream } = AS_NEEDED.kpiActuals;
  const cases: Record<string, [Partial<Record<TableRole, TableShape>>, code: string, role: TableRole, says: RegExp]> = {
    'an old table that does not exist': [
      { ...AS_NEEDED, kpiReadings: undefined },
      'TABLE_MISSING',
      'kpiReadings',
      /tables\.kpiReadings.*cdk\.json/,
    ],
    'a new table that is not deployed': [
      { ...AS_NEEDED, kpiData: undefined },
      'TABLE_MISSING',
      'kpiData',
      /cdk deploy/,
    ],
    'an old table with a sort key': [
      { ...AS_NEEDED, goalKpiLinks: { ...AS_NEEDED.goalKpiLinks, key: key('id', 'tenant_id') } },
      'KEY_SCHEMA',
      'goalKpiLinks',
      /id \(S\), tenant_id \(S\) and not id \(S\)/,
    ],
    'an old table keyed by a number': [
      { ...AS_NEEDED, kpis: { ...AS_NEEDED.kpis, key: { partition: { name: 'id', type: 'N' } } } },
      'KEY_SCHEMA',
      'kpis',
      /id \(N\)/,
    ],
    'a control table that is another table': [
      { ...AS_NEEDED, control: table() },
      'KEY_SCHEMA',
      'control',
      /pk \(S\), sk \(S\)/,
    ],
    'a table that is still being made': [
      { ...AS_NEEDED, kpiLinks: { ...AS_NEEDED.kpiLinks, status: 'CREATING' } },
      'TABLE_NOT_READY',
      'kpiLinks',
      /CREATING/,
    ],
    'a stream that is off': [{ ...AS_NEEDED, kpiActuals: withoutStream }, 'STREAM_OFF', 'kpiActuals', /cdk deploy/],
    'a stream of the wrong view type': [
      { ...AS_NEEDED, kpiActuals: { ...AS_NEEDED.kpiActuals, streamViewType: 'KEYS_ONLY' } },
      'STREAM_VIEW_TYPE',
      'kpiActuals',
      /KEYS_ONLY/,
    ],
    'a record table without kpi-index': [
      withIndex('kpiMilestones', 'kpi-index', undefined),
      'INDEX_MISSING',
      'kpiMilestones',
      /kpi-index/,
    ],
    'an index by another attribute': [
      withIndex('people', 'linked-user-index', index('tenant_id')),
      'INDEX_UNFIT',
      'people',
      /tenant_id \(S\) and not linked_user_id/,
    ],
    'an index of people without their tenant': [
      withIndex('people', 'linked-user-index', { ...index('linked_user_id'), projects: [] }),
      'INDEX_UNFIT',
      'people',
      /does not project tenant_id/,
    ],
    'a new index that does not project all': [
      withIndex('kpiData', 'kpi-link-index', { ...index('kpi_link_id', 'post_date'), projects: ['post_value'] }),
      'INDEX_UNFIT',
      'kpiData',
      /all attributes/,
    ],
    'an index that is still being filled': [
      withIndex('kpiLinks', 'goal-index', { ...index('goal_id'), status: 'CREATING' }),
      'INDEX_NOT_READY',
      'kpiLinks',
      /CREATING/,
    ],
  };

  test.each(Object.entries(cases))('%s', (_name, [shapes, code, role, says]) => {
    const findings = checkTables(shapes, names);
    expect(findings).toMatchObject([{ code, role, table: names[role] }]);
    expect(`${findings[0]?.message} ${findings[0]?.nextStep}`).toMatch(says);
  });
});

test('an index of old records that holds only its keys is enough: nothing but ids is read from it', () => {
  const shape = { ...index('kpi_id', 'milestone_date'), projects: [] };
  expect(checkTables(withIndex('kpiMilestones', 'kpi-index', shape), names)).toEqual([]);
});

test('a refusal tells all that is wrong at once', () => {
  const findings = checkTables({}, names);
  expect(findings).toHaveLength(TABLE_ROLES.length);
  expect(() => requireNoFindings(findings)).toThrow(/dev-goalKpiLinks.*\n.*dev-kpiMilestones/);
});

test('real tables are described as they are', async () => {
  const client = engineClient();
  const streamed = await createTestTables({ streams: true });
  expect(checkTables(await describeTables(client, streamed), streamed)).toEqual([]);

  const other = { ...(await createTestTables()), control: streamed.kpiData, kpis: 'no-such-table' };
  const findings = checkTables(await describeTables(client, other), other);
  expect(findings.map(({ code, role }) => `${code} ${role}`)).toEqual([
    'STREAM_OFF goalKpiLinks',
    'STREAM_OFF kpiMilestones',
    'STREAM_OFF kpiActuals',
    'STREAM_OFF kpiReadings',
    'TABLE_MISSING kpis',
    'KEY_SCHEMA control',
  ]);
});
