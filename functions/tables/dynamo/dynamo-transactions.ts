import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { TableNames } from '../../migration/tables.ts';
import { transactGet } from './dynamo-reads.ts';
import { canExist } from './possible-keys.ts';
import { cancellationCodes, retryTransient } from './retry.ts';
import { type OwnTable, type Transactions, TransactionTooLargeError, type Write } from './transactions.ts';

/** Transactions over DynamoDB itself. A single write needs no transaction, and so costs half. */
export function dynamoTransactions(client: DynamoDBClient, names: TableNames): Transactions {
  return {
    async read(keys) {
      const itemKeys = keys.map(({ table, key }) => ({ tableName: names[table], key }));
      try {
        return await retryTransient(() => transactGet(client, itemKeys));
      } catch (error) {
        throw isTooLarge(error) ? new TransactionTooLargeError(error) : error;
      }
    },

    async write(writes) {
      // What cannot exist is absent, and need not be deleted.
      const due = writes.filter((write) => write.kind === 'put' || canExist(write.key));
      try {
        await retryTransient(() => send(client, names, due));
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },
  };
}

async function send(client: DynamoDBClient, names: TableNames, writes: readonly Write[]): Promise<void> {
  const [first, ...others] = writes;
  if (first === undefined) return;
  if (others.length > 0 || first.kind === 'absent') {
    await client.send(
      new TransactWriteItemsCommand({ TransactItems: writes.map((write) => inTransaction(names, write)) }),
    );
  } else if (first.kind === 'put') {
    await client.send(new PutItemCommand(putOf(names, first)));
  } else {
    await client.send(
      new DeleteItemCommand({ TableName: names[first.table], Key: first.key, ...tokenCondition(first.ifToken) }),
    );
  }
}

function inTransaction(names: TableNames, write: Write): TransactWriteItem {
  if (write.kind === 'put') return { Put: putOf(names, write) };
  const row = { TableName: names[write.table], Key: write.key };
  return write.kind === 'delete'
    ? { Delete: { ...row, ...tokenCondition(write.ifToken) } }
    : { ConditionCheck: { ...row, ...absentCondition(write.table) } };
}

function putOf(names: TableNames, write: Write & { kind: 'put' }) {
  const { table, item, ifAbsent, ifToken } = write;
  return { TableName: names[table], Item: item, ...(ifAbsent ? absentCondition(table) : tokenCondition(ifToken)) };
}

function absentCondition(table: OwnTable) {
  return {
    ConditionExpression: 'attribute_not_exists(#key)',
    ExpressionAttributeNames: { '#key': table === 'control' ? 'pk' : 'id' },
  };
}

function tokenCondition(ifToken: string | null | undefined): {
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
} {
  if (ifToken === undefined) return {};
  const ExpressionAttributeNames = { '#token': 'token' };
  return ifToken === null
    ? { ConditionExpression: 'attribute_not_exists(#token)', ExpressionAttributeNames }
    : {
        ConditionExpression: '#token = :token',
        ExpressionAttributeNames,
        ExpressionAttributeValues: { ':token': { S: ifToken } },
      };
}

/** A conflict beside a failed condition does not matter: the condition would fail again. */
function isConditionFailure(error: unknown): boolean {
  return (
    error instanceof ConditionalCheckFailedException || cancellationCodes(error).includes('ConditionalCheckFailed')
  );
}

/** DynamoDB cancels the transaction with a ValidationError; DynamoDB Local refuses the request. */
function isTooLarge(error: unknown): boolean {
  if (cancellationCodes(error).includes('ValidationError')) return true;
  return error instanceof Error && error.name === 'ValidationException' && /too large/i.test(error.message);
}
