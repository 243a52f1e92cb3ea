import { describe, expect, test } from 'vitest';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { differences, sameItem, sameValue } from '../../functions/model/compare.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('sameValue', () => {
  test.each<[string, AttributeValue, AttributeValue]>([
    ['texts', { S: 'a' }, { S: 'a' }],
    ['empty texts', { S: '' }, { S: '' }],
    ['numbers in two spellings', { N: '1.50' }, { N: '15E-1' }],
    ['zero and negative zero', { N: '0' }, { N: '-0' }],
    ['flags', { BOOL: false }, { BOOL: false }],
    ['NULLs', { NULL: true }, { NULL: true }],
    ['bytes in two kinds of array', { B: bytes(1, 2) }, { B: Buffer.from([1, 2]) }],
    ['sets of texts in two orders', { SS: ['a', 'b'] }, { SS: ['b', 'a'] }],
    ['sets of numbers in two orders and spellings', { NS: ['1', '2.0'] }, { NS: ['2', '1.0'] }],
    ['sets of bytes in two orders', { BS: [bytes(1), bytes(2)] }, { BS: [Buffer.from([2]), bytes(1)] }],
    ['lists of numbers in two spellings', { L: [{ N: '1' }, { S: 'a' }] }, { L: [{ N: '1.0' }, { S: 'a' }] }],
    ['maps in two orders', { M: { a: { N: '1' }, b: { S: '' } } }, { M: { b: { S: '' }, a: { N: '1.0' } } }],
  ])('holds %s to be the same', (_, left, right) => {
    expect(sameValue(left, right)).toBe(true);
    expect(sameValue(right, left)).toBe(true);
  });

  test.each<[string, AttributeValue, AttributeValue]>([
    ['texts of another case', { S: 'a' }, { S: 'A' }],
    ['a date in two spellings', { S: '2024-01-01T00:00:00Z' }, { S: '2024-01-01T00:00:00.0Z' }],
    ['texts composed otherwise', { S: '\u00e9' }, { S: 'e\u0301' }],
    ['numbers that a JavaScript number cannot tell apart', { N: '9007199254740993' }, { N: '9007199254740992' }],
    ['a number and its text', { N: '1' }, { S: '1' }],
    ['a flag and a number', { BOOL: true }, { N: '1' }],
    ['flags', { BOOL: true }, { BOOL: false }],
    ['NULL and an empty text', { NULL: true }, { S: '' }],
    ['bytes', { B: bytes(1) }, { B: bytes(1, 0) }],
    ['sets of which one holds more', { SS: ['a'] }, { SS: ['a', 'b'] }],
    ['a set of texts and one of numbers', { SS: ['1'] }, { NS: ['1'] }],
    ['a list in two orders', { L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }],
    ['lists of which one goes on', { L: [{ S: 'a' }] }, { L: [{ S: 'a' }, { S: 'b' }] }],
    ['maps of other names', { M: { a: { S: '' } } }, { M: { b: { S: '' } } }],
  ])('tells %s apart', (_, left, right) => {
    expect(sameValue(left, right)).toBe(false);
    expect(sameValue(right, left)).toBe(false);
  });
});

describe('sameItem', () => {
  test.each<[string, Item | undefined, Item | undefined, boolean]>([
    [
      'the same attributes in another order',
      { a: { S: '1' }, b: { N: '2' } },
      { b: { N: '2.0' }, a: { S: '1' } },
      true,
    ],
    ['no attributes', {}, {}, true],
    ['two absent items', undefined, undefined, true],
    ['an absent item and an empty one', undefined, {}, false],
    ['an attribute more', { a: { S: '1' } }, { a: { S: '1' }, b: { S: '2' } }, false],
    ['as many attributes of other names', { a: { S: '1' } }, { b: { S: '1' } }, false],
    ['an absent attribute and a NULL', {}, { a: { NULL: true } }, false],
  ])('of %s', (_, left, right, same) => {
    expect(sameItem(left, right)).toBe(same);
    expect(sameItem(right, left)).toBe(same);
  });
});

describe('differences', () => {
  test('are told by attribute, in the order of the names', () => {
    const expected: Item = {
      id: { S: '1' },
      value: { N: '1.5' },
      flag: { BOOL: true },
      label: { S: 'x' },
      same: { N: '1' },
    };
    const actual: Item = {
      id: { S: '1' },
      value: { N: '1.4' },
      flag: { N: '1' },
      extra: { S: 'y' },
      same: { N: '1.0' },
    };
    expect(differences(expected, actual)).toEqual([
      { attribute: 'extra', kind: 'extra', actual: { S: 'y' } },
      { attribute: 'flag', kind: 'type', expected: { BOOL: true }, actual: { N: '1' } },
      { attribute: 'label', kind: 'missing', expected: { S: 'x' } },
      { attribute: 'value', kind: 'value', expected: { N: '1.5' }, actual: { N: '1.4' } },
    ]);
  });

  test('of an absent row are all attributes of the other', () => {
    const row: Item = { id: { S: '1' }, flag: { BOOL: true } };
    expect(differences(row, undefined).map(({ attribute, kind }) => [attribute, kind])).toEqual([
      ['flag', 'missing'],
      ['id', 'missing'],
    ]);
    expect(differences(undefined, row).map(({ attribute, kind }) => [attribute, kind])).toEqual([
      ['flag', 'extra'],
      ['id', 'extra'],
    ]);
  });

  test('are none where both rows are absent', () => {
    expect(differences(undefined, undefined)).toEqual([]);
  });
});
