import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ExpectedRows, expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import { RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import { sortedById } from './mapping-case.ts';
import { DATE_OF, oldContent, VALUE_OF } from './old-content.ts';

const heldRecords = fc.constantFrom<HeldRecords>('hold', 'personal-link');

/** Every record with what became of it, found out by the rows' values and by the lists, not by the mapping. */
interface Fate {
  readonly source: RecordSource;
  readonly item: Item;
  readonly rows: readonly Item[];
  readonly timesHeld: number;
  readonly timesQuarantined: number;
}

function fatesOf(old: OldContent, expected: ExpectedRows): Fate[] {
  const rowsOfValue = Map.groupBy(expected.kpiData.values(), (row) => JSON.stringify(row.post_value));
  return RECORD_SOURCES.flatMap((source) =>
    old[source].map((item) => {
      const named = (entry: { source: string; id: string }) =>
        entry.source === source && entry.id === textOf(item, 'id');
      return {
        source,
        item,
        rows: rowsOfValue.get(JSON.stringify(item[VALUE_OF[source]])) ?? [],
        timesHeld: expected.held.filter(named).length,
        timesQuarantined: expected.quarantined.filter(named).length,
      };
    }),
  );
}

function linkIdsOf(expected: ExpectedRows, record: Item): unknown[] {
  const ofKpi = (row: Item) =>
    row.kpi_id !== undefined && same(row, record, 'kpi_id') && same(row, record, 'tenant_id');
  return [...expected.kpiLinks.values()].filter(ofKpi).map((row) => textOf(row, 'id'));
}

function same(left: Item, right: Item, name: string): boolean {
  return textOf(left, name) === textOf(right, name);
}

async function check(property: (old: OldContent, expected: ExpectedRows) => void): Promise<void> {
  await fc.assert(
    fc.property(oldContent, heldRecords, (old, held) => property(old, expectedRows(old, held))),
    { numRuns: 150 },
  );
}

describe('whatever the old tables hold', () => {
  test('a record is mapped, held or quarantined, and exactly one of these, exactly once', async () => {
    await check((old, expected) => {
      for (const { rows, timesHeld, timesQuarantined } of fatesOf(old, expected)) {
        expect((rows.length > 0 ? 1 : 0) + timesHeld + timesQuarantined).toBe(1);
      }
    });
  });

  test('a link has its row or is quarantined, and not both', async () => {
    await check((old, expected) => {
      for (const link of old.links) {
        const id = textOf(link, 'id') ?? '';
        const quarantined = expected.quarantined.filter((entry) => entry.source === 'links' && entry.id === id);
        expect((expected.kpiLinks.has(id) ? 1 : 0) + quarantined.length).toBe(1);
      }
    });
  });

  test('no two rows share an id: a record that is mapped has a row for every link of its KPI and tenant', async () => {
    await check((old, expected) => {
      for (const { item, rows } of fatesOf(old, expected)) {
        if (rows.length === 0) continue;
        expect(rows.map((row) => textOf(row, 'kpi_link_id')).sort()).toEqual(linkIdsOf(expected, item).sort());
      }
      for (const [id, row] of expected.kpiData) expect(row.id).toEqual({ S: id });
    });
  });

  test('there is no row that was made of no record', async () => {
    await check((old, expected) => {
      const rows = fatesOf(old, expected).reduce((total, fate) => total + fate.rows.length, 0);
      expect(rows).toBe(expected.kpiData.size);
    });
  });

  test('exactly one of the rows of a record bears its id', async () => {
    await check((old, expected) => {
      for (const { item, rows } of fatesOf(old, expected)) {
        if (rows.length > 0) expect(rows.filter((row) => same(row, item, 'id'))).toHaveLength(1);
      }
    });
  });

  test('nothing joins across tenants', async () => {
    await check((old, expected) => {
      for (const { item, rows } of fatesOf(old, expected)) {
        for (const row of rows) {
          const link = expected.kpiLinks.get(textOf(row, 'kpi_link_id') ?? '') ?? {};
          expect([row.tenant_id, link.tenant_id, link.kpi_id]).toEqual([item.tenant_id, item.tenant_id, item.kpi_id]);
        }
      }
    });
  });

  test('digits and the characters of dates are kept', async () => {
    await check((old, expected) => {
      for (const { source, item, rows } of fatesOf(old, expected)) {
        for (const row of rows) {
          expect([row.post_value, row.post_date]).toEqual([item[VALUE_OF[source]], item[DATE_OF[source]]]);
        }
      }
    });
  });

  test('a record is held only where its KPI has no link', async () => {
    await check((old, expected) => {
      for (const { item, timesHeld } of fatesOf(old, expected)) {
        if (timesHeld > 0) expect(linkIdsOf(expected, item)).toEqual([]);
      }
    });
  });

  test('the order of the items does not matter, and they are not touched', async () => {
    await fc.assert(
      fc.property(withAnotherOrder(), heldRecords, ([old, reordered], held) => {
        const before = structuredClone(old);
        const [one, other] = [expectedRows(old, held), expectedRows(reordered, held)];
        expect(unordered(other)).toEqual(unordered(one));
        expect(old).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });
});

test('the old tables of these tests hold what the properties are about', async () => {
  const seen = { severalLinks: 0, held: 0, collisions: 0, malformed: 0, personal: 0 };
  await check((_, expected) => {
    const fanOuts = Map.groupBy(expected.kpiData.values(), (row) => JSON.stringify(row.post_value)).values();
    if ([...fanOuts].some((rows) => rows.length > 2)) seen.severalLinks += 1;
    if (expected.held.length > 0) seen.held += 1;
    if (expected.quarantined.some(({ reason }) => reason.code === 'id-collision')) seen.collisions += 1;
    if (expected.quarantined.some(({ reason }) => reason.code !== 'id-collision')) seen.malformed += 1;
    if ([...expected.kpiLinks.values()].some((row) => row.goal_id === undefined)) seen.personal += 1;
  });
  const rare = Object.entries(seen).filter(([, times]) => times < 5);
  expect(rare).toEqual([]);
});

function withAnotherOrder(): fc.Arbitrary<[OldContent, OldContent]> {
  return oldContent.chain((old) =>
    fc.tuple(
      fc.constant(old),
      fc.record({
        links: shuffled(old.links),
        milestones: shuffled(old.milestones),
        actuals: shuffled(old.actuals),
        readings: shuffled(old.readings),
        kpis: shuffled(old.kpis),
        people: shuffled(old.people),
      }),
    ),
  );
}

function shuffled(items: readonly Item[]): fc.Arbitrary<Item[]> {
  return fc.shuffledSubarray([...items], { minLength: items.length });
}

function unordered(expected: ExpectedRows): unknown {
  const texts = (entries: readonly unknown[]) => entries.map((entry) => JSON.stringify(entry)).sort();
  return {
    kpiLinks: sortedById(expected.kpiLinks.values()),
    kpiData: sortedById(expected.kpiData.values()),
    held: texts(expected.held),
    quarantined: texts(expected.quarantined),
    warnings: texts(expected.warnings),
    unknownAttributes: texts([...expected.unknownAttributes]),
  };
}
