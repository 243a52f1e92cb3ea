import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { NEW_DATA, type TableNames } from '../../migration/tables.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import { apart, type Refused } from '../dynamo/apart.ts';
import { batchGet, scanPage } from '../dynamo/dynamo-reads.ts';
import { IncompleteBatchError, scopeOf } from '../dynamo/failure-scope.ts';
import { batchesOfInserts } from '../dynamo/possible-keys.ts';
import { isTransientCode, retryTransient } from '../dynamo/retry.ts';
import type { Insertion, NewTables } from './new-tables.ts';

/** The new tables over DynamoDB itself. */
export function dynamoNewTables(client: DynamoDBClient, names: TableNames): NewTables {
  return {
    async insertDataIfAbsent(rows) {
      const sum = { inserted: 0, present: 0, refused: [] as Refused<Item>[] };
      const batches = batchesOfInserts(rows);
      // A row that comes twice is there when it comes again.
      sum.present += rows.length - batches.flat().length;
      for (const rowsOfBatch of batches) {
        const batch = await insertBatch(client, names[NEW_DATA], rowsOfBatch);
        sum.inserted += batch.inserted;
        sum.present += batch.present;
        sum.refused.push(...batch.refused);
      }
      return sum;
    },

    async absentData(ids) {
      const found = await batchGet(
        client,
        ids.map((id) => ({ tableName: names[NEW_DATA], key: { id: { S: id } } })),
      );
      return new Set(ids).difference(new Set(found.map(({ item }) => textOf(item, 'id'))));
    },

    scan: (table, position) => scanPage(client, names[table], position),
  };
}

/**
 * A PartiQL INSERT never replaces an item, and answers for each statement of a batch by itself: the one batched write of
 * DynamoDB that is conditional. BatchWriteItem takes no conditions.
 */
async function insertBatch(client: DynamoDBClient, tableName: string, rows: readonly Item[]): Promise<Insertion> {
  const sum = { inserted: 0, present: 0, refused: [] as Refused<Item>[] };
  let pending = rows;
  await retryTransient(async () => {
    const { results, refused } = await apart(pending, (some) => sendInserts(client, tableName, some));
    sum.refused.push(...refused);
    const waiting: Item[] = [];
    for (const { row, refusal } of results.flat()) {
      if (refusal === undefined) sum.inserted += 1;
      else if (refusal.name === 'DuplicateItem') sum.present += 1;
      else if (isTransientCode(refusal.name)) waiting.push(row);
      else if (scopeOf(refusal) === 'item') sum.refused.push({ of: row, error: refusal });
      else throw refusal;
    }
    pending = waiting;
    if (waiting.length > 0) throw new IncompleteBatchError('Part of a batch of inserts was refused for now.');
  });
  return sum;
}

/** What became of each row; a row without a refusal is inserted. */
async function sendInserts(client: DynamoDBClient, tableName: string, rows: readonly Item[]) {
  const { Responses = [] } = await client.send(
    new BatchExecuteStatementCommand({ Statements: rows.map((row) => insertStatement(tableName, row)) }),
  );
  return rows.map((row, at) => {
    const error = Responses[at]?.Error;
    return error === undefined
      ? { row }
      : { row, refusal: new StatementRefusal(error.Code ?? '', error.Message ?? '') };
  });
}

/** A refused statement of a batch, named by its code like any other refusal by its exception. */
class StatementRefusal extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

function insertStatement(tableName: string, row: Item) {
  const names = Object.keys(row);
  return {
    Statement: `INSERT INTO "${tableName}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`,
    Parameters: Object.values(row),
  };
}
