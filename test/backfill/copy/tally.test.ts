import { describe, expect, test } from 'vitest';
import {
  addTallies,
  countUnknownAttributes,
  EMPTY_TALLY,
  NAME_LENGTH_MAX,
  NAMES_MAX,
  type Tally,
} from '../../../backfill/copy/tally.ts';
import { jsonOf, stableJson } from '../../../backfill/json.ts';
import { describeCounts, textTable } from '../../../backfill/text-table.ts';
import { countNames } from '../../../functions/model/counts-by-name.ts';

const ODD = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', 'toJSON'];

describe('counts by name', () => {
  test('take any name for what it is', () => {
    const { unknownAttributes, otherUnknownAttributes } = countUnknownAttributes([ODD, [...ODD, 'colour']]);
    expect([...unknownAttributes]).toEqual([...ODD.map((name) => [name, 2]), ['colour', 1]]);
    expect(otherUnknownAttributes).toBe(0);
    expect([...countNames(['toString', 'toString'])]).toEqual([['toString', 2]]);
  });

  test('are added name by name, and the tallies that are added stay as they are', () => {
    const tally: Tally = { ...EMPTY_TALLY, warnings: countNames(ODD), ...countUnknownAttributes([ODD]), scanned: 1 };
    const sum = addTallies([tally, EMPTY_TALLY, tally]);
    expect([...sum.warnings]).toEqual(ODD.map((name) => [name, 2]));
    expect([...sum.unknownAttributes]).toEqual(ODD.map((name) => [name, 2]));
    expect(sum.scanned).toBe(2);
    expect([...tally.unknownAttributes.values()]).toEqual(ODD.map(() => 1));
    expect(EMPTY_TALLY.unknownAttributes.size + EMPTY_TALLY.warnings.size).toBe(0);
  });

  test.each([
    ['one document of a command', (value: unknown) => jsonOf(value)],
    ['a file of the audit bundle', stableJson],
  ])('are an object in %s', (_, textOf) => {
    const parsed = JSON.parse(textOf({ deep: [{ counts: countNames([...ODD, 'b', 'a', 'b']) }] }));
    const counts = new Map(Object.entries(parsed.deep[0].counts));
    expect(counts).toEqual(new Map([...ODD.map((name) => [name, 1] as const), ['b', 2], ['a', 1]]));
  });

  test('are told on one line, whatever a name holds', () => {
    expect(describeCounts(countNames(['a\nb', '\u001b[2J', 'x\u2028y', '\u202eabc', 'naïve']))).toBe(
      'a\\u{a}b 1, \\u{1b}[2J 1, x\\u{2028}y 1, \\u{202e}abc 1, naïve 1',
    );
    expect(describeCounts([])).toBe('none');
    expect(textTable(['id', ''], [['a\nb', 1]])).toEqual(['id', 'a\\u{a}b  1']);
  });
});

test('a table may have more rows than a call can have arguments', () => {
  const rows = Array.from({ length: 300_000 }, (_, at) => [`kpi-${at}`, at]);
  expect(textTable(['KPI', 'records'], rows)).toHaveLength(rows.length + 1);
});

describe('unknown attributes without end', () => {
  test('are counted one by one up to a number of names, and together beyond it', () => {
    const names = Array.from({ length: 100_000 }, (_, at) => `n${at}`);
    const once = countUnknownAttributes([names]);
    expect(once.unknownAttributes.size).toBe(NAMES_MAX);
    expect(once.otherUnknownAttributes).toBe(100_000 - NAMES_MAX);
    const tally = { ...EMPTY_TALLY, ...once };
    const other = { ...EMPTY_TALLY, ...countUnknownAttributes([['n0', 'unseen', 'unseen too']]) };
    const sum = addTallies([tally, other, tally]);
    expect(sum.unknownAttributes.size).toBe(NAMES_MAX);
    expect(sum.unknownAttributes.get('n0')).toBe(3);
    expect(sum.otherUnknownAttributes).toBe(2 * (100_000 - NAMES_MAX) + 2);
  });

  test('are cut where their names are long, never within a character', () => {
    const long = 'x'.repeat(65_535);
    const emoji = `${'x'.repeat(NAME_LENGTH_MAX - 1)}😀😀`;
    const { unknownAttributes } = countUnknownAttributes([[long, `${long}y`, emoji, 'x'.repeat(NAME_LENGTH_MAX)]]);
    expect(unknownAttributes).toEqual(
      new Map([
        [`${'x'.repeat(NAME_LENGTH_MAX)}…`, 2],
        [`${'x'.repeat(NAME_LENGTH_MAX - 1)}…`, 1],
        ['x'.repeat(NAME_LENGTH_MAX), 1],
      ]),
    );
    expect([...unknownAttributes.keys()].every((name) => name.isWellFormed())).toBe(true);
  });
});
