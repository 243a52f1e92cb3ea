import { describe, expect, test } from 'vitest';
import { GOLDEN_CONTENT } from '../../functions/migration/golden-content.ts';
import { OLD_VALUE_ATTRIBUTE_OF } from '../../functions/migration/rows.ts';
import { RECORD_SOURCES, SOURCES } from '../../functions/migration/sources.ts';
import {
  LINK_LISTING,
  LISTED_BY,
  type Listing,
  LOOK_UP_TABLE_OF,
  NEW_DATA,
  NEW_LINKS,
  NEW_TABLES,
  OLD_TABLE_OF,
  SERVICE_TABLES,
  TABLE_ROLES,
  TABLES,
  type TableDefinition,
  type TableRole,
} from '../../functions/migration/tables.ts';
import { textOf } from '../../functions/model/attribute-value.ts';

const oldTables: readonly TableRole[] = SOURCES.map((source) => OLD_TABLE_OF[source]);
const recordTables: readonly TableRole[] = RECORD_SOURCES.map((source) => OLD_TABLE_OF[source]);

describe('the tables', () => {
  test('are each in one part: the service’s, which are migrated or looked up, the new ones and the control table', () => {
    const parts = [...oldTables, ...Object.values(LOOK_UP_TABLE_OF), ...NEW_TABLES, 'control'];
    expect(parts.toSorted()).toEqual(TABLE_ROLES.toSorted());
    expect(SERVICE_TABLES.toSorted()).toEqual([...oldTables, ...Object.values(LOOK_UP_TABLE_OF)].toSorted());
  });

  test('have names of their own', () => {
    const definitions: TableDefinition[] = Object.values(TABLES);
    expect(new Set(definitions.map(({ defaultName }) => defaultName)).size).toBe(TABLE_ROLES.length);
    expect(new Set(definitions.map(({ title }) => title)).size).toBe(TABLE_ROLES.length);
  });

  test('need only indexes that they have', () => {
    const missing = Object.entries(TABLES).flatMap(([role, { indexes, needs = {} }]: [string, TableDefinition]) =>
      Object.keys(needs).flatMap((name) => (Object.hasOwn(indexes, name) ? [] : [`${role} ${name}`])),
    );
    expect(missing).toEqual([]);
  });
});

describe('a listing is by the partition key of an index', () => {
  test.each<[string, Listing, readonly TableRole[]]>([
    ['of a KPI', LISTED_BY.kpi, [...oldTables, NEW_LINKS]],
    ['of a link', LISTED_BY.link, [NEW_DATA]],
    ['of a user', LISTED_BY.user, [LOOK_UP_TABLE_OF.person]],
    ['of a tenant', LISTED_BY.tenant, [...oldTables, NEW_LINKS]],
    ...Object.values(LINK_LISTING).map((listing): [string, Listing, TableRole[]] => [
      `of links by ${listing.index}`,
      listing,
      [OLD_TABLE_OF.links, NEW_LINKS],
    ]),
  ])('%s', (_, { index, attribute }, roles) => {
    const keys = roles.map((role) => (TABLES[role] as TableDefinition).indexes[index]?.[0]);
    expect(keys).toEqual(roles.map(() => attribute));
  });
});

test('old records are listed in the order of their dates, which the golden content has', () => {
  expect(recordTables.map((role) => (TABLES[role] as TableDefinition).indexes[LISTED_BY.kpi.index])).toEqual([
    ['kpi_id', 'milestone_date'],
    ['kpi_id', 'measurement_date'],
    ['kpi_id', 'reading_date'],
  ]);
  for (const source of RECORD_SOURCES) {
    const [record] = GOLDEN_CONTENT[source];
    const [, date = ''] = TABLES[OLD_TABLE_OF[source]].indexes[LISTED_BY.kpi.index];
    expect(textOf(record, date)).toBeDefined();
    expect(record).toHaveProperty(OLD_VALUE_ATTRIBUTE_OF[source]);
  }
});
