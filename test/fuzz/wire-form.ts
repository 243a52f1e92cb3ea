import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import type { WireItem, WireValue } from './wire.ts';

/** Objects are made of entries, so that an attribute called `__proto__` is one like any other. */
function mapEntries<From, To>(record: Readonly<Record<string, From>>, map: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

export function toItem(wire: WireItem): Item {
  return mapEntries(wire, toValue);
}

function toValue(wire: WireValue): AttributeValue {
  if ('B' in wire) return { B: toBytes(wire.B) };
  if ('BS' in wire) return { BS: wire.BS.map(toBytes) };
  if ('L' in wire) return { L: wire.L.map(toValue) };
  if ('M' in wire) return { M: toItem(wire.M) };
  return wire as AttributeValue;
}

function toBytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

export function toWire(item: Item): WireItem {
  return mapEntries(item, toWireValue);
}

function toWireValue(value: AttributeValue): WireValue {
  if ('B' in value) return { B: Buffer.from(value.B).toString('base64') };
  if ('BS' in value) return { BS: value.BS.map((bytes) => Buffer.from(bytes).toString('base64')) };
  if ('L' in value) return { L: value.L.map(toWireValue) };
  if ('M' in value) return { M: toWire(value.M) };
  return value as WireValue;
}

/** One text for an item: the same for two items only if they are the same to the last character of every value. Sets have no order. */
export function itemText(item: WireItem): string {
  const names = Object.keys(item).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${valueText(item[name])}`).join(',')}}`;
}

function valueText(value: WireValue | undefined): string {
  if (value === undefined) return 'undefined';
  if ('M' in value) return `{"M":${itemText(value.M)}}`;
  if ('L' in value) return `{"L":[${value.L.map(valueText).join(',')}]}`;
  for (const type of ['SS', 'NS', 'BS'] as const) {
    const set = (value as Partial<Record<typeof type, readonly string[]>>)[type];
    if (set !== undefined) return JSON.stringify({ [type]: [...set].sort() });
  }
  return JSON.stringify(value);
}
