import { describe, expect, test } from 'vitest';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';

// Developer Guide, "DynamoDB item sizes and formats". Every attribute here is named `a`, which is one byte.
describe('an attribute takes the bytes of its name, and', () => {
  test.each<[string, AttributeValue, number]>([
    ['the UTF-8 bytes of a text', { S: 'aé€😀' }, 1 + 2 + 3 + 4],
    ['none for an empty text', { S: '' }, 0],
    ['the raw bytes of binary', { B: new Uint8Array(5) }, 5],
    ['one for a flag', { BOOL: false }, 1],
    ['one for a NULL', { NULL: true }, 1],
    ['all elements of a set of texts', { SS: ['ab', 'é'] }, 4],
    ['all elements of a set of binary', { BS: [new Uint8Array(2), new Uint8Array(3)] }, 5],
    ['three for an empty list', { L: [] }, 3],
    ['three for an empty map', { M: {} }, 3],
    ['three for a list and one more for each element', { L: [{ S: 'ab' }, { BOOL: true }] }, 3 + (1 + 2) + (1 + 1)],
    [
      'three for a map and one more for each element',
      { M: { ab: { S: 'c' }, d: { NULL: true } } },
      3 + (1 + 2 + 1) + (1 + 1 + 1),
    ],
    ['as much again for what is nested', { L: [{ L: [{ S: 'a' }] }] }, 3 + 1 + (3 + 1 + 1)],
  ])('%s', (_, value, bytes) => {
    expect(itemBytes({ a: value })).toBe(1 + bytes);
  });

  test.each([
    ['0', 0],
    ['1', 1],
    ['-1', 1],
    ['12', 2],
    ['123', 3],
    ['0.1', 1],
    ['1E-130', 1],
    ['-1.2345678901234567890123456789012345678', 38],
    ['99999999999999999999999999999999999999', 38],
    ['9.9999999999999999999999999999999999999E+125', 38],
  ])('for %s at least one, and one for two of its %i significant digits', (digits, significant) => {
    const documented = 1 + Math.ceil(significant / 2) + (digits.startsWith('-') ? 1 : 0);
    const bytes = itemBytes({ a: { N: digits } }) - 1;
    expect(bytes).toBeGreaterThanOrEqual(documented);
    expect(bytes).toBeLessThanOrEqual(documented + 4);
  });

  test('the sum of its numbers for a set of them', () => {
    const sum = itemBytes({ a: { N: '12' } }) + itemBytes({ a: { N: '-3.5' } }) - 1;
    expect(itemBytes({ a: { NS: ['12', '-3.5'] } })).toBe(sum);
  });
});

test('an item takes what its attributes do, by the bytes of their names', () => {
  const item: Item = { id: { S: '12345' }, größe: { BOOL: true } };
  expect(itemBytes(item)).toBe(2 + 5 + (7 + 1));
  expect(itemBytes({})).toBe(0);
});

test('an item may be as large as 400 KB', () => {
  expect(ITEM_BYTES_MAX).toBe(409_600);
});
