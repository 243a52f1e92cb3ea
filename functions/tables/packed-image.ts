import { gunzipSync, gzipSync } from 'node:zlib';
import type { Item } from '../model/attribute-value.ts';

/** An item as compressed JSON, binary values in base64. */
export function packImage(image: Item): Uint8Array {
  return gzipSync(JSON.stringify(toJson(image)));
}

export function unpackImage(packed: Uint8Array): Item {
  return fromJson(JSON.parse(gunzipSync(packed).toString())) as Item;
}

function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return { base64: Buffer.from(value).toString('base64') };
  return mapParts(value, toJson);
}

/** Under `base64` an attribute would have an attribute value, never a text. */
function fromJson(value: unknown): unknown {
  const base64 = (value as { base64?: unknown } | null)?.base64;
  if (typeof base64 === 'string') return new Uint8Array(Buffer.from(base64, 'base64'));
  return mapParts(value, fromJson);
}

function mapParts(value: unknown, map: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, map(part)]));
}
