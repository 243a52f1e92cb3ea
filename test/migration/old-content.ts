import * as fc from 'fast-check';
import type { OldContent } from '../../functions/migration/expected.ts';
import { RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';

/** Where each record table keeps its value and its date. */
export const VALUE_OF = { milestones: 'target_value', actuals: 'actual_value', readings: 'value' } as const;
export const DATE_OF = { milestones: 'milestone_date', actuals: 'measurement_date', readings: 'reading_date' } as const;

const text = (value: string): AttributeValue => ({ S: value });

// Few of each, so that they meet: in one KPI, in one goal, under one id, in two tenants.
const tenant = fc.constantFrom('tenant-1', 'tenant-1', 'tenant-1', 'tenant-2').map(text);
const kpiId = fc.constantFrom('kpi-1', 'kpi-1', 'kpi-1', 'kpi-2', 'kpi-3').map(text);
const user = fc.constantFrom('user-1', 'user-2', 'user-3').map(text);
const goal = fc.constantFrom('goal-1', 'goal-2', 'goal-3').map(text);
const recordId = fc.constantFrom(...Array.from({ length: 12 }, (_, at) => `record-${at}`)).map(text);
const linkId = fc.constantFrom(...Array.from({ length: 8 }, (_, at) => `link-${at}`)).map(text);

/** Instants that lie close together, in spellings whose texts sort otherwise. */
export const instantText = fc.constantFrom(
  '2024-01-01',
  '2024-01-01T00:00:00Z',
  '2024-01-01T00:00:00.0000000Z',
  '2024-01-01T00:00:00.0000001Z',
  '2024-01-01T02:00:00+02:00',
  '2024-01-01T02:00:00+02',
  '2023-12-31T24:00',
  '2023-12-31T23:59:59.9999999Z',
  '2023-12-31T23:30:00-02:00',
  '2024-01-01T00:30:00+09:30',
);
const dateText = fc.oneof(instantText, fc.constantFrom('2024-02-29', 'end of June', '2024-02-30'));

const flag = fc.constantFrom<AttributeValue>({ BOOL: true }, { BOOL: false }, { N: '0' }, { N: '1' }, { NULL: true });
const optionalText = fc.option(fc.string({ maxLength: 8 }).map(text), { nil: undefined });

function defined(item: Record<string, AttributeValue | undefined>): Item {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as Item;
}

/** Now and then an attribute that is not the key is gone, NULL, or of another type. */
function sometimesMalformed(item: fc.Arbitrary<Item>): fc.Arbitrary<Item> {
  const value = fc.constantFrom<AttributeValue | undefined>(undefined, { NULL: true }, { L: [] });
  const damage = fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.record({ at: fc.nat(), value }) },
  );
  return fc.tuple(item, damage).map(([whole, harm]) => {
    if (harm === undefined) return whole;
    const names = Object.keys(whole).filter((name) => name !== 'id');
    return defined({ ...whole, [names[harm.at % names.length] ?? 'tenant_id']: harm.value });
  });
}

const link = sometimesMalformed(
  fc
    .record({
      id: linkId,
      tenant_id: tenant,
      kpi_id: kpiId,
      goal_id: goal,
      linked_at: instantText.map(text),
      is_primary: fc.constantFrom<AttributeValue>({ BOOL: true }, { N: '0' }),
      created_by: user,
      created_at: instantText.map(text),
      link_type: optionalText,
    })
    .map(defined),
);

const shared = {
  id: recordId,
  tenant_id: tenant,
  kpi_id: kpiId,
  updated_by: optionalText,
};

const RECORDS: Readonly<Record<RecordSource, fc.Arbitrary<Item>>> = {
  milestones: fc
    .record({
      ...shared,
      milestone_date: dateText.map(text),
      created_by: user,
      created_at: dateText.map(text),
      label: optionalText,
    })
    .map(defined),
  actuals: fc
    .record({
      ...shared,
      measurement_date: dateText.map(text),
      data_source: fc.string({ maxLength: 8 }).map(text),
      recorded_by: user,
      recorded_at: dateText.map(text),
      is_manual_override: fc.option(flag, { nil: undefined }),
    })
    .map(defined),
  readings: fc
    .record({
      ...shared,
      reading_date: dateText.map(text),
      recorded_by: user,
      recorded_at: dateText.map(text),
      note: optionalText,
    })
    .map(defined),
};

/**
 * Digits that are in no other record, and that a JavaScript number would lose, so that a row tells by its value which
 * record it was made of.
 */
function uniqueValue(source: RecordSource, at: number): AttributeValue {
  return {
    N: `${RECORD_SOURCES.indexOf(source) + 1}${String(at).padStart(3, '0')}.0000000000000000000000000000000010`,
  };
}

function records(source: RecordSource): fc.Arbitrary<Item[]> {
  return fc
    .uniqueArray(RECORDS[source], { maxLength: 8, selector: (item) => JSON.stringify(item.id) })
    .map((items) => items.map((item, at) => ({ ...item, [VALUE_OF[source]]: uniqueValue(source, at) })))
    .chain((items) => fc.tuple(...items.map((item) => sometimesMalformed(fc.constant(item)))));
}

function byId(item: fc.Arbitrary<Item>, maxLength: number): fc.Arbitrary<Item[]> {
  return fc.uniqueArray(item, { maxLength, selector: ({ id }) => JSON.stringify(id) });
}

/** Small old tables in which everything that can meet does. */
export const oldContent: fc.Arbitrary<OldContent> = fc.record({
  links: byId(link, 8),
  milestones: records('milestones'),
  actuals: records('actuals'),
  readings: records('readings'),
  kpis: byId(
    fc.record({ id: kpiId, tenant_id: tenant, owner_id: fc.option(user, { nil: undefined }) }).map(defined),
    3,
  ),
  people: byId(
    fc.record({
      id: fc.constantFrom('person-1', 'person-2', 'person-3', 'person-4').map(text),
      tenant_id: tenant,
      linked_user_id: user,
    }),
    4,
  ),
});
