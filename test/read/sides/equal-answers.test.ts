import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedRows, type OldContent } from '../../../functions/migration/expected.ts';
import { personalLinkId } from '../../../functions/migration/ids.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { faultOf } from '../../../functions/read/check-answer.ts';
import { comparePages } from '../../../functions/read/compare-pages.ts';
import type { KpiQuery, ReadRequest, ReadSide } from '../../../functions/read/query.ts';
import { newSide } from '../../../functions/read/sides/new-side.ts';
import { oldSide } from '../../../functions/read/sides/old-side.ts';
import { memoryNewReads, memoryOldReads } from '../memory-reads.ts';
import { actual, link, milestone, reading } from '../world.ts';

const tenants = fc.constantFrom('t1', 't2');
const kpis = fc.constantFrom('k1', 'k1', 'k1', 'k2', 'k#Target');
const dates = fc.constantFrom(
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '2024-01-02',
  '2023-12-31T23:59:59+14:00',
  '\u{1F4C8}',
);
const ids = (prefix: string) => fc.integer({ min: 0, max: 19 }).map((n) => `${prefix}${n}`);
const broken = fc.boolean().filter(Boolean);

/** An item now and then lacks something, and record ids now and then meet in two tables. */
const changes: fc.Arbitrary<Item> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: broken.map(() => ({ created_at: { N: '1' }, recorded_by: { NULL: true } })) },
);
const recordIds = fc.oneof({ weight: 5, arbitrary: ids('own-') }, { weight: 1, arbitrary: ids('shared-') });
const unique = (items: readonly Item[]) => [...new Map(items.map((item) => [textOf(item, 'id'), item])).values()];
const records = (make: typeof actual, prefix: string) =>
  fc
    .array(fc.tuple(tenants, recordIds, kpis, dates, changes), { minLength: 4, maxLength: 16, size: 'max' })
    .map((all) =>
      unique(
        all.map(([tenant, id, kpi, date, change]) =>
          make(tenant, id.startsWith('own') ? `${prefix}-${id}` : id, kpi, date, change),
        ),
      ),
    );
const links = fc
  .array(fc.tuple(tenants, ids('l'), kpis, dates, changes), { minLength: 4, maxLength: 10, size: 'max' })
  .map((all) =>
    unique(
      all.map(([tenant, id, kpi, date, change]) =>
        link(tenant, id, kpi, { linked_at: { S: date }, goal_id: { S: `goal-of-${id}` }, ...change }),
      ),
    ),
  );
const owners: Item[] = ['k1', 'k2', 'k#Target'].map((id, at) => ({
  id: { S: id },
  tenant_id: { S: at === 1 ? 't2' : 't1' },
  owner_id: { S: 'owner' },
}));
const worlds: fc.Arbitrary<OldContent> = fc.record({
  links,
  milestones: records(milestone, 'm'),
  actuals: records(actual, 'a'),
  readings: records(reading, 'r'),
  kpis: fc.subarray(owners),
  people: fc.constant([{ id: { S: 'p' }, tenant_id: { S: 't1' }, linked_user_id: { S: 'owner' } }]),
});

/** Every page of the answer, each taken on the side whose turn it is. */
async function allRows(query: KpiQuery, sides: readonly ReadSide[], limit: number): Promise<Item[]> {
  const rows: Item[] = [];
  let request: ReadRequest = { query, limit };
  for (let page = 0; ; page += 1) {
    const answer = await (sides[page % sides.length] as ReadSide).read(request);
    expect(faultOf(request, answer)).toBeUndefined();
    rows.push(...answer.rows);
    if (answer.next === undefined) return rows;
    request = { query, limit, after: answer.next };
  }
}

