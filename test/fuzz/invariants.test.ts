import { describe, expect, test } from 'vitest';
import type { Item } from '../../functions/model/attribute-value.ts';
import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { memoryNewReads, memoryOldReads } from '../read/memory-reads.ts';
import { CONTROL_GROUP, requireControlGroup } from './control-group.ts';
import { type NewWorld, requireMigrated, requireUnchanged } from './new-world.ts';
import { contentOf, idOf, type OldWorld, oldWorldOf, requireAccounted, storedTexts } from './old-world.ts';
import { requireEqualAnswers } from './read-answers.ts';
import { SKETCHED_TABLES, type SketchedTable } from './sketch.ts';
import { requireSame } from './violation.ts';
import type { WireItem } from './wire.ts';
import { itemText, toWire } from './wire-form.ts';

const BROKEN: WireItem = { id: { S: 'broken' }, tenant_id: { S: 't' }, kpi_id: { S: 'k' }, odd: { BS: ['AA=='] } };
const STORED = Object.fromEntries(
  SKETCHED_TABLES.map((table) => [
    table,
    [
      ...CONTROL_GROUP.filter((write) => write.table === table).map(({ item }) => item as WireItem),
      ...(table === 'readings' ? [BROKEN] : []),
    ],
  ]),
) as Record<SketchedTable, WireItem[]>;
const OLD: OldWorld = oldWorldOf(STORED, 'hold');
const LINKS = [...OLD.expected.kpiLinks.values()].map(toWire);
const DATA = [...OLD.expected.kpiData.values()].map(toWire);

const textsOf = (table: string, rows: readonly WireItem[]) =>
  rows.map((row) => [`${table} ${idOf(row)}`, itemText(row)] as const);
const entry = (image: WireItem, code = 'missing-attribute') =>
  new Map([['readings broken', `${code} ${itemText(image)}`]]);

function newWorld(links = LINKS, data = DATA, entries: ReadonlyMap<string, string> = entry(BROKEN)): NewWorld {
  return { rows: new Map([...textsOf('kpiLinks', links), ...textsOf('kpiData', data)]), entries };
}

const changed = (rows: readonly WireItem[], at: number, change: WireItem): WireItem[] =>
  rows.map((row, each) => (each === at ? { ...row, ...change } : row));

describe('what is migrated', () => {
  test('is right where every row and every entry is', () => {
    expect(() => requireMigrated('now', newWorld(), OLD)).not.toThrow();
  });

  test.each<[string, NewWorld]>([
    ['a link is missing', newWorld(LINKS.slice(1))],
    ['a row is missing', newWorld(LINKS, DATA.slice(1))],
    ['a row is one too many', newWorld(LINKS, [...DATA, { id: { S: 'more' } }])],
    ['a number is spelt otherwise', newWorld(LINKS, changed(DATA, 0, { post_value: { N: '100.0' } }))],
    ['a value is of another type', newWorld(LINKS, changed(DATA, 0, { is_manual_override: { N: '0' } }))],
    ['an entry is missing', newWorld(LINKS, DATA, new Map())],
    ['an entry has another reason', newWorld(LINKS, DATA, entry(BROKEN, 'refused'))],
    ['one byte of an image is another', newWorld(LINKS, DATA, entry({ ...BROKEN, odd: { BS: ['AQ=='] } }))],
    ['an image lacks an attribute', newWorld(LINKS, DATA, entry({ id: { S: 'broken' } }))],
  ])('is wrong where %s', (_, world) => {
    expect(() => requireMigrated('now', world, OLD)).toThrow(/differ/);
    expect(() => requireUnchanged('again', newWorld(), world)).toThrow(/what is repeated changes nothing/);
  });
});

describe('the control group', () => {
  test('is there, or is missed', () => {
    expect(() => requireControlGroup(LINKS, DATA)).not.toThrow();
    expect(() => requireControlGroup(LINKS.slice(1), DATA)).toThrow(/1 of 2 links/);
    expect(() => requireControlGroup(LINKS, DATA.slice(1))).toThrow(/11 of 12 rows/);
    expect(() => requireControlGroup(changed(LINKS, 0, { person_id: { S: 'nobody' } }), DATA)).toThrow(/1 of 2 links/);
  });
});

describe('the account of old items', () => {
  const without = (change: Partial<OldWorld['expected']>) => () =>
    requireAccounted(OLD.stored, { ...OLD.expected, ...change });
  const less = <T>(rows: ReadonlyMap<string, T>): Map<string, T> => new Map([...rows].slice(1));

  test('is whole, or names what is lost', () => {
    expect(without({})).not.toThrow();
    expect(without({ quarantined: [] })).toThrow(/"broken"/);
    expect(without({ kpiData: less(OLD.expected.kpiData) })).toThrow(/every old item is a row/);
    expect(without({ kpiLinks: less(OLD.expected.kpiLinks) })).toThrow(/KpiLink rows/);
    expect(without({ held: [{ source: 'readings', id: 'broken', kpi: { tenantId: 't', kpiId: 'k' } }] })).toThrow(
      /is held/,
    );
  });

  test('sees an old item that was written', () => {
    const after = { stored: { ...STORED, kpis: [{ id: { S: 'new' } }] } };
    expect(() => requireSame('old tables stay as they are', 'now', storedTexts(OLD), storedTexts(after))).toThrow(
      /differ/,
    );
  });
});

describe('the answers of both sides', () => {
  const content = contentOf(STORED);
  const ask = (rows: Parameters<typeof memoryNewReads>[0]) =>
    requireEqualAnswers({ old: oldSide(memoryOldReads(content), 'hold'), new: newSide(memoryNewReads(rows)) }, OLD, 1);
  const { kpiLinks, kpiData } = OLD.expected;
  const spoilt = (rows: ReadonlyMap<string, Item>, change: Item): Map<string, Item> =>
    new Map([...rows].map(([id, row]) => [id, { ...row, ...change }]));

  test('are alike, or not', async () => {
    await expect(ask({ kpiLinks, kpiData })).resolves.toBeUndefined();
    const another = { created_at: { S: 'another' } };
    await expect(ask({ kpiLinks: spoilt(kpiLinks, another), kpiData })).rejects.toThrow(/both sides answer alike/);
    await expect(ask({ kpiLinks, kpiData: spoilt(kpiData, another) })).rejects.toThrow(/both sides answer alike/);
    await expect(ask({ kpiLinks, kpiData: new Map() })).rejects.toThrow(/both sides answer alike/);
  });
});
