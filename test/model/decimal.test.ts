import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalNumber, isInteger, isOutsideZeroTo } from '../../functions/model/decimal.ts';
import { exactNumber } from './exact-reference.ts';

const ONE = exactNumber('1');

/** Any spelling of a number of few digits, so that two of them are often the same number. */
const spelling = fc
  .record({
    sign: fc.constantFrom('', '-', '+'),
    zerosBefore: fc.nat(3),
    digits: fc.oneof(fc.constantFrom('0', '1', '10', '100', '12', '120'), fc.stringMatching(/^\d{1,38}$/)),
    zerosAfter: fc.nat(4),
    pointAt: fc.nat(8),
    exponent: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -130, max: 125 })),
    letter: fc.constantFrom('e', 'E', 'e+', 'E+'),
  })
  .map(({ sign, zerosBefore, digits, zerosAfter, pointAt, exponent, letter }) => {
    const all = '0'.repeat(zerosBefore) + digits + '0'.repeat(zerosAfter);
    const mantissa = pointAt < all.length ? `${all.slice(0, pointAt)}.${all.slice(pointAt)}` : all;
    if (exponent === 0) return sign + mantissa;
    return `${sign}${mantissa}${exponent < 0 ? (letter[0] ?? 'e') : letter}${exponent}`;
  });

describe('canonicalNumber', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['0.000', '0'],
    ['0E-130', '0'],
    ['1.0', '1e0'],
    ['+1', '1e0'],
    ['10e-1', '1e0'],
    ['.5', '5e-1'],
    ['5.', '5e0'],
    ['-0012.3400', '-1234e-2'],
    ['1E-130', '1e-130'],
    ['9.9999999999999999999999999999999999999E+125', '99999999999999999999999999999999999999e88'],
  ])('spells %s as %s', (text, canonical) => {
    expect(canonicalNumber(text)).toBe(canonical);
  });

  test.each(['', '.', '-', 'e5', '1e', 'NaN', 'Infinity', '0x10', '1_000', ' 1', '1,5'])(
    'leaves %j, which is no number, as it is',
    (text) => {
      expect(canonicalNumber(text)).toBe(text);
    },
  );

  test('gives two spellings the same text if, and only if, they are the same number', async () => {
    await fc.assert(
      fc.property(spelling, spelling, (left, right) => {
        const same = exactNumber(left) === exactNumber(right);
        expect(canonicalNumber(left) === canonicalNumber(right)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps the number, and is its own canonical spelling', async () => {
    await fc.assert(
      fc.property(spelling, (text) => {
        const canonical = canonicalNumber(text);
        expect(exactNumber(canonical)).toBe(exactNumber(text));
        expect(canonicalNumber(canonical)).toBe(canonical);
      }),
    );
  });
});

describe('isOutsideZeroTo', () => {
  test.each([
    ['0', 0, false],
    ['-0', 0, false],
    ['1', 0, false],
    ['1.000', 0, false],
    ['1.0000000000000000000000000000000000001', 0, true],
    ['0.9999999999999999999999999999999999999', 0, false],
    ['-1E-130', 0, true],
    ['100', 2, false],
    ['1E+2', 2, false],
    ['100.01', 2, true],
    ['1000', 2, true],
    ['99.99', 2, false],
  ])('of %s and 10 to the power of %i: %s', (text, power, outside) => {
    expect(isOutsideZeroTo(text, power)).toBe(outside);
  });

  test('agrees with exact arithmetic', async () => {
    await fc.assert(
      fc.property(spelling, fc.constantFrom(0, 2), (text, power) => {
        const exact = exactNumber(text);
        expect(isOutsideZeroTo(text, power)).toBe(exact < 0n || exact > exactNumber(`1e${power}`));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('isInteger', () => {
  test.each([
    ['0', true],
    ['-3', true],
    ['3.0', true],
    ['1E+2', true],
    ['120e-1', true],
    ['125e-1', false],
    ['1.00000000000000000000000000000000000001', false],
    ['1E-130', false],
  ])('of %s: %s', (text, integer) => {
    expect(isInteger(text)).toBe(integer);
  });

  test('agrees with exact arithmetic', async () => {
    await fc.assert(
      fc.property(spelling, (text) => {
        expect(isInteger(text)).toBe(exactNumber(text) % ONE === 0n);
      }),
      { numRuns: 1_000 },
    );
  });
});
