import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue, Item } from './attribute-value.ts';
import { canonicalNumber } from './decimal.ts';
import { own } from './own.ts';

/** How one attribute of a row differs from what it should be. */
export interface Difference {
  readonly attribute: string;
  readonly kind: 'missing' | 'extra' | 'type' | 'value';
  readonly expected?: AttributeValue;
  readonly actual?: AttributeValue;
}

/**
 * Whether two attribute values are of the same type and mean the same to DynamoDB: numbers by value whatever their
 * spelling, sets whatever their order, bytes by content.
 */
export function sameValue(left: AttributeValue, right: AttributeValue): boolean {
  if ('S' in left && 'S' in right) return left.S === right.S;
  if ('N' in left && 'N' in right) return left.N === right.N || canonicalNumber(left.N) === canonicalNumber(right.N);
  if ('B' in left && 'B' in right) return Buffer.compare(left.B, right.B) === 0;
  if ('SS' in left && 'SS' in right) return sameSet(left.SS, right.SS);
  if ('NS' in left && 'NS' in right) return sameSet(left.NS.map(canonicalNumber), right.NS.map(canonicalNumber));
  if ('BS' in left && 'BS' in right) return sameSet(left.BS.map(hexadecimal), right.BS.map(hexadecimal));
  if ('L' in left && 'L' in right) return sameList(left.L, right.L);
  if ('M' in left && 'M' in right) return sameItem(left.M, right.M);
  return isDeepStrictEqual(left, right);
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return isDeepStrictEqual(new Set(left), new Set(right));
}

function sameList(left: readonly AttributeValue[], right: readonly AttributeValue[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((value, at) => {
    const other = right[at];
    return other !== undefined && sameValue(value, other);
  });
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Whether two items have the same attributes with the same values. An absent item is like nothing but an absent one. */
export function sameItem(left: Item | undefined, right: Item | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const [one, other] = [own(left, name), own(right, name)];
    return one !== undefined && other !== undefined && sameValue(one, other);
  });
}

/** What of the actual item is not as expected, by attribute name; an absent item has no attributes. */
export function differences(expected: Item | undefined, actual: Item | undefined): Difference[] {
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(actual ?? {})]);
  return [...names].sort().flatMap((attribute): Difference[] => {
    const [wanted, found] = [own(expected, attribute), own(actual, attribute)];
    if (wanted === undefined) return found === undefined ? [] : [{ attribute, kind: 'extra', actual: found }];
    if (found === undefined) return [{ attribute, kind: 'missing', expected: wanted }];
    if (sameValue(wanted, found)) return [];
    const kind = Object.keys(wanted)[0] === Object.keys(found)[0] ? 'value' : 'type';
    return [{ attribute, kind, expected: wanted, actual: found }];
  });
}
