import { expect, test } from 'vitest';
import { textTable } from '../../backfill/text-table.ts';

const HEADER = ['', 'items', 'rows', ''];
const ROWS = [
  ['links', 66, 1_065, 'done'],
  ['a\nb', 2, 3, ''],
];

test('figures are lined up to the right, and no cell breaks its line', () => {
  expect(textTable(HEADER, ROWS)).toEqual([
    '         items   rows',
    'links       66  1,065  done',
    'a\\u{a}b      2      3',
  ]);
});

test('texts are lined up to the left', () => {
  expect(
    textTable(
      ['a', 'b'],
      [
        ['long name', 'x'],
        ['s', 'longer'],
      ],
      true,
    ),
  ).toEqual(['a          b', 'long name  x', 's          longer']);
});

test('a row that a narrow terminal would break is a block of lines', () => {
  expect(textTable(HEADER, ROWS, false, 26)).toEqual([
    ...['links', '  items: 66', '  rows: 1,065', '  done'],
    ...['a\\u{a}b', '  items: 2', '  rows: 3'],
  ]);
  expect(textTable(HEADER, ROWS, false, 27)).toHaveLength(3);
});
