import { describe, expect, test } from 'vitest';
import { parseLink, parseRecord } from '../../functions/migration/old-records.ts';
import { RECORD_SOURCES, type Source } from '../../functions/migration/sources.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';

type Types = Readonly<Record<string, string>>;

/** tables.md, "Old tables": what is required, and what is optional, by its type. `flag` is BOOL or N 0/1. */
const REQUIRED: Readonly<Record<Source, Types>> = {
  links: {
    id: 'S',
    tenant_id: 'S',
    kpi_id: 'S',
    goal_id: 'S',
    linked_at: 'S',
    is_primary: 'flag',
    created_by: 'S',
    created_at: 'S',
  },
  milestones: {
    id: 'S',
    tenant_id: 'S',
    kpi_id: 'S',
    milestone_date: 'S',
    target_value: 'N',
    created_by: 'S',
    created_at: 'S',
  },
  actuals: {
    id: 'S',
    tenant_id: 'S',
    kpi_id: 'S',
    measurement_date: 'S',
    actual_value: 'N',
    data_source: 'S',
    recorded_by: 'S',
    recorded_at: 'S',
  },
  readings: { id: 'S', tenant_id: 'S', kpi_id: 'S', reading_date: 'S', value: 'N', recorded_by: 'S', recorded_at: 'S' },
};
const OPTIONAL: Readonly<Record<Source, Types>> = {
  links: { link_type: 'S', weight: 'N', threshold_pct: 'N', display_order: 'N', updated_by: 'S', updated_at: 'S' },
  milestones: { label: 'S', confidence_level: 'N', rationale: 'S', updated_by: 'S', updated_at: 'S' },
  actuals: {
    source_reference_id: 'S',
    original_value: 'N',
    is_manual_override: 'flag',
    override_comment: 'S',
    triggers_replan: 'flag',
    replan_threshold_exceeded: 'flag',
    auto_adjustment_applied: 'flag',
    created_at: 'S',
    updated_by: 'S',
    updated_at: 'S',
  },
  readings: {
    data_source: 'S',
    source_reference_id: 'S',
    note: 'S',
    created_at: 'S',
    updated_by: 'S',
    updated_at: 'S',
  },
};
const SOURCES = ['links', ...RECORD_SOURCES] as const;

function goodValue(name: string, type: string): AttributeValue {
  if (type === 'N') return { N: '1' };
  if (type === 'flag') return { BOOL: true };
  return { S: name === 'linked_at' ? '2024-01-01' : `a ${name}` };
}

/** Values that are not of the type, though most could be taken for one. */
function wrongValues(type: string): AttributeValue[] {
  const never: AttributeValue[] = [
    { B: Uint8Array.of(1) },
    { SS: ['1'] },
    { NS: ['1'] },
    { BS: [] },
    { L: [{ S: '1' }] },
    { M: {} },
  ];
  if (type === 'S') return [{ N: '1' }, { BOOL: true }, ...never];
  if (type === 'N') return [{ S: '1' }, { BOOL: true }, ...never];
  return [{ S: 'true' }, { S: '1' }, { N: '2' }, { N: '-1' }, { N: '0.5' }, ...never];
}

function wholeItem(source: Source, types: Types = { ...REQUIRED[source], ...OPTIONAL[source] }): Item {
  return Object.fromEntries(Object.entries(types).map(([name, type]) => [name, goodValue(name, type)]));
}

function parse(source: Source, item: Item) {
  return source === 'links' ? parseLink(item) : parseRecord(source, item);
}

function reasonOf(source: Source, item: Item) {
  const parsed = parse(source, item);
  return parsed.kind === 'quarantined' ? parsed.reason : undefined;
}

function attributesOf(table: Readonly<Record<Source, Types>>): [Source, string, string][] {
  return SOURCES.flatMap((source) =>
    Object.entries(table[source]).map(([name, type]): [Source, string, string] => [source, name, type]),
  );
}

