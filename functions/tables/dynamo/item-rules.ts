import type { AttributeValue, Item } from '../../model/attribute-value.ts';
import { canonicalNumber, isStorableNumber } from '../../model/decimal.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../model/item-size.ts';
import { canBeKey, PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../../model/key-limits.ts';
import type { KeySchema, TableKeys } from '../../model/key-schema.ts';

/**
 * What DynamoDB refuses of items and their keys, for whoever stands in for it in memory. Each rule names where it is written; "Constraints" is the
 * Developer Guide's "Constraints in Amazon DynamoDB". test/tables/request-parity.test.ts holds them against the engine.
 */
export const ITEM_RULES = {
  'key-missing': 'API Reference, PutItem, Item: all of the attributes of the primary key must be provided',
  'key-unknown':
    'API Reference, GetItem, Key: you must provide all of the attributes of the primary key, and no others',
  'key-type': 'API Reference, PutItem, Item: the data types of key attributes must match those of the schema',
  'key-empty':
    'Constraints, partition keys and sort keys: the minimum length is 1 byte; also of an index (Data types: String, Binary)',
  'key-too-long': 'Constraints, partition keys and sort keys: 2,048 and 1,024 bytes',
  'name-empty': 'Constraints, attributes: an attribute name must be at least one character long',
  'name-too-long': 'Constraints, attributes: and no greater than 64 KB long',
  'no-type': 'API Reference, AttributeValue: exactly one of its members',
  'null-false': 'API Reference, AttributeValue, NULL: true',
  'not-a-number': 'Constraints, data types, number',
  'set-empty': 'Constraints, data types: a set cannot be empty',
  'set-duplicate': 'Developer Guide, "Supported data types and naming rules", sets: each value must be unique',
  'too-deep': 'Constraints, data types, and attributes: nested up to 32 levels',
  'item-too-large': 'Constraints, items: 400 KB, with attribute names',
} as const;

export type ItemRule = keyof typeof ITEM_RULES;

/** Levels of an item's attributes. The deepest holds no list or map, not even an empty one. */
const LEVELS_MAX = 32;
const NAME_BYTES_MAX = 65_535;

/** The rule that a whole item of a table breaks; undefined where it can be stored. */
export function brokenByItem(item: Item, { key, indexes }: TableKeys): ItemRule | undefined {
  // Most items are so small that their texts need not be encoded to tell: a UTF-16 unit takes three bytes at most.
  let bytesAtMost = 0;
  for (const name in item) {
    const value = item[name] as AttributeValue;
    const rule = brokenByName(name) ?? brokenByValue(value, 1);
    if (rule) return rule;
    bytesAtMost += 3 * name.length + ('S' in value ? 3 * value.S.length : itemBytes({ '': value }));
  }
  const rule = brokenByKeyOf(item, key, true);
  if (rule) return rule;
  for (const name in indexes) {
    const indexRule = brokenByKeyOf(item, indexes[name] as KeySchema, false);
    if (indexRule) return indexRule;
  }
  return bytesAtMost > ITEM_BYTES_MAX && itemBytes(item) > ITEM_BYTES_MAX ? 'item-too-large' : undefined;
}

/** Whether items that can each be stored are larger than so many bytes together. */
export function areLargerThan(items: readonly (Item | undefined)[], bytesMax: number): boolean {
  if (items.length * ITEM_BYTES_MAX <= bytesMax) return false;
  return items.reduce((bytes, item) => bytes + (item === undefined ? 0 : itemBytes(item)), 0) > bytesMax;
}

/** The rule that a primary key, given to name an item, breaks. */
export function brokenByKey(key: Item, schema: KeySchema): ItemRule | undefined {
  const rule = brokenByKeyOf(key, schema, true);
  if (rule) return rule;
  let names = 0;
  for (const _ in key) names += 1;
  return names > schema.length ? 'key-unknown' : undefined;
}

function brokenByKeyOf(item: Item, [partition, sort]: KeySchema, isRequired: boolean): ItemRule | undefined {
  return (
    brokenByKeyValue(item[partition], PARTITION_KEY_BYTES_MAX, isRequired) ??
    (sort === undefined ? undefined : brokenByKeyValue(item[sort], SORT_KEY_BYTES_MAX, isRequired))
  );
}

/** The rule that the value of a key attribute breaks. An index leaves out what lacks its key. */
export function brokenByKeyValue(
  value: AttributeValue | undefined,
  bytesMax: number,
  isRequired: boolean,
): ItemRule | undefined {
  if (value === undefined) return isRequired ? 'key-missing' : undefined;
  if (!('S' in value)) return 'key-type';
  if (value.S === '') return 'key-empty';
  return canBeKey(value.S, bytesMax) ? undefined : 'key-too-long';
}

function brokenByName(name: string): ItemRule | undefined {
  if (name === '') return 'name-empty';
  return name.length * 3 > NAME_BYTES_MAX && Buffer.byteLength(name) > NAME_BYTES_MAX ? 'name-too-long' : undefined;
}

/** The rule that a value breaks wherever it stands. @param level how deep it is nested. */
export function brokenByValue(value: AttributeValue, level: number): ItemRule | undefined {
  if (level === LEVELS_MAX && ('L' in value || 'M' in value)) return 'too-deep';
  let types = 0;
  for (const _ in value) types += 1;
  if (types !== 1) return 'no-type';
  if ('S' in value) return undefined;
  if ('N' in value) return isStorableNumber(value.N) ? undefined : 'not-a-number';
  if ('NULL' in value) return value.NULL ? undefined : 'null-false';
  if ('SS' in value) return brokenBySet(value.SS);
  if ('BS' in value) return brokenBySet(value.BS.map((bytes) => Buffer.from(bytes).toString('base64')));
  if ('NS' in value) {
    return value.NS.every(isStorableNumber) ? brokenBySet(value.NS.map(canonicalNumber)) : 'not-a-number';
  }
  if ('L' in value) return firstOf(value.L, (each) => brokenByValue(each, level + 1));
  if ('M' in value) {
    const { M: map } = value;
    return (
      firstOf(Object.keys(map), brokenByName) ?? firstOf(Object.values(map), (each) => brokenByValue(each, level + 1))
    );
  }
  return undefined;
}

function brokenBySet(elements: readonly string[]): ItemRule | undefined {
  if (elements.length === 0) return 'set-empty';
  return new Set(elements).size < elements.length ? 'set-duplicate' : undefined;
}

/** The first rule that any of them breaks. */
export function firstOf<T, Rule>(each: readonly T[], brokenByEach: (one: T) => Rule | undefined): Rule | undefined {
  for (const one of each) {
    const rule = brokenByEach(one);
    if (rule !== undefined) return rule;
  }
  return undefined;
}
