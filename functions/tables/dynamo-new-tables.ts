import { BatchExecuteStatementCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Item, textOf } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import { batchGet, scanPage } from './dynamo-reads.ts';
import type { NewTables } from './new-tables.ts';
import { IncompleteBatchError, isTransientCode, retryTransient } from './retry.ts';
import type { TableNames } from './table-names.ts';

/** Statements a BatchExecuteStatement takes (DynamoDB service quotas). */
const BATCH_STATEMENTS_MAX = 25;

/** The new tables over DynamoDB itself. */
export function dynamoNewTables(client: DynamoDBClient, names: TableNames): NewTables {
  return {
    async insertDataIfAbsent(rows) {
      const counts = { inserted: 0, present: 0 };
      for (let start = 0; start < rows.length; start += BATCH_STATEMENTS_MAX) {
        const { inserted, present } = await insertBatch(
          client,
          names.kpiData,
          rows.slice(start, start + BATCH_STATEMENTS_MAX),
        );
        counts.inserted += inserted;
        counts.present += present;
      }
      return counts;
    },

    async absentData(ids) {
      const found = await batchGet(
        client,
        ids.map((id) => ({ tableName: names.kpiData, key: { id: { S: id } } })),
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
async function insertBatch(
  client: DynamoDBClient,
  tableName: string,
  rows: readonly Item[],
): Promise<{ inserted: number; present: number }> {
  const counts = { inserted: 0, present: 0 };
  let pending = rows;
  await retryTransient(async () => {
    const { Responses = [] } = await client.send(
      new BatchExecuteStatementCommand({ Statements: pending.map((row) => insertStatement(tableName, row)) }),
    );
    const refused: Item[] = [];
    for (const [at, row] of pending.entries()) {
      const error = Responses[at]?.Error;
      if (error === undefined) counts.inserted += 1;
      else if (error.Code === 'DuplicateItem') counts.present += 1;
      else if (isTransientCode(error.Code)) refused.push(row);
      else
        throw new MigrationError(
          'INSERT_REFUSED',
          `DynamoDB refused a row of ${tableName}: ${error.Code} ${error.Message}`,
        );
    }
    pending = refused;
    if (refused.length > 0) throw new IncompleteBatchError('Part of a batch of inserts was refused for now.');
  });
  return counts;
}

function insertStatement(tableName: string, row: Item) {
  const names = Object.keys(row);
  return {
    Statement: `INSERT INTO "${tableName}" VALUE {${names.map((name) => `'${name}': ?`).join(', ')}}`,
    Parameters: Object.values(row),
  };
}