describe('an old item', () => {
  test.each(SOURCES)('of %s is read with all its attributes, and with the required ones alone', (source) => {
    expect(parse(source, wholeItem(source))).toMatchObject({
      kind: 'valid',
      record: { source, unknownAttributes: [] },
    });
    expect(parse(source, wholeItem(source, REQUIRED[source]))).toMatchObject({ kind: 'valid', record: { source } });
  });

  test.each(attributesOf(REQUIRED))(
    'of %s without %s is quarantined, and so is one where that is NULL',
    (source, attribute) => {
      const { [attribute]: _, ...without } = wholeItem(source);
      expect(reasonOf(source, without)).toMatchObject({ code: 'missing-attribute', attribute });
      expect(reasonOf(source, { ...without, [attribute]: { NULL: true } })).toMatchObject({
        code: 'missing-attribute',
        attribute,
      });
    },
  );

  test.each(attributesOf(OPTIONAL))('of %s may be without %s, and that may be NULL', (source, attribute) => {
    const { [attribute]: _, ...without } = wholeItem(source);
    expect(parse(source, without).kind).toBe('valid');
    const parsed = parse(source, { ...without, [attribute]: { NULL: true } });
    expect(parsed.kind === 'valid' && parsed.record.item).toEqual(without);
  });

  test.each([...attributesOf(REQUIRED), ...attributesOf(OPTIONAL)])(
    'of %s whose %s is not %s is quarantined',
    (source, attribute, type) => {
      for (const value of wrongValues(type)) {
        expect(reasonOf(source, { ...wholeItem(source), [attribute]: value })).toMatchObject({
          code: 'wrong-type',
          attribute,
        });
      }
    },
  );

  test.each([...attributesOf(REQUIRED), ...attributesOf(OPTIONAL)].filter(([, , type]) => type === 'flag'))(
    'of %s may have %s as BOOL or as N 0 or 1',
    (source, attribute) => {
      for (const value of [{ BOOL: false }, { BOOL: true }, { N: '0' }, { N: '1' }]) {
        expect(parse(source, { ...wholeItem(source), [attribute]: value }).kind).toBe('valid');
      }
    },
  );
});

describe('the reason', () => {
  test('names the first thing that is wrong, in the order of tables.md', () => {
    expect(reasonOf('milestones', { id: { S: 'm' }, label: { N: '1' }, tenant_id: { S: 't' } })).toMatchObject({
      attribute: 'kpi_id',
    });
  });

  test('names types and attributes, never values', () => {
    const item = { ...wholeItem('actuals'), actual_value: { S: 'secret' } };
    expect(reasonOf('actuals', item)?.message).toBe('actual_value should be N and is S.');
    const flag = { ...wholeItem('actuals'), triggers_replan: { N: '7' } };
    expect(reasonOf('actuals', flag)?.message).toBe('triggers_replan should be BOOL, or N 0 or 1 and is N.');
  });

  test.each([
    ['links', 'linked_at', 'not-an-instant'],
    ['links', 'goal_id', 'missing-attribute'],
    ['milestones', 'kpi_id', 'missing-attribute'],
    ['readings', 'reading_date', 'missing-attribute'],
  ] as const)('of an item of %s with an empty %s is %s', (source, attribute, code) => {
    expect(reasonOf(source, { ...wholeItem(source), [attribute]: { S: '' } })).toMatchObject({ code, attribute });
  });

  test.each([
    ['links', 'id', 512],
    ['links', 'goal_id', 512],
    ['actuals', 'tenant_id', 512],
    ['actuals', 'measurement_date', 1_024],
  ] as const)(
    'of an item of %s whose %s has more than %i bytes is that no key can hold it',
    (source, attribute, bytesMax) => {
      const withText = (text: string) => reasonOf(source, { ...wholeItem(source), [attribute]: { S: text } });
      expect(withText('x'.repeat(bytesMax))).toBeUndefined();
      expect(withText('é'.repeat(bytesMax / 2))).toBeUndefined();
      expect(withText('x'.repeat(bytesMax + 1))).toMatchObject({ code: 'key-too-long', attribute });
      expect(withText('é'.repeat(bytesMax / 2 + 1))).toMatchObject({ code: 'key-too-long', attribute });
    },
  );
});

describe('what is read of an item', () => {
  test('is its KPI in its tenant, its date as written, and the item without its NULLs', () => {
    const item = {
      ...wholeItem('readings'),
      reading_date: { S: '2024-01-01T00:00:00.1234567+02:00' },
      extra: { NULL: true },
    };
    expect(parseRecord('readings', item)).toMatchObject({
      record: {
        id: 'a id',
        kpi: { tenantId: 'a tenant_id', kpiId: 'a kpi_id' },
        date: '2024-01-01T00:00:00.1234567+02:00',
        unknownAttributes: [],
      },
    });
  });

  test('are the names of the attributes that nobody knows, also those that every object has', () => {
    const parsed = parse('milestones', {
      ...wholeItem('milestones'),
      toString: { S: '1' },
      variance: { N: '1' },
      colour: { S: '' },
    });
    expect(parsed).toMatchObject({ record: { unknownAttributes: ['toString', 'variance', 'colour'] } });
  });

  test('are not the calculated attributes of an actual, of whatever type', () => {
    const calculated = { expected_value: { N: '1' }, variance: { S: '1' }, variance_percentage: { L: [] } };
    const parsed = parse('actuals', { ...wholeItem('actuals'), ...calculated });
    expect(parsed).toMatchObject({ kind: 'valid', record: { unknownAttributes: [] } });
  });
});