describe('both sides', () => {
  test('answer alike, in any world, whatever is asked and wherever reads flip', async () => {
    const asked = fc.record({
      tenantId: tenants,
      category: fc.constantFrom(undefined, 'Target' as const, 'Actual' as const),
      order: fc.constantFrom('oldest-first' as const, 'newest-first' as const),
      from: fc.option(dates, { nil: undefined }),
      to: fc.option(dates, { nil: undefined }),
      limit: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        worlds,
        fc.constantFrom('hold' as const, 'personal-link' as const),
        asked,
        async (old, held, ask) => {
          const expected = expectedRows(old, held);
          const [oldOne, newOne] = [oldSide(memoryOldReads(old), held), newSide(memoryNewReads(expected))];
          const { limit, tenantId, ...filter } = ask;
          const queries: KpiQuery[] = [
            { kind: 'links-by-tenant', tenantId },
            ...['k1', 'k2', 'k#Target'].map((id): KpiQuery => ({ kind: 'links-by-kpi', tenantId, id })),
            { kind: 'links-by-goal', tenantId, id: 'goal-of-l1' },
            ...[...expected.kpiLinks.keys()].flatMap((linkId): KpiQuery[] => [
              { kind: 'link-by-id', tenantId, linkId },
              { kind: 'data-of-link', tenantId, linkId, ...filter },
            ]),
            ...[...expected.kpiData.keys()].map((dataId): KpiQuery => ({ kind: 'data-by-id', tenantId, dataId })),
          ];
          for (const query of queries) {
            const wanted = await allRows(query, [newOne], limit);
            for (const sides of [[oldOne], [oldOne, newOne], [newOne, oldOne]]) {
              const rows = await allRows(query, sides, limit);
              expect(comparePages({ rows: wanted }, { rows })).toEqual(new Map());
              expect(rows.map((row) => textOf(row, 'id'))).toEqual(wanted.map((row) => textOf(row, 'id')));
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('never show a row of another tenant', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, tenants, async (old, tenantId) => {
        const expected = expectedRows(old, 'hold');
        for (const side of [oldSide(memoryOldReads(old), 'hold'), newSide(memoryNewReads(expected))]) {
          for (const [id, row] of [...expected.kpiLinks, ...expected.kpiData]) {
            if (textOf(row, 'tenant_id') === tenantId) continue;
            const queries: KpiQuery[] = [
              { kind: 'link-by-id', tenantId, linkId: id },
              { kind: 'data-by-id', tenantId, dataId: id },
              { kind: 'data-of-link', tenantId, linkId: id, order: 'oldest-first' },
            ];
            for (const query of queries) expect((await side.read({ query, limit: 10 })).rows).toEqual([]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

test.each(['hold', 'personal-link'] as const)(
  'a link that bears the id of its KPI’s personal link is listed (%s)',
  async (held) => {
    const id = personalLinkId('k1');
    const content = {
      links: [link('t1', id, 'k1')],
      milestones: [],
      actuals: [],
      readings: [],
      kpis: owners,
      people: [],
    };
    const query: KpiQuery = { kind: 'links-by-kpi', tenantId: 't1', id: 'k1' };
    for (const side of [oldSide(memoryOldReads(content), held), newSide(memoryNewReads(expectedRows(content, held)))]) {
      expect((await side.read({ query, limit: 10 })).rows.map((row) => textOf(row, 'id'))).toEqual([id]);
    }
  },
);

test.each<[string, Item, readonly Item[]]>([
  ['is its creator', { created_by: { S: 'x'.repeat(1_025) } }, []],
  ['is the KPI’s owner', {}, [{ id: { S: 'k2' }, tenant_id: { S: 't1' }, owner_id: { S: 'x'.repeat(1_025) } }]],
])('a link whose person no key can hold has no rows, and is no anchor, if that %s', async (_, change, kpiItems) => {
  const first = { linked_at: { S: '2020-01-01' } };
  const content = {
    links: [link('t1', 'l1', 'k2', { ...first, ...change }), link('t1', 'l2', 'k2')],
    milestones: [],
    actuals: [actual('t1', 'a1', 'k2', '2024-01-01')],
    readings: [],
    kpis: kpiItems,
    people: [],
  };
  const expected = expectedRows(content, 'hold');
  expect(expected.quarantined.map(({ id }) => id)).toContain('l1');
  const sides = [oldSide(memoryOldReads(content), 'hold'), newSide(memoryNewReads(expected))];
  for (const linkId of ['l1', 'l2']) {
    const query: KpiQuery = { kind: 'data-of-link', tenantId: 't1', linkId, order: 'oldest-first' };
    const [ofOld, ofNew] = await Promise.all(sides.map((side) => side.read({ query, limit: 10 })));
    expect(ofOld).toEqual(ofNew);
  }
});

describe('the old side over indexes that lag', () => {
  const days = ['01', '02', '03', '04', '05', '06'].map((day) => `2024-01-${day}`);
  const content = (dateOf: (at: number) => string): OldContent => ({
    links: [link('t1', 'l1', 'k1')],
    milestones: [],
    actuals: days.map((_, at) => actual('t1', `a${at}`, 'k1', dateOf(at))),
    readings: [],
    kpis: [],
    people: [],
  });
  const query: KpiQuery = { kind: 'data-of-link', tenantId: 't1', linkId: 'l1', order: 'oldest-first' };
  const indexed = content((at) => days[at] as string);

  test.each([
    ['to a later date', 1, '2024-01-04T12', ['a0', 'a2', 'a3', 'a1', 'a4', 'a5']],
    ['to an earlier date', 4, '2024-01-01T12', ['a0', 'a4', 'a1', 'a2', 'a3', 'a5']],
  ])('shows a record that was moved %s where it is now, once', async (_, moved, date, ids) => {
    const base = content((at) => (at === moved ? date : (days[at] as string)));
    const side = oldSide(memoryOldReads(base, indexed), 'hold');
    const { rows } = await side.read({ query, limit: 10 });
    expect(rows.map((row) => textOf(row, 'id'))).toEqual(ids);
  });

  test.each([1, 2])('keeps pages of %i in order, and shows no record twice', async (limit) => {
    const base = content((at) => (at === 1 ? '2024-01-04T12' : (days[at] as string)));
    const ids = (await allRows(query, [oldSide(memoryOldReads(base, indexed), 'hold')], limit)).map((row) =>
      textOf(row, 'id'),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id !== 'a1')).toEqual(['a0', 'a2', 'a3', 'a4', 'a5']);
  });

  test('shows neither a record nor a link that has gone, nor one that has moved to another KPI', async () => {
    const gone = { ...indexed, actuals: indexed.actuals.slice(0, 2) };
    const [first, second] = gone.actuals as [Item, Item];
    const base = { ...gone, actuals: [first, { ...second, kpi_id: { S: 'k2' } }] };
    const side = oldSide(memoryOldReads(base, indexed), 'hold');
    expect((await side.read({ query, limit: 10 })).rows.map((row) => textOf(row, 'id'))).toEqual(['a0']);
    const linkless = oldSide(memoryOldReads({ ...base, links: [] }, indexed), 'hold');
    expect((await linkless.read({ query, limit: 10 })).rows).toEqual([]);
    const listed = await linkless.read({ query: { kind: 'links-by-tenant', tenantId: 't1' }, limit: 10 });
    expect(listed.rows).toEqual([]);
  });

  test('gives a link that the index has not heard of the rows it is anchor of', async () => {
    const unheard = { ...indexed, links: [] };
    const { rows } = await oldSide(memoryOldReads(indexed, unheard), 'hold').read({ query, limit: 2 });
    expect(rows.map((row) => textOf(row, 'id'))).toEqual(['a0', 'a1']);
  });

  test('shows a record once that the index gives at its former date and, a moment later, at its new one', async () => {
    const base = content((at) => (at === 1 ? '2024-01-04T12' : (days[at] as string)));
    const others = days.map((_, at) => actual('t2', `other${at}`, 'k1', '2024-01-03'));
    const entry = (id: string, date: string) => ({ source: 'actuals' as const, id, date });
    const pages = [
      [
        entry('a0', '2024-01-01'),
        entry('a1', '2024-01-02'),
        ...others.map((_, at) => entry(`other${at}`, '2024-01-03')),
      ],
      [entry('a1', '2024-01-04T12'), entry('a4', '2024-01-05')],
    ];
    const tables = {
      ...memoryOldReads({ ...base, actuals: [...base.actuals, ...others] }),
      queryRecords: async (source: string) => {
        const items = source === 'actuals' ? (pages.shift() ?? []) : [];
        return { items, ...(pages.length > 0 && source === 'actuals' && { cursor: { more: { BOOL: true } } }) };
      },
    };
    const { rows } = await oldSide(tables, 'hold').read({ query, limit: 4 });
    expect(rows.map((row) => textOf(row, 'id'))).toEqual(['a0', 'a1', 'a4']);
  });
});
