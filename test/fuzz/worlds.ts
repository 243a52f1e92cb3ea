import * as fc from 'fast-check';
import { dateText, longKeyText, oddKeyText } from './odd-texts.ts';
import { oddities } from './odd-values.ts';
import type { ChangeSketch, ItemSketch, Pools, SketchedTable, TextSketch, World } from './sketch.ts';

/** A GUID as .NET writes one, from a number. */
function guid(number: number): string {
  const digits = number.toString(16).padStart(12, '0');
  return `00000000-0000-4000-8000-${digits}`;
}

const plainId = fc.nat(0xffffffff).map(guid);

/** Ids that `record/link` can be cut into in more than one way. */
const slashedId = fc.constantFrom('a', 'b', 'c', 'a/b', 'b/c', 'a/b/c');

const recordOrLinkId: fc.Arbitrary<TextSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 24, arbitrary: plainId },
  { weight: 6, arbitrary: fc.tuple(oddKeyText, plainId).map((joined): TextSketch => ({ joined })) },
  { weight: 2, arbitrary: oddKeyText },
  { weight: 3, arbitrary: fc.nat(3).map((at): TextSketch => ({ pool: 'ids', at })) },
  { weight: 1, arbitrary: slashedId },
  { weight: 1, arbitrary: longKeyText },
  {
    weight: 1,
    arbitrary: fc.record({ record: fc.nat(30), link: fc.nat(30) }).map((fanOutOf): TextSketch => ({ fanOutOf })),
  },
  { weight: 1, arbitrary: fc.nat(5).map((at): TextSketch => ({ personalLinkOf: { pool: 'kpis', at } })) },
);

const places = fc.record({
  tenant: fc.nat(3),
  kpi: fc.nat(5),
  goal: fc.nat(3),
  user: fc.nat(5),
  date: fc.nat(5),
});

const looks = { places, isFull: fc.boolean(), oddities };

function itemOf(table: SketchedTable, id: fc.Arbitrary<TextSketch>): fc.Arbitrary<ItemSketch> {
  return fc.record({ table: fc.constant(table), id, ...looks });
}

/** A KPI's item bears its id; a person's is any. */
const item: fc.Arbitrary<ItemSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 5, arbitrary: itemOf('readings', recordOrLinkId) },
  { weight: 3, arbitrary: itemOf('links', recordOrLinkId) },
  { weight: 5, arbitrary: itemOf('actuals', recordOrLinkId) },
  { weight: 5, arbitrary: itemOf('milestones', recordOrLinkId) },
  {
    weight: 1,
    arbitrary: itemOf(
      'kpis',
      fc.nat(5).map((at): TextSketch => ({ pool: 'kpis', at })),
    ),
  },
  { weight: 1, arbitrary: itemOf('people', recordOrLinkId) },
);

const change: fc.Arbitrary<ChangeSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(200) }) },
  { weight: 3, arbitrary: fc.record({ at: fc.nat(200), to: fc.record(looks) }) },
);

/** A few texts, the first ones plain. */
function pool(
  plain: string,
  maxLength: number,
  odd: fc.Arbitrary<TextSketch> = oddKeyText,
): fc.Arbitrary<TextSketch[]> {
  const text = fc.oneof(
    { withCrossShrink: true },
    { weight: 10, arbitrary: fc.nat(99).map((at): TextSketch => `${plain}-${at}`) },
    { weight: 7, arbitrary: odd },
    { weight: 1, arbitrary: longKeyText },
  );
  return fc.array(text, { minLength: 1, maxLength });
}

const pools: fc.Arbitrary<Pools> = fc.record({
  tenants: pool('tenant', 3),
  kpis: pool('kpi', 6),
  goals: pool('goal', 3),
  users: pool('user', 5),
  ids: pool('shared', 3),
  dates: fc.array(dateText, { minLength: 1, maxLength: 5 }),
});

/** @param itemsMax items of all tables together; half of that on average. */
export function worlds(itemsMax: number): fc.Arbitrary<World> {
  return fc.record({
    // Made smaller in this order: the fewer items, the sooner the rest is tried.
    items: fc.array(item, { maxLength: itemsMax, size: 'max' }),
    changes: fc.array(change, { maxLength: Math.ceil(itemsMax / 5), size: 'max' }),
    heldRecords: fc.constantFrom('hold' as const, 'hold' as const, 'personal-link' as const),
    pools,
    draw: fc.nat(0xffff),
  });
}
