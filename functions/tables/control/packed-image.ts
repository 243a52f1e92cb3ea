import { gunzipSync, gzipSync } from 'node:zlib';
import type { AttributeValue, Item } from '../../model/attribute-value.ts';

/** An item as DynamoDB's JSON has it, with bytes in base64: what `aws dynamodb get-item` prints and `put-item` takes. */
export type JsonItem = Readonly<Record<string, JsonValue>>;
type JsonValue = Readonly<Record<string, unknown>>;

export function toJson(item: Item): JsonItem {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, valueToJson(value)]));
}

function valueToJson(value: AttributeValue): JsonValue {
  if ('B' in value) return { B: base64Of(value.B) };
  if ('BS' in value) return { BS: value.BS.map(base64Of) };
  if ('L' in value) return { L: value.L.map(valueToJson) };
  if ('M' in value) return { M: toJson(value.M) };
  return value;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

export function fromJson(json: JsonItem): Item {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, valueFromJson(value)]));
}

function valueFromJson(value: JsonValue): AttributeValue {
  if (typeof value.B === 'string') return { B: bytesOf(value.B) };
  if (Array.isArray(value.BS)) return { BS: value.BS.map(bytesOf) };
  if (Array.isArray(value.L)) return { L: value.L.map(valueFromJson) };
  if (value.M !== undefined) return { M: fromJson(value.M as JsonItem) };
  return value as AttributeValue;
}

function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** An item as compressed JSON: as bytes, its depth is of no account to whoever stores it. */
export function packImage(image: Item): Uint8Array {
  return gzipSync(JSON.stringify(toJson(image)));
}

export function unpackImage(packed: Uint8Array): Item {
  return fromJson(JSON.parse(gunzipSync(packed).toString()) as JsonItem);
}
