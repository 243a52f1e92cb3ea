import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NEW_DATA, type TableNames } from '../../migration/tables.ts';
import { type Item, idOf } from '../../model/attribute-value.ts';
import { apart, type Refused } from '../dynamo/apart.ts';
import { type Attempts, guardAttempts } from '../dynamo/attempts.ts';
import { batchGet, scanPage } from '../dynamo/dynamo-reads.ts';
import { IncompleteBatchError } from '../dynamo/failure-scope.ts';
import { batchesOfPuts } from '../dynamo/possible-keys.ts';
import { retryTransient } from '../dynamo/retry.ts';
import type { NewTables } from './new-tables.ts';

/** The new tables over DynamoDB itself. */
export function dynamoNewTables(client: DynamoDBClient, names: TableNames): NewTables {
  return {
    async putData(rows, attempts) {
      const refused: Refused<Item>[] = [];
      const batches = batchesOfPuts(rows);
      for (const batch of batches) {
        const result = await apart(batch, (some) => putBatch(client, names[NEW_DATA], some, attempts));
        refused.push(...result.refused);
      }
      return { written: batches.flat().length - refused.length, refused };
    },

    async readRows(table, ids) {
      const found = await batchGet(
        client,
        ids.map((id) => ({ tableName: names[table], key: { id: { S: id } } })),
      );
      return new Map(found.map(({ item }) => [idOf(item), item]));
    },

    scan: (table, position) => scanPage(client, names[table], position),
  };
}

/** Puts the rows of one batch. What DynamoDB leaves unprocessed is sent again. */
async function putBatch(
  client: DynamoDBClient,
  tableName: string,
  rows: readonly Item[],
  attempts: Attempts,
): Promise<void> {
  let pending = rows.map((row) => ({ PutRequest: { Item: row } }));
  await retryTransient(async () => {
    const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: pending } });
    guardAttempts(command, attempts);
    const { UnprocessedItems } = await client.send(command);
    pending = (UnprocessedItems?.[tableName] ?? []) as typeof pending;
    if (pending.length === 0) return;
    attempts.throttled();
    throw new IncompleteBatchError('Part of a batch of puts was not processed.');
  });
}
