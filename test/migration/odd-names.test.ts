import { describe, expect, test } from 'vitest';
import { expectedRows } from '../../functions/migration/expected.ts';
import { parseRecord } from '../../functions/migration/old-records.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { differences, sameItem } from '../../functions/model/compare.ts';
import { canonicalRow, rowDigest } from '../../functions/model/digest.ts';
import { itemBytes } from '../../functions/model/item-size.ts';
import { packImage, unpackImage } from '../../functions/tables/control/packed-image.ts';
import { oldLink, oldRecord } from '../backfill/old-items.ts';
import { ODD_NAMES, ofNames, withNames } from '../odd-names.ts';

const text = (S: string): AttributeValue => ({ S });

describe.each(ODD_NAMES)('an attribute called %s', (name) => {
  const withIt = (value: AttributeValue): Item => ofNames(['id', name], (each) => (each === 'id' ? text('1') : value));
  const without: Item = { id: text('1') };

  test('is missing or extra where only one side has it, and different where the values are', () => {
    const [one, other] = [withIt(text('a')), withIt(text('b'))];
    expect(differences(one, without)).toEqual([{ attribute: name, kind: 'missing', expected: text('a') }]);
    expect(differences(without, one)).toEqual([{ attribute: name, kind: 'extra', actual: text('a') }]);
    expect(differences(one, other)).toEqual([
      { attribute: name, kind: 'value', expected: text('a'), actual: text('b') },
    ]);
    expect(differences(one, withIt({ N: '1' }))).toMatchObject([{ attribute: name, kind: 'type' }]);
    expect(differences(one, structuredClone(one))).toEqual([]);
  });

  test('makes two items the same only where both have it', () => {
    const one = withIt(text('a'));
    const swapped = ofNames(['id', 'other'], (each) => (each === 'id' ? text('1') : text('a')));
    expect(sameItem(one, withIt(text('a')))).toBe(true);
    expect(sameItem(one, swapped)).toBe(false);
    expect(sameItem(swapped, one)).toBe(false);
    expect(sameItem({ m: { M: withIt(text('a')) } }, { m: { M: swapped } })).toBe(false);
  });

  test('counts in digest, size and packed image', () => {
    const [one, other] = [withIt(text('a')), withIt(text('b'))];
    expect(canonicalRow(one)).not.toBe(canonicalRow(without));
    expect(rowDigest(one)).not.toBe(rowDigest(other));
    expect(itemBytes(one) - itemBytes(without)).toBe(name.length + 1);
    const nested = { map: { M: one }, list: { L: [{ M: one }] } };
    expect(JSON.stringify(unpackImage(packImage(nested)))).toBe(JSON.stringify(nested));
  });

  test('is unknown to the mapping, counted by name and not copied', () => {
    const record = withNames(oldRecord('readings', 'reading', 1, '1'), [name]);
    expect(parseRecord('readings', record)).toMatchObject({ record: { unknownAttributes: [name, 'nested'] } });
    const content = { milestones: [], actuals: [], kpis: [], people: [] };
    const expected = expectedRows(
      { ...content, links: [withNames(oldLink('link', 1, '2024-01-01'), [name])], readings: [record] },
      'hold',
    );
    const [row] = expected.kpiData.values();
    expect(Object.keys(row ?? {})).not.toContain(name);
    expect(expected.kpiLinks.size).toBe(1);
    expect(expected.unknownAttributes.get(`readings.${name}`)).toBe(1);
  });

  test('is an id, a tenant and a KPI like any other', () => {
    const key = { tenant_id: text(name), kpi_id: text(name) };
    const expected = expectedRows(
      {
        links: [{ ...oldLink(name, 1, '2024-01-01'), ...key, created_by: text(name) }],
        milestones: [{ ...oldRecord('milestones', name, 1, '1'), ...key }],
        actuals: [{ ...oldRecord('actuals', 'other', 1, '1'), ...key }],
        readings: [],
        kpis: [{ id: text(name), tenant_id: text(name), owner_id: text(name) }],
        people: [{ id: text(name), tenant_id: text(name), linked_user_id: text(name) }],
      },
      'hold',
    );
    expect(expected.kpiLinks.get(name)).toMatchObject({ person_id: text(name), tenant_id: text(name) });
    expect([...expected.kpiData.keys()].sort()).toEqual([name, 'other'].sort());
    expect(expected.held).toEqual([]);
  });
});
