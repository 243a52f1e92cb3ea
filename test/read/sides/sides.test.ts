import pMap from 'p-map';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ExpectedRows } from '../../../functions/migration/expected.ts';
import { personalLinkId } from '../../../functions/migration/ids.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { sameItem } from '../../../functions/model/compare.ts';
import type { HeldRecords } from '../../../functions/model/kpi.ts';
import { type KpiReads, kpiReads } from '../../../functions/read/kpi-reads.ts';
import type { KpiQuery, ReadSide } from '../../../functions/read/query.ts';
import { newSide } from '../../../functions/read/sides/new-side.ts';
import { oldSide } from '../../../functions/read/sides/old-side.ts';
import { dynamoNewReads } from '../../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../../functions/tables/old/dynamo-old-reads.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { fillTables, worldOfReads } from '../world.ts';

interface Served {
  readonly side: ReadSide;
  readonly reads: KpiReads<object>;
  readonly expected: ExpectedRows;
}

type SideName = 'old' | 'new';

const served = new Map<string, Served>();
const SETTINGS: readonly HeldRecords[] = ['hold', 'personal-link'];
const CASES = SETTINGS.flatMap((held) => (['old', 'new'] as const).map((side) => ({ held, side })));

function servedBy(held: HeldRecords, side: SideName): Served {
  return served.get(`${held}/${side}`) as Served;
}

beforeAll(async () => {
  const client = engineClient();
  for (const held of SETTINGS) {
    const names = await createTestTables();
    const expected = await fillTables(client, names, worldOfReads(), held);
    const sides = {
      old: oldSide(dynamoOldReads(client, names), held),
      new: newSide(dynamoNewReads(client, names)),
    };
    for (const [name, side] of Object.entries(sides)) {
      const reads = kpiReads<object>((request) => side.read(request));
      served.set(`${held}/${name}`, { side, reads, expected });
    }
  }
});

function expectSameRows(actual: readonly Item[], expected: readonly Item[]): void {
  expect(actual.map((row) => textOf(row, 'id'))).toEqual(expected.map((row) => textOf(row, 'id')));
  for (const [at, row] of actual.entries()) {
    if (!sameItem(row, expected[at])) expect(row).toEqual(expected[at]);
  }
}

/** The order of an index, said anew: by the bytes of the text, then of the id. */
function inOrder(rows: Iterable<Item>, attribute = 'post_date'): Item[] {
  const bytes = (row: Item, name: string) => Buffer.from(textOf(row, name) ?? '');
  return [...rows].sort(
    (left, right) =>
      Buffer.compare(bytes(left, attribute), bytes(right, attribute)) ||
      Buffer.compare(bytes(left, 'id'), bytes(right, 'id')),
  );
}

const TENANTS = ['t1', 't2', 't3'];

/** Of links and rows those that the setting concerns, and for comparison those of one link of a fan-out; all by default. */
function concerned(held: HeldRecords, rows: ReadonlyMap<string, Item>, linkAttribute: string): [string, Item][] {
  const links = new Set([personalLinkId('linkless'), 'l-c']);
  return [...rows].filter(([, row]) => held === 'hold' || links.has(textOf(row, linkAttribute) ?? ''));
}

