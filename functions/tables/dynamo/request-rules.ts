import type { TableRole } from '../../migration/tables.ts';
import { TABLES } from '../../migration/tables.ts';
import { type AttributeValue, type Item, textOf } from '../../model/attribute-value.ts';
import { PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../../model/key-limits.ts';
import type { KeySchema, TableKeys } from '../../model/key-schema.ts';
import {
  areLargerThan,
  brokenByItem,
  brokenByKey,
  brokenByKeyValue,
  brokenByValue,
  firstOf,
  ITEM_RULES,
  type ItemRule,
} from './item-rules.ts';

/** What DynamoDB refuses of requests, beside what it refuses of items; see {@link ITEM_RULES}. */
export const REQUEST_RULES = {
  ...ITEM_RULES,
  'nothing-asked':
    'API Reference, BatchGetItem, BatchWriteItem, TransactGetItems, TransactWriteItems, BatchExecuteStatement: at least one member',
  'too-many-keys': 'API Reference, BatchGetItem: up to 100 keys',
  'too-many-writes': 'API Reference, BatchWriteItem: up to 25 requests',
  'too-many-statements': 'API Reference, BatchExecuteStatement: up to 25 statements',
  'too-many-actions': 'Constraints, DynamoDB transactions: up to 100 actions or keys',
  'key-twice': 'API Reference, BatchGetItem, BatchWriteItem, TransactWriteItems: no two operations on one item',
  'transaction-too-large': 'Constraints, DynamoDB transactions: 4 MB of data',
  'answer-too-large': 'API Reference, TransactGetItems: the aggregate size of the items cannot exceed 4 MB',
  'key-updated': 'API Reference, UpdateItem, UpdateExpression: not an attribute of the primary key',
  'values-empty': 'API Reference, ExpressionAttributeValues: at least one value where it is given',
  'index-unknown': 'API Reference, Query, IndexName',
  'range-inverted':
    'Developer Guide, "Key condition expressions for the Query operation": BETWEEN a lower and an upper bound',
  'limit-too-small': 'API Reference, Query and Scan, Limit: 1 at least',
  'segment-unknown': 'API Reference, Scan, Segment: from 0 to TotalSegments - 1',
} as const;

export type RequestRule = keyof typeof REQUEST_RULES;

/** An item by its whole primary key. */
export interface Keyed {
  readonly table: TableRole;
  readonly key: Item;
}

/** A write of a batch or of a transaction; `absent` and `unchanged` demand something of an item, and write nothing. */
export type WriteRequest =
  | { readonly kind: 'put'; readonly table: TableRole; readonly item: Item }
  | ({ readonly kind: 'delete' | 'absent' | 'unchanged' } & Keyed);

export interface QueryRequest {
  readonly operation: 'Query';
  readonly table: TableRole;
  readonly index?: string;
  readonly partition: AttributeValue;
  /** What the sort key is compared with: a lower and an upper bound, or a prefix. */
  readonly from?: AttributeValue | undefined;
  readonly to?: AttributeValue | undefined;
  readonly limit?: number;
}

/** A request of DynamoDB as far as it can be refused for what it says, not for what the tables hold. */
export type Request =
  | ({ readonly operation: 'GetItem' } & Keyed)
  | { readonly operation: 'BatchGetItem' | 'TransactGetItems'; readonly keys: readonly Keyed[] }
  | QueryRequest
  | {
      readonly operation: 'Scan';
      readonly table: TableRole;
      readonly segment: number;
      readonly totalSegments: number;
      readonly limit?: number;
    }
  | { readonly operation: 'Write'; readonly write: WriteRequest; readonly values?: Item }
  | { readonly operation: 'BatchWriteItem' | 'TransactWriteItems'; readonly writes: readonly WriteRequest[] }
  | { readonly operation: 'BatchExecuteStatement'; readonly inserts: readonly { table: TableRole; item: Item }[] }
  | ({ readonly operation: 'UpdateItem'; readonly set?: Item; readonly remove?: readonly string[] } & Keyed);

const BATCH_KEYS_MAX = 100;
const BATCH_WRITES_MAX = 25;
const TRANSACTION_ACTIONS_MAX = 100;
export const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;
const TOTAL_SEGMENTS_MAX = 1_000_000;

/** The rule that a request breaks; undefined where DynamoDB takes it. */
export function brokenBy(request: Request): RequestRule | undefined {
  switch (request.operation) {
    case 'GetItem':
      return brokenByKeyed(request);
    case 'BatchGetItem':
      return brokenByNumber(request.keys, BATCH_KEYS_MAX, 'too-many-keys') ?? brokenByKeys(request.keys);
    case 'TransactGetItems':
      return brokenByNumber(request.keys, TRANSACTION_ACTIONS_MAX, 'too-many-actions') ?? brokenByKeys(request.keys);
    case 'Query':
      return brokenByQuery(request);
    case 'Scan':
      return brokenByScan(request);
    case 'Write':
      return (
        brokenByWrite(request.write) ?? (request.values === undefined ? undefined : brokenByValues(request.values))
      );
    case 'BatchWriteItem':
      return (
        brokenByNumber(request.writes, BATCH_WRITES_MAX, 'too-many-writes') ??
        // The 16 MB that it takes in all are more than 25 items can have.
        brokenByWrites(request.writes)
      );
    case 'TransactWriteItems':
      return (
        brokenByNumber(request.writes, TRANSACTION_ACTIONS_MAX, 'too-many-actions') ??
        brokenByWrites(request.writes) ??
        (areLargerThan(request.writes.map(keyedBy), TRANSACTION_BYTES_MAX) ? 'transaction-too-large' : undefined)
      );
    case 'BatchExecuteStatement':
      return brokenByInserts(request.inserts);
    case 'UpdateItem':
      return brokenByUpdate(request);
  }
}

/** A request that DynamoDB would refuse, where something stands in for it. */
export class RequestRefusedError extends Error {
  override readonly name = 'ValidationException';
  readonly rule: RequestRule;

  constructor(operation: string, rule: RequestRule) {
    super(`DynamoDB would refuse the ${operation}: ${rule} (${REQUEST_RULES[rule]})`);
    this.rule = rule;
  }
}

/** @throws RequestRefusedError where DynamoDB would refuse the request. */
export function requireLegal(request: Request): void {
  const rule = brokenBy(request);
  if (rule !== undefined) throw new RequestRefusedError(request.operation, rule);
}

/** The rule that the answer of a TransactGetItems would break. */
export function brokenByAnswer(items: readonly (Item | undefined)[]): RequestRule | undefined {
  return areLargerThan(items, TRANSACTION_BYTES_MAX) ? 'answer-too-large' : undefined;
}

function keysOf(table: TableRole): TableKeys {
  return TABLES[table];
}

function brokenByKeyed({ table, key }: Keyed): RequestRule | undefined {
  return brokenByKey(key, keysOf(table).key);
}

function brokenByNumber(members: readonly unknown[], most: number, rule: RequestRule): RequestRule | undefined {
  if (members.length === 0) return 'nothing-asked';
  return members.length > most ? rule : undefined;
}

function brokenByKeys(keys: readonly Keyed[]): RequestRule | undefined {
  return firstOf(keys, brokenByKeyed) ?? repeated(keys, ({ table, key }) => identityIn(table, key));
}

function repeated<T>(members: readonly T[], identityOf: (member: T) => string): RequestRule | undefined {
  return members.length > 1 && new Set(members.map(identityOf)).size < members.length ? 'key-twice' : undefined;
}

/** The same for two items, or keys, of all tables only if they name one item. They have all keys, and these are texts. */
function identityIn(table: TableRole, item: Item): string {
  const [partition, sort] = keysOf(table).key;
  const first = textOf(item, partition) ?? '';
  return sort === undefined ? `${table} ${first}` : `${table} ${first.length} ${first}${textOf(item, sort)}`;
}

function brokenByWrite(write: WriteRequest): RequestRule | undefined {
  return write.kind === 'put' ? brokenByItem(write.item, keysOf(write.table)) : brokenByKeyed(write);
}

function brokenByWrites(writes: readonly WriteRequest[]): RequestRule | undefined {
  return firstOf(writes, brokenByWrite) ?? repeated(writes, (write) => identityIn(write.table, keyedBy(write)));
}

function keyedBy(write: WriteRequest): Item {
  return write.kind === 'put' ? write.item : write.key;
}

/** A statement that DynamoDB refuses by itself is answered by an error of its own, beside the others: see {@link brokenByItem}. */
function brokenByInserts(inserts: readonly { table: TableRole; item: Item }[]): RequestRule | undefined {
  const rule = brokenByNumber(inserts, BATCH_WRITES_MAX, 'too-many-statements');
  return rule ?? repeated(inserts, ({ table, item }) => identityIn(table, item));
}

function brokenByUpdate({ table, key, set, remove = [] }: Extract<Request, { operation: 'UpdateItem' }>) {
  const keys = keysOf(table);
  const rule = brokenByKeyed({ table, key });
  if (rule) return rule;
  if ([...Object.keys(set ?? {}), ...remove].some((name) => keys.key.includes(name))) return 'key-updated';
  if (set === undefined) return undefined;
  // As if it were the whole item: which of an index's keys it has no part in is left out.
  return brokenByValues(set) ?? brokenByItem({ ...key, ...set }, keys);
}

/** Values of expressions, by placeholder or by the attribute they are set to. */
function brokenByValues(values: Item): RequestRule | undefined {
  const all = Object.values(values);
  return all.length === 0 ? 'values-empty' : firstOf(all, (value): ItemRule | undefined => brokenByValue(value, 1));
}

function brokenByQuery({ table, index, partition, from, to, limit }: QueryRequest): RequestRule | undefined {
  const { key, indexes } = keysOf(table);
  const schema: KeySchema | undefined = index === undefined ? key : indexes[index];
  if (schema === undefined) return 'index-unknown';
  const rule =
    brokenByLimit(limit) ??
    brokenByKeyValue(partition, PARTITION_KEY_BYTES_MAX, true) ??
    brokenByKeyValue(from, SORT_KEY_BYTES_MAX, false) ??
    brokenByKeyValue(to, SORT_KEY_BYTES_MAX, false);
  return rule ?? (from && to && isInverted(from, to) ? 'range-inverted' : undefined);
}

function isInverted(from: AttributeValue, to: AttributeValue): boolean {
  return 'S' in from && 'S' in to && Buffer.compare(Buffer.from(from.S), Buffer.from(to.S)) > 0;
}

function brokenByScan({ segment, totalSegments, limit }: Extract<Request, { operation: 'Scan' }>) {
  if (segment < 0 || segment >= totalSegments || totalSegments > TOTAL_SEGMENTS_MAX) return 'segment-unknown';
  return brokenByLimit(limit);
}

function brokenByLimit(limit: number | undefined): RequestRule | undefined {
  return limit !== undefined && limit < 1 ? 'limit-too-small' : undefined;
}
