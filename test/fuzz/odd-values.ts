import * as fc from 'fast-check';
import { attributeName, dateText, longInstant, oddKeyText, oddText } from './odd-texts.ts';
import type { Oddity, ValueSketch } from './sketch.ts';

/** Numbers at the ends of what DynamoDB takes (Developer Guide, "Constraints": 38 digits, 1e-130 to 9.99…e+125), and other spellings. */
const NUMBERS = [
  '0',
  '-0',
  '1',
  '-1',
  '1.0',
  '1.10',
  '+5',
  '.5',
  '5.',
  '00012',
  '1E+2',
  '100',
  '100.00000000000000000000000000000000001',
  '1e125',
  '-1e125',
  '9.9999999999999999999999999999999999999E+125',
  '-9.9999999999999999999999999999999999999e125',
  '1e-130',
  '-1E-130',
  '12345678901234567890123456789012345678',
  '-0.12345678901234567890123456789012345678',
  '0.00000000000000000000000000000000000001',
  '0.30000000000000004',
];

const text = oddText.map((S): ValueSketch => ({ S }));
const number = fc.constantFrom(...NUMBERS).map((N): ValueSketch => ({ N }));
const flag = fc.constantFrom<ValueSketch>({ BOOL: true }, { BOOL: false }, { N: '0' }, { N: '1' }, { N: '2' });
const bytes = fc.oneof(
  fc.constantFrom('', 'AA==', 'AP8H', '8J+YgA=='),
  fc.record({ random: fc.nat(1_000), bytes: fc.integer({ min: 1, max: 600 }) }),
);
const binary = bytes.map((B): ValueSketch => ({ B }));
const base64s = fc.uniqueArray(fc.constantFrom('', 'AA==', 'AP8H'), { minLength: 1 });
const set = fc.oneof(
  fc.uniqueArray(oddKeyText, { minLength: 1, maxLength: 4 }).map((SS): ValueSketch => ({ SS })),
  fc.constantFrom<ValueSketch>({ SS: [''] }, { NS: ['1', '-1e125'] }, { NS: ['0'] }),
  base64s.map((BS): ValueSketch => ({ BS })),
);
const none: fc.Arbitrary<ValueSketch> = fc.constant({ NULL: true });

const small: fc.Arbitrary<ValueSketch> = fc.oneof(text, number, flag, binary, set, none);
const list = fc.array(small, { maxLength: 3 }).map((L): ValueSketch => ({ L }));
const map = fc
  .uniqueArray(fc.tuple(attributeName, small), { maxLength: 3, selector: ([name]) => JSON.stringify(name) })
  .map((M): ValueSketch => ({ M }));
/** An attribute may hold 31 more levels below it (Developer Guide, "Constraints": 32 levels). */
const nested = fc
  .record({
    levels: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constantFrom(29, 30, 31)),
    type: fc.constantFrom('L' as const, 'M' as const),
    inner: small,
  })
  .map((each): ValueSketch => ({ nested: each }));

/** Of every type there is, the usual ones more often, so that rows result. */
const anyValue: fc.Arbitrary<ValueSketch> = fc.oneof(
  { withCrossShrink: true },
  { weight: 10, arbitrary: text },
  { weight: 3, arbitrary: dateText.map((S): ValueSketch => ({ S })) },
  { weight: 6, arbitrary: number },
  { weight: 4, arbitrary: flag },
  { weight: 3, arbitrary: none },
  { weight: 1, arbitrary: binary },
  { weight: 1, arbitrary: set },
  { weight: 1, arbitrary: list },
  { weight: 1, arbitrary: map },
  { weight: 1, arbitrary: nested },
);

const known: fc.Arbitrary<Oddity> = fc.record({ attribute: fc.nat(30), value: anyValue });
const missing: fc.Arbitrary<Oddity> = fc.record({ attribute: fc.nat(30) });
const unknown: fc.Arbitrary<Oddity> = fc.record({ attribute: attributeName, value: anyValue });
/** `linked_at` and `created_by` are in no index, so nothing bounds them but the item's size. */
const longLinkedAt: fc.Arbitrary<Oddity> = longInstant.map((S) => ({ attribute: 'linked_at', value: { S } }));

/** One item in so many is brought to the size at which DynamoDB stops taking it; each costs as much as hundreds of plain ones. */
const filler: fc.Arbitrary<Oddity> = fc
  .record({
    attribute: fc.constantFrom('filler', 'filler', 'note', 'rationale', 'override_comment', 'label', 'created_by'),
    itemBytes: fc.constantFrom(100_000, 299_000, 301_000, 350_000, 400_000, 409_000, 409_300, 409_590),
    isRandom: fc.boolean(),
  })
  .map(({ attribute, itemBytes, isRandom }) => ({ attribute, value: { filler: { itemBytes, isRandom } } }));

const oddity: fc.Arbitrary<Oddity> = fc.oneof(
  { withCrossShrink: true },
  { weight: 120, arbitrary: known },
  { weight: 50, arbitrary: unknown },
  { weight: 24, arbitrary: missing },
  { weight: 2, arbitrary: longLinkedAt },
  { weight: 3, arbitrary: filler },
);

/** Mostly none or one, so that most items become rows and two oddities meet now and then. */
export const oddities: fc.Arbitrary<Oddity[]> = fc.oneof(
  { withCrossShrink: true },
  { weight: 4, arbitrary: fc.constant<Oddity[]>([]) },
  { weight: 4, arbitrary: fc.array(oddity, { minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.array(oddity, { minLength: 0, maxLength: 3 }) },
);