describe.each(CASES)('the $side side, records without a link: $held', ({ held, side }) => {
  test('finds every link of a tenant by its id, and none of another tenant', async () => {
    const { reads, expected } = servedBy(held, side);
    expect(expected.kpiLinks.has(personalLinkId('linkless'))).toBe(held === 'personal-link');
    for (const [linkId, row] of expected.kpiLinks) {
      for (const tenantId of TENANTS) {
        const found = await reads.linkById({ tenantId, linkId });
        if (textOf(row, 'tenant_id') === tenantId) expectSameRows(found.row ? [found.row] : [], [row]);
        else expect(found).toEqual({});
      }
    }
  });

  test.each([
    ['kpi_id', ['single', 'fan', 'shared', 'linkless', 'hash', 'none']],
    ['goal_id', ['goal-of-fan', 'goal-of-single', 'goal-shared', 'none']],
    ['tenant_id', TENANTS],
  ])('lists the links of a tenant by %s, by id', async (attribute, keys) => {
    const { reads, expected } = servedBy(held, side);
    for (const tenantId of TENANTS) {
      for (const key of attribute === 'tenant_id' ? [tenantId] : keys) {
        const { rows } = await (attribute === 'kpi_id'
          ? reads.linksByKpi({ tenantId, kpiId: key })
          : attribute === 'goal_id'
            ? reads.linksByGoal({ tenantId, goalId: key })
            : reads.linksByTenant({ tenantId }));
        const wanted = [...expected.kpiLinks.values()].filter(
          (row) => textOf(row, 'tenant_id') === tenantId && textOf(row, attribute) === key,
        );
        expectSameRows(rows, inOrder(wanted, 'id'));
      }
    }
  });

  test('finds every row of data by its id, with and without its link named', async () => {
    const { reads, expected } = servedBy(held, side);
    const check = async ([dataId, row]: readonly [string, Item]) => {
      const tenantId = textOf(row, 'tenant_id') ?? '';
      const linkId = textOf(row, 'kpi_link_id') ?? '';
      // A search through the tenant takes its time: it is made for every fourth made id.
      const isSearched = dataId.length < 36 || /[048c]$/.test(dataId);
      for (const query of isSearched ? [{ dataId }, { dataId, linkId }] : [{ dataId, linkId }]) {
        const found = await reads.dataById({ tenantId, ...query });
        expectSameRows(found.row ? [found.row] : [], [row]);
      }
      expect(await reads.dataById({ tenantId: tenantId === 't1' ? 't2' : 't1', dataId, linkId })).toEqual({});
    };
    await pMap(concerned(held, expected.kpiData, 'kpi_link_id'), check, { concurrency: 16 });
    for (const [dataId, row] of [...expected.kpiData].slice(0, 8)) {
      const tenantId = textOf(row, 'tenant_id') ?? '';
      expect(await reads.dataById({ tenantId, dataId, linkId: 'another' })).toEqual({});
    }
  });

  test.each(['a-broken', 'm-broken', 'a-too-large', 'no-such-row', '9b3c1f0e-6d0a-5c39-9f5e-2f1d7b8a4c61'])(
    'has no row %s',
    async (dataId) => {
      const { reads } = servedBy(held, side);
      for (const tenantId of TENANTS) expect(await reads.dataById({ tenantId, dataId })).toEqual({});
    },
  );

  test.each<Partial<Extract<KpiQuery, { kind: 'data-of-link' }>>>([
    {},
    { category: 'Target' },
    { category: 'Actual' },
    { category: 'Target', subtype: 'Expected' },
    { category: 'Target', subtype: 'Stretch' },
    { category: 'Actual', subtype: 'Measured' },
    { category: 'Actual', subtype: 'Forecast' },
    { from: '2024-02-01T' },
    { to: '2024-02-01' },
    { from: '2024-02', to: '2024-02-01T2', category: 'Actual' },
    { from: '2024-03', to: '2024-02' },
    { from: '3' },
  ])('lists the data of a link with %o in the order of the index', async (filter) => {
    const { reads, expected } = servedBy(held, side);
    const { category, subtype, from = '', to } = filter;
    for (const [linkId, link] of concerned(held, expected.kpiLinks, 'id')) {
      const wanted = [...expected.kpiData.values()].filter((row) => {
        const date = textOf(row, 'post_date') ?? '';
        return (
          textOf(row, 'kpi_link_id') === linkId &&
          (category === undefined || textOf(row, 'data_category') === category) &&
          (subtype === undefined || (textOf(row, 'target_subtype') ?? textOf(row, 'actual_subtype')) === subtype) &&
          Buffer.compare(Buffer.from(date), Buffer.from(from)) >= 0 &&
          (to === undefined || date.startsWith(to) || Buffer.compare(Buffer.from(date), Buffer.from(to)) <= 0)
        );
      });
      const tenantId = textOf(link, 'tenant_id') ?? '';
      const oldest = await reads.dataOfLink({ tenantId, linkId, ...filter, order: 'oldest-first' });
      expectSameRows(oldest.rows, inOrder(wanted));
      const newest = await reads.dataOfLink({ tenantId, linkId, ...filter });
      expectSameRows(newest.rows, inOrder(wanted).reverse());
      const ofOther = await reads.dataOfLink({ tenantId: tenantId === 't1' ? 't2' : 't1', linkId, ...filter });
      expect(ofOther.rows).toEqual([]);
    }
  });

  test('gives the latest actual and the target that holds on a date', async () => {
    const { reads } = servedBy(held, side);
    const idOf = ({ row }: { row?: Item }) => textOf(row, 'id');
    expect(idOf(await reads.latestActual({ tenantId: 't1', linkId: 'l-1-shared' }))).toBe('a-1-shared');
    expect(idOf(await reads.latestActual({ tenantId: 't1', linkId: 'l-only' }))).toBeUndefined();
    const target = async (date: string) => idOf(await reads.targetForDate({ tenantId: 't1', linkId: 'l-only', date }));
    expect(await target('2024-02-29')).toBe('collides');
    expect(await target('2024-03-01')).toBe('m-single');
    expect(await target('2024-04-30')).toBe('m-single');
    expect(await target('2025')).toBe('m-later');
    expect(await target('2023')).toBeUndefined();
  });
});

describe.each(SETTINGS)('a flip between pages, records without a link: %s', (held) => {
  type ReadPage = (
    reads: KpiReads<object>,
    pageToken?: string,
  ) => Promise<{ rows: readonly Item[]; nextPageToken?: string }>;

  /** All rows, by a token taken on one side for each page that is read on the other; and each page is read on both. */
  const rowsWithFlips = async (read: ReadPage): Promise<Item[]> => {
    const rows: Item[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page === 0 || pageToken !== undefined; page += 1) {
      const [taken, other] = await Promise.all(
        (page % 2 === 0 ? (['old', 'new'] as const) : (['new', 'old'] as const)).map((side) =>
          read(servedBy(held, side).reads, pageToken),
        ),
      );
      expectSameRows(taken?.rows ?? [], other?.rows ?? []);
      expect(taken?.nextPageToken).toBe(other?.nextPageToken);
      rows.push(...(taken?.rows ?? []));
      pageToken = taken?.nextPageToken;
    }
    return rows;
  };

  test.each([1, 3, 7])('neither repeats nor skips a row in pages of %i', async (limit) => {
    for (const order of ['oldest-first', 'newest-first'] as const) {
      const query = { tenantId: 't1', linkId: 'l-a', order };
      const { rows: whole } = await servedBy(held, 'new').reads.dataOfLink(query);
      expect(whole.length).toBeGreaterThan(30);
      const rows = await rowsWithFlips((reads, pageToken) => reads.dataOfLink(query, { limit, pageToken }));
      expectSameRows(rows, whole);
    }
  });

  test.each([1, 2])('goes on in listings of links in pages of %i', async (limit) => {
    const query = { tenantId: 't1' };
    const { rows: whole } = await servedBy(held, 'old').reads.linksByTenant(query);
    expect(whole.length).toBeGreaterThan(4);
    const rows = await rowsWithFlips((reads, pageToken) => reads.linksByTenant(query, { limit, pageToken }));
    expectSameRows(rows, whole);
  });
});
