import type { TableRole } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import { ITEM_BYTES_MAX } from '../../model/item-size.ts';
import { batchesOfKeys, canExist, distinctKeys } from './possible-keys.ts';
import {
  brokenBy,
  brokenByAnswer,
  type Keyed,
  type QueryRequest,
  RequestRefusedError,
  requireLegal,
  TRANSACTION_BYTES_MAX,
} from './request-rules.ts';
import { isCheck, TransactionTooLargeError, type Write } from './transactions.ts';

/*
 * What tables in memory are asked: the requests that DynamoDB would be sent for a read or a write of the interfaces. Keys that no item can have are not
 * asked for, as in dynamo-reads.ts and dynamo-queries.ts; and what DynamoDB would refuse is refused.
 */

/** Whether an item is looked for by its key. */
export function isAskedFor(table: TableRole, key: Item): boolean {
  if (!canExist(key)) return false;
  requireLegal({ operation: 'GetItem', table, key });
  return true;
}

/** The keys that batches of reads ask for, each once. */
export function keysOfBatches<T extends Keyed>(keys: readonly T[]): readonly T[] {
  if (brokenBy({ operation: 'BatchGetItem', keys }) === undefined) return keys;
  const batches = batchesOfKeys(keys, ({ table }) => table);
  for (const batch of batches) requireLegal({ operation: 'BatchGetItem', keys: batch });
  return batches.flat();
}

/** The ids, each once, that batches of reads of one table ask for. */
export function idsOfBatches(table: TableRole, ids: readonly string[]): readonly string[] {
  const keys = keysOfBatches(ids.map((id) => ({ table, key: { id: { S: id } } })));
  return keys.map(({ key }) => (key.id as { S: string }).S);
}

/** The keys that a transactional read asks for, each once; there may be none. */
export function keysOfTransaction<T extends Keyed>(keys: readonly T[]): readonly T[] {
  if (brokenBy({ operation: 'TransactGetItems', keys }) === undefined) return keys;
  const sent = distinctKeys(keys, ({ table }) => table);
  if (sent.length > 0) requireLegal({ operation: 'TransactGetItems', keys: sent });
  return sent;
}

/** Whether so many rows can be more than a transactional read answers with. */
export function mayBeUnanswerable(rows: number): boolean {
  return rows * ITEM_BYTES_MAX > TRANSACTION_BYTES_MAX;
}

/** @throws TransactionTooLargeError where a transactional read could not answer with so much. */
export function requireAnswerable(items: readonly (Item | undefined)[]): void {
  const rule = brokenByAnswer(items);
  if (rule !== undefined) throw new TransactionTooLargeError(new RequestRefusedError('TransactGetItems', rule));
}

/** Whether a partition of a table or of an index is looked at. */
export function isPartitionAsked(
  table: TableRole,
  index: string | undefined,
  value: string,
  range: Pick<QueryRequest, 'from' | 'to' | 'limit'> = {},
): boolean {
  const partition = { S: value };
  if (!canExist({ partition })) return false;
  requireLegal({ operation: 'Query', table, ...(index !== undefined && { index }), partition, ...range });
  return true;
}

/** The writes that are sent: what cannot exist is absent, and need not be deleted. A single one that writes is no transaction. */
export function writesOf(writes: readonly Write[]): readonly Write[] {
  const due = writes.filter((write) => write.kind === 'put' || canExist(write.key));
  const [first, ...others] = due;
  if (first === undefined) return due;
  if (others.length > 0 || isCheck(first)) requireLegal({ operation: 'TransactWriteItems', writes: due });
  else requireLegal({ operation: 'Write', write: first });
  return due;
}

/** @throws RequestRefusedError for a batch of puts that DynamoDB refuses. */
export function requirePuttable(table: TableRole, rows: readonly Item[]): void {
  requireLegal({ operation: 'BatchWriteItem', writes: rows.map((item) => ({ kind: 'put', table, item })) });
}
