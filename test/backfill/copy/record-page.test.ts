import { expect, test } from 'vitest';
import { decidePage, type PageContext } from '../../../backfill/copy/record-page.ts';
import { kpiKeyOf } from '../../../functions/migration/sources.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import type { LinkReference } from '../../../functions/model/kpi.ts';
import { oldRecord } from '../old-items.ts';

const LINKS: Readonly<Record<string, readonly LinkReference[]>> = {
  'kpi-1': [{ id: 'only', linkedAt: '2024-01-01T00:00:00Z' }],
  'kpi-2': [
    { id: 'late', linkedAt: '2024-01-01T00:00:00Z' },
    { id: 'early', linkedAt: '2023-01-01T00:00:00Z' },
  ],
};

function decide(items: readonly Item[], changes: Partial<PageContext> = {}) {
  return decidePage(items, {
    source: 'actuals',
    bases: new Map(),
    linksOf: ({ kpiId }) => LINKS[kpiId] ?? [],
    heldRecords: 'hold',
    ...changes,
  });
}

const changeOf = (id: string, kpi: number) => ({
  id,
  kpis: [kpiKeyOf(oldRecord('actuals', id, kpi, '1'))],
  sources: ['actuals'],
});

test('a record whose KPI has links gives a row for each, and needs nothing else', () => {
  const page = decide([oldRecord('actuals', 'one', 1, '1'), oldRecord('actuals', 'two', 2, '2')]);
  const records = page.plain.map(({ change, rows }) => [change, rows.map((row) => [row.kpi_link_id, row.post_value])]);
  expect(records).toEqual([
    [changeOf('one', 1), [[{ S: 'only' }, { N: '1' }]]],
    [
      changeOf('two', 2),
      [
        [{ S: 'early' }, { N: '2' }],
        [{ S: 'late' }, { N: '2' }],
      ],
    ],
  ]);
  expect(page.throughProtocol).toEqual([]);
});

test('a record whose KPI has no link is held, or asks for a link of its own', () => {
  const record = oldRecord('actuals', 'unlinked', 3, '1');
  expect(decide([record])).toMatchObject({
    plain: [],
    throughProtocol: [],
    held: [{ id: 'unlinked', kpi: { tenantId: 'tenant-1', kpiId: 'kpi-3' } }],
  });
  expect(decide([record], { heldRecords: 'personal-link' })).toMatchObject({
    plain: [],
    held: [],
    throughProtocol: [{ id: 'unlinked', reason: 'personal-link', kpis: [{ tenantId: 'tenant-1', kpiId: 'kpi-3' }] }],
  });
});

test('a malformed record goes through the protocol, which quarantines it', () => {
  const { actual_value: _, ...malformed } = oldRecord('actuals', 'malformed', 1, '1');
  expect(decide([malformed])).toMatchObject({
    plain: [],
    throughProtocol: [{ id: 'malformed', sources: ['actuals'], reason: { code: 'missing-attribute' } }],
  });
});

test('an id that an earlier table has is a collision, one that a later table has is not', () => {
  const record = oldRecord('actuals', 'shared', 1, '1');
  const earlier = new Map([['shared', { milestones: oldRecord('milestones', 'shared', 1, '1'), actuals: record }]]);
  const later = new Map([['shared', { actuals: record, readings: oldRecord('readings', 'shared', 1, '1') }]]);

  expect(decide([record], { bases: earlier })).toMatchObject({
    plain: [],
    throughProtocol: [{ id: 'shared', reason: { code: 'id-collision' } }],
  });
  expect(decide([record], { bases: later }).plain).toHaveLength(1);
});

test('attributes that nobody knows are counted by name and not copied', () => {
  const record = { ...oldRecord('actuals', 'odd', 1, '1'), colour: { S: 'red' }, variance: { N: '1' } };
  const page = decide([record]);
  expect(page.unknown).toEqual({ unknownAttributes: new Map([['colour', 1]]), otherUnknownAttributes: 0 });
  expect(page.plain[0]?.rows[0]).not.toHaveProperty('colour');
});
