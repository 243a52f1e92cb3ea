import type { AttributeValue, Item } from '../functions/model/attribute-value.ts';

/** Members of every object, and what else JavaScript gives a meaning of its own. DynamoDB takes each as an attribute's name. */
export const ODD_NAMES = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'toJSON',
  'then',
  'length',
  '__proto__',
  '__defineGetter__',
] as const;

/** An object of these names and values, each a property of its own. */
export function ofNames(names: readonly string[], value: (name: string) => AttributeValue): Item {
  return Object.fromEntries(names.map((name) => [name, value(name)]));
}

/** The item, with attributes of these names more, at the top and in a map. */
export function withNames(item: Item, names: readonly string[]): Item {
  const text = (name: string): AttributeValue => ({ S: `value of ${name}` });
  return { ...item, ...ofNames(names, text), nested: { M: ofNames(names, text) } };
}
