import { TABLES } from '../../migration/tables.ts';
import type { AttributeValue, Item } from '../../model/attribute-value.ts';
import { inChunks } from '../../model/chunks.ts';
import { canBeKey, PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../../model/key-limits.ts';

/** The sort keys of all tables and indexes; every other key attribute is a partition key. */
const SORT_KEYS = new Set(
  Object.values(TABLES).flatMap(({ key, indexes }) => [key, ...Object.values(indexes)].map(([, sort]) => sort)),
);

/**
 * Whether an item can have these keys. DynamoDB refuses a request with an empty or oversized key value, so whoever is asked for such an
 * item answers that there is none, without a call. Values come from data: the creator of a link is looked up as a user.
 */
export function canExist(keys: Item): boolean {
  for (const name in keys) if (!isKeyValue(keys[name] as AttributeValue, bytesMaxOf(name))) return false;
  return true;
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
  const seen = new Set<string>();
  return keys.filter((each) => {
    if (!canExist(each.key)) return false;
    return seen.size < seen.add(keyIdentity(tableOf(each), each.key)).size;
  });
}

/** Keys a BatchGetItem takes (API Reference, BatchGetItem). */
const BATCH_GET_KEYS_MAX = 100;

/** What a BatchGetItem each asks for, so that all of the keys are read that can be. */
export function batchesOfKeys<T extends { readonly key: Item }>(
  keys: readonly T[],
  tableOf: (key: T) => string,
): (readonly T[])[] {
  return inChunks(distinctKeys(keys, tableOf), BATCH_GET_KEYS_MAX);
}

/** Requests a BatchWriteItem takes (API Reference, BatchWriteItem). */
export const BATCH_WRITES_MAX = 25;

/** What a batch of puts each holds: of rows with one id the first, since DynamoDB refuses a batch that names a key twice. */
export function batchesOfPuts(rows: readonly Item[]): (readonly Item[])[] {
  const distinct = new Map<string, Item>();
  for (const row of rows) {
    const id = identityOf(row.id);
    if (!distinct.has(id)) distinct.set(id, row);
  }
  return inChunks([...distinct.values()], BATCH_WRITES_MAX);
}

/** The same for two keys only if they name one item. */
export function keyIdentity(table: string, key: Item): string {
  return `${table} ${identityOf(key.id)} ${identityOf(key.pk)} ${identityOf(key.sk)}`;
}

function identityOf(value: AttributeValue | undefined): string {
  if (value === undefined) return '';
  return 'S' in value ? `${value.S.length}:${value.S}` : JSON.stringify(value);
}
