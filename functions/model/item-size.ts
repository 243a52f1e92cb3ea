import type { AttributeValue, Item } from './attribute-value.ts';

/** The largest item that DynamoDB stores, in bytes (service quotas). */
export const ITEM_BYTES_MAX = 400 * 1024;

/** An item's size as DynamoDB counts it, never too small (Developer Guide, "DynamoDB item sizes and formats"). */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const name in item) bytes += Buffer.byteLength(name) + valueBytes(item[name] as AttributeValue);
  return bytes;
}

const COLLECTION_BYTES = 3;
const ELEMENT_BYTES = 1;

function valueBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberBytes(value.N);
  if ('BOOL' in value || 'NULL' in value) return 1;
  if ('B' in value) return value.B.length;
  if ('SS' in value) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  if ('NS' in value) return sum(value.NS.map(numberBytes));
  if ('BS' in value) return sum(value.BS.map((bytes) => bytes.length));
  if ('L' in value) return COLLECTION_BYTES + sum(value.L.map((element) => ELEMENT_BYTES + valueBytes(element)));
  return COLLECTION_BYTES + itemBytes(value.M) + ELEMENT_BYTES * Object.keys(value.M).length;
}

/** About a byte for two digits, and one more; a sign takes one. */
function numberBytes(digits: string): number {
  return Math.ceil(digits.length / 2) + 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
