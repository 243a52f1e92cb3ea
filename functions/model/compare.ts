import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue, Item } from './attribute-value.ts';

/** How one attribute of a row differs from what it should be. */
export interface Difference {
  readonly attribute: string;
  readonly kind: 'missing' | 'extra' | 'type' | 'value';
  readonly expected?: AttributeValue;
  readonly actual?: AttributeValue;
}

const NUMBER = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/;

/**
 * A decimal number in one spelling, exactly: sign, significant digits, exponent. `1.0`, `1` and `10e-1` are the same, and
 * so are `-0` and `0`, as they are for DynamoDB.
 */
export function canonicalNumber(text: string): string {
  const match = NUMBER.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === '-' ? '-' : ''}${significant}e${power}`;
}

/** Whether two attribute values are of the same type and mean the same. */
export function sameValue(left: AttributeValue, right: AttributeValue): boolean {
  if ('S' in left && 'S' in right) return left.S === right.S;
  if ('N' in left && 'N' in right) return left.N === right.N || canonicalNumber(left.N) === canonicalNumber(right.N);
  if ('BOOL' in left && 'BOOL' in right) return left.BOOL === right.BOOL;
  return isDeepStrictEqual(left, right);
}

/** Whether two items have the same attributes with the same values. An absent item is like nothing but an absent one. */
export function sameItem(left: Item | undefined, right: Item | undefined): boolean {
  if (left === right) return true;
  if (left === undefined || right === undefined) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const [one, other] = [left[name], right[name]];
    return one !== undefined && other !== undefined && sameValue(one, other);
  });
}

/** What of the actual item is not as expected, by attribute name; an absent item has no attributes. */
export function differences(expected: Item | undefined, actual: Item | undefined): Difference[] {
  const names = new Set([...Object.keys(expected ?? {}), ...Object.keys(actual ?? {})]);
  return [...names].sort().flatMap((attribute): Difference[] => {
    const [wanted, found] = [expected?.[attribute], actual?.[attribute]];
    if (wanted === undefined) return found === undefined ? [] : [{ attribute, kind: 'extra', actual: found }];
    if (found === undefined) return [{ attribute, kind: 'missing', expected: wanted }];
    if (sameValue(wanted, found)) return [];
    const kind = Object.keys(wanted)[0] === Object.keys(found)[0] ? 'value' : 'type';
    return [{ attribute, kind, expected: wanted, actual: found }];
  });
}
