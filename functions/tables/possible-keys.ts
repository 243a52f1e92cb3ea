import type { AttributeValue, Item } from '../model/attribute-value.ts';
import { canBeKey, PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../model/key-limits.ts';

/** The sort keys of our tables and indexes; every other key attribute is a partition key (tables.md). */
const SORT_KEYS = new Set(['sk', 'post_date', 'milestone_date', 'measurement_date', 'reading_date']);

/**
 * Whether an item can have these keys. DynamoDB refuses a request with an empty or oversized key value, so whoever is asked for such an
 * item answers that there is none, without a call. Values come from data: `created_by` of a link is looked up as a user.
 */
export function canExist(keys: Item): boolean {
  return Object.entries(keys).every(([name, value]) => isKeyValue(value, bytesMaxOf(name)));
}

function bytesMaxOf(name: string): number {
  return SORT_KEYS.has(name) ? SORT_KEY_BYTES_MAX : PARTITION_KEY_BYTES_MAX;
}

/** All keys of ours are texts (tables.md). */
function isKeyValue(value: AttributeValue, bytesMax: number): boolean {
  return 'S' in value && canBeKey(value.S, bytesMax);
}

/** Each of the keys that an item can have, once, in order of first appearance: DynamoDB refuses a request that names one twice. */
export function distinctKeys<T extends { readonly key: Item }>(keys: readonly T[], tableOf: (key: T) => string): T[] {
  const distinct = new Map<string, T>();
  for (const each of keys) {
    if (!canExist(each.key)) continue;
    const identity = keyIdentity(tableOf(each), each.key);
    if (!distinct.has(identity)) distinct.set(identity, each);
  }
  return [...distinct.values()];
}

/** The same for two keys only if they name one item. */
export function keyIdentity(table: string, key: Item): string {
  return JSON.stringify([table, key.id, key.pk, key.sk]);
}
