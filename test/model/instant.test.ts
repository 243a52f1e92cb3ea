import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareInstants, compareText, type Instant, parseInstant } from '../../functions/model/instant.ts';
import { type CivilTime, daysOfMonth, exactInstant } from './exact-reference.ts';

function instant(text: string): Instant {
  const parsed = parseInstant(text);
  if (parsed === undefined) throw new Error(`${text} is no instant.`);
  return parsed;
}

describe('parseInstant', () => {
  test.each([
    ['1970-01-01', 0, ''],
    ['1970-01-01T00:00Z', 0, ''],
    ['1970-01-01 00:00:01', 1, ''],
    ['1970-01-01t00:00:01z', 1, ''],
    ['1970-01-01T00:00:00.0000001Z', 0, '0000001'],
    ['1970-01-01T00:00:00,1200000Z', 0, '12'],
    ['1970-01-01T00:00:00.12345678901234567890Z', 0, '1234567890123456789'],
    ['1970-01-01T02:00:00+02:00', 0, ''],
    ['1969-12-31T19:00:00-0500', 0, ''],
    ['1970-01-01T02:00:00+02', 0, ''],
    ['1969-12-31T21:00-03', 0, ''],
    ['1969-12-31 18:30:00.25-0530', 0, '25'],
    ['1970-01-01T00:00:00-00:00', 0, ''],
    ['1970-01-01T00:00+00', 0, ''],
    ['1970-01-01T18:00:00+18:00', 0, ''],
    ['1969-12-31T24:00', 0, ''],
    ['1969-12-31T24:00Z', 0, ''],
    ['1969-12-31t24:00:00z', 0, ''],
    ['1969-12-31 24:00:00.000', 0, ''],
    ['1970-01-01T24:00:00+02', 79_200, ''],
    ['2023-12-31T24:00:00Z', 1_704_067_200, ''],
    ['2024-02-28T24:00:00Z', 1_709_164_800, ''],
    ['9999-12-31T24:00:00Z', 253_402_300_800, ''],
    ['0000-02-29T00:00:00Z', -62_162_121_600, ''],
    ['0000-01-01T00:00:00+02:00', -62_167_226_400, ''],
    ['1970-01-01T05:45:00.5+05:45', 0, '5'],
    ['1969-12-31T23:59:59.9999999Z', -1, '9999999'],
    ['2024-02-29', 1_709_164_800, ''],
    ['2000-02-29T12:00:00Z', 951_825_600, ''],
    ['0001-01-01T00:00:00Z', -62_135_596_800, ''],
    ['9999-12-31T23:59:59.9999999Z', 253_402_300_799, '9999999'],
  ])('reads %s', (text, epochSeconds, fraction) => {
    expect(parseInstant(text)).toEqual({ epochSeconds, fraction });
  });

  test.each([
    ['', 'empty'],
    ['yesterday', 'a word'],
    ['01/02/2024', 'another order'],
    ['2024-1-2', 'single digits'],
    ['20240101T000000Z', 'the basic format'],
    ['2024-01', 'a month'],
    ['2024-01-01T10', 'an hour without minutes'],
    ['2024-01-01Z', 'a zone without a time'],
    ['2024-01-01T00:00:00.Z', 'a point without digits'],
    ['2024-01-01T00:00:00+2', 'an offset of one digit'],
    ['2024-01-01T00:00:00+02:', 'an offset that breaks off'],
    ['2024-01-01T00:00:00+02:0', 'a minute of one digit in an offset'],
    ['2024-01-01T00:00:00+020', 'an offset of three digits'],
    ['2024-01-01T00:00:00+02:00:00', 'an offset with seconds'],
    ['2024-01-01T00:00:00 +02:00', 'a blank before the offset'],
    ['2024-01-01T00:00:00 Z', 'a blank before Z'],
    ['2024-01-01T00:00:00Z+02:00', 'Z and an offset'],
    ['2024-01-01T00:00:00\u221202:00', 'a minus sign that is no hyphen'],
    ['2024-01-01+02:00', 'an offset without a time'],
    ['2024-01-01T00:00:00 UTC', 'a zone by name'],
    ['2024-01-01T00:00:00[Europe/Berlin]', 'a zone in brackets'],
    ['2024-01-01T', 'no time after the T'],
    ['2024-01-01  00:00', 'two blanks'],
    ['2024-01-01_00:00', 'another sign between date and time'],
    ['2024-01-01T0000', 'a time in the basic format'],
    ['2024-01-01T00:00.5', 'a fraction of a minute'],
    ['2024-01-01T0:00', 'an hour of one digit'],
    ['2024-W01-1', 'a day of a week'],
    ['2024-001', 'a day of a year'],
    ['12024-01-01', 'a year of five digits'],
    ['-0001-01-01', 'a year before 0'],
    ['24-01-01', 'a year of two digits'],
    ['2024-01-01T24:00:01Z', 'after the end of the day'],
    ['2024-01-01T24:01', 'a minute after the end of the day'],
    ['2024-01-01T24:00:00.1', 'a fraction after the end of the day'],
    ['2024-01-01T24:00:00.0000000000000000000001Z', 'a small fraction after the end of the day'],
    ['2024-01-01T25:00', 'hour 25'],
    ['2023-02-29T24:00', 'the end of a day that does not exist'],
    ['2024-00-10', 'month 0'],
    ['2024-13-01', 'month 13'],
    ['2024-01-00', 'day 0'],
    ['2023-02-29', 'a leap day in another year'],
    ['1900-02-29', 'a leap day in a century'],
    ['2024-04-31', 'day 31 of April'],
    ['2024-01-01T23:60:00Z', 'minute 60'],
    ['2016-12-31T23:59:60Z', 'a leap second'],
    ['2024-01-01T23:59:61Z', 'second 61'],
    ['2024-01-01T00:00:00+19:00', 'an offset of 19 hours'],
    ['2024-01-01T00:00:00+01:60', 'an offset of 60 minutes'],
    [' 2024-01-01', 'a blank before'],
    ['2024-01-01\n', 'a line end after'],
    ['+2024-01-01', 'a sign'],
    ['٢٠٢٤-01-01', 'digits of another script'],
  ])('refuses %j: %s', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

test('reads as many fraction digits as an item can hold without delay', () => {
  const digits = `${'0'.repeat(390_000)}1${'0'.repeat(5_000)}`;
  const startMs = performance.now();
  expect(parseInstant(`2024-01-01T00:00:00.${digits}Z`)?.fraction).toBe(`${'0'.repeat(390_000)}1`);
  expect(parseInstant(`2024-01-01T00:00:00.${digits}x`)).toBeUndefined();
  expect(performance.now() - startMs).toBeLessThan(2_000);
});

/** Times of all years, and often ones that lie so close together that offset or fraction decides. */
const civilTime: fc.Arbitrary<CivilTime> = fc
  .record({
    year: fc.oneof(fc.constant(2024), fc.integer({ min: 1, max: 9999 })),
    month: fc.constantFrom(1, 2, 3, 12),
    dayIndex: fc.nat(30),
    hour: fc.oneof(fc.constantFrom(0, 23), fc.integer({ min: 0, max: 23 })),
    minute: fc.constantFrom(0, 30, 59),
    second: fc.constantFrom(0, 59),
    fraction: fc.constantFrom('', '0', '0000001', '1', '10', '1000000', '9999999', '999999999999', '000000000001'),
    offsetMinutes: fc.constantFrom(0, 60, -60, 330, -690, 840),
  })
  .map(({ dayIndex, ...time }) => ({ ...time, day: (dayIndex % daysOfMonth(time.year, time.month)) + 1 }));

function spell(time: CivilTime): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const fraction = time.fraction === '' ? '' : `.${time.fraction}`;
  const offset = Math.abs(time.offsetMinutes);
  const zone = `${time.offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(offset / 60))}:${two(offset % 60)}`;
  const date = `${String(time.year).padStart(4, '0')}-${two(time.month)}-${two(time.day)}`;
  return `${date}T${two(time.hour)}:${two(time.minute)}:${two(time.second)}${fraction}${zone}`;
}

describe('compareInstants', () => {
  test.each([
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.0000000+00:00', 0],
    ['2024-01-01T01:00:00+01:00', '2024-01-01', 0],
    ['2024-01-01T09:00:00+09:30', '2024-01-01T00:00:00Z', -1],
    ['2023-12-31T23:30:00-01:00', '2024-01-01T00:00:00Z', 1],
    ['2024-01-01T00:00:00.0000001Z', '2024-01-01T00:00:00.00000012Z', -1],
    ['2024-01-01T00:00:00.5Z', '2024-01-01T00:00:00.4999999Z', 1],
    ['2023-12-31T24:00', '2024-01-01', 0],
    ['2023-12-31T24:00:00.000Z', '2024-01-01T00:00:00.0000001Z', -1],
    ['2023-12-31T24:00', '2023-12-31T23:59:59.9999999', 1],
    ['2024-01-01T24:00:00+02', '2024-01-01T22:00Z', 0],
    ['2024-01-01T10:00:00+02', '2024-01-01T10:00:00+0200', 0],
    ['2024-01-01T10:00:00-02', '2024-01-01t10:00:00-01:59', 1],
    ['2024-01-01 10:00', '2024-01-01T10:00:00.000z', 0],
    ['1969-12-31T23:59:59.1Z', '1969-12-31T23:59:59.9Z', -1],
  ])('of %s and %s: %i', (left, right, order) => {
    expect(Math.sign(compareInstants(instant(left), instant(right)))).toBe(order);
    expect(Math.sign(compareInstants(instant(right), instant(left)))).toBe(0 - order);
  });

  test('agrees with exact arithmetic on the calendar', async () => {
    await fc.assert(
      fc.property(civilTime, civilTime, (left, right) => {
        const difference = exactInstant(left) - exactInstant(right);
        const order = difference === 0n ? 0 : difference < 0n ? -1 : 1;
        expect(Math.sign(compareInstants(instant(spell(left)), instant(spell(right))))).toBe(order);
      }),
      { numRuns: 2_000 },
    );
  });

  test('counts seconds as exact arithmetic does', async () => {
    await fc.assert(
      fc.property(civilTime, (time) => {
        const { epochSeconds, fraction } = instant(spell(time));
        expect(BigInt(epochSeconds) * 10n ** 12n + BigInt(fraction.padEnd(12, '0'))).toBe(exactInstant(time));
      }),
    );
  });
});

test.each([
  ['a', 'a', 0],
  ['a', 'b', -1],
  ['', 'a', -1],
  ['B', 'a', -1],
  ['a', 'ä', -1],
  ['10', '9', -1],
])('compareText orders %j and %j by code unit: %i', (left, right, order) => {
  expect(compareText(left, right)).toBe(order);
  expect(compareText(right, left)).toBe(0 - order);
});
