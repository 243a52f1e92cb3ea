import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { NewTable, TableNames } from '../../migration/tables.ts';
import { apart } from './apart.ts';
import { IncompleteBatchError } from './failure-scope.ts';
import { retryTransient } from './retry.ts';

/** Requests a BatchWriteItem takes (DynamoDB service quotas). */
const BATCH_WRITES_MAX = 25;

/** Deletes rows of a new table by id, in any number; ids that are not there are passed over. */
export type DeleteRows = (
  table: NewTable,
  ids: readonly string[],
  /** Asked before each call; throws where nothing may be deleted any more. */
  requireAllowed: () => void,
) => Promise<void>;

/**
 * Deletion over DynamoDB itself. Only the new tables: nothing here could name an old one.
 *
 * @throws the refusal of a row that is not deleted, when the others are.
 */
export function rowDeletion(client: DynamoDBClient, names: TableNames): DeleteRows {
  return async (table, ids, requireAllowed) => {
    const refusals: unknown[] = [];
    for (let start = 0; start < ids.length; start += BATCH_WRITES_MAX) {
      const batch = ids.slice(start, start + BATCH_WRITES_MAX);
      const { refused } = await apart(batch, (some) => deleteBatch(client, names[table], some, requireAllowed));
      refusals.push(...refused.map(({ error }) => error));
    }
    if (refusals.length > 0) throw refusals[0];
  };
}

async function deleteBatch(
  client: DynamoDBClient,
  tableName: string,
  ids: readonly string[],
  requireAllowed: () => void,
): Promise<void> {
  let pending = ids.map((id) => ({ DeleteRequest: { Key: { id: { S: id } } } }));
  await retryTransient(async () => {
    requireAllowed();
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [tableName]: pending } }),
    );
    pending = (UnprocessedItems?.[tableName] ?? []) as typeof pending;
    if (pending.length > 0) throw new IncompleteBatchError('Part of a batch of deletes was not processed.');
  });
}
