import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DATA_ATTRIBUTES } from '../../migration/mapping.ts';
import type { TableNames } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import { transactGet } from './dynamo-reads.ts';
import { canExist } from './possible-keys.ts';
import { cancellationCodes, retryTransient } from './retry.ts';
import { isCheck, type OwnTable, type Transactions, TransactionTooLargeError, type Write } from './transactions.ts';

/** Transactions over DynamoDB itself. A single write needs no transaction, and so costs half. */
export function dynamoTransactions(client: DynamoDBClient, names: TableNames): Transactions {
  return {
    async read(keys) {
      const itemKeys = keys.map(({ table, key }) => ({ tableName: names[table], key }));
      try {
        return await transactGet(client, itemKeys);
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
  if (others.length > 0 || isCheck(first)) {
    await client.send(
      new TransactWriteItemsCommand({ TransactItems: writes.map((write) => inTransaction(names, write)) }),
    );
  } else if (first.kind === 'put') {
    await client.send(new PutItemCommand(putOf(names, first)));
  } else {
    await client.send(new DeleteItemCommand({ ...keyOf(names, first), ...conditionOf(first) }));
  }
}

function inTransaction(names: TableNames, write: Write): TransactWriteItem {
  if (write.kind === 'put') return { Put: putOf(names, write) };
  const row = { ...keyOf(names, write), ...conditionOf(write) };
  // A condition is what a check is for.
  return write.kind === 'delete' ? { Delete: row } : { ConditionCheck: row as TransactWriteItem['ConditionCheck'] };
}

function putOf(names: TableNames, write: Write & { kind: 'put' }) {
  return { TableName: names[write.table], Item: write.item, ...conditionOf(write) };
}

function keyOf(names: TableNames, write: Exclude<Write, { kind: 'put' }>) {
  return { TableName: names[write.table], Key: write.key };
}

interface Condition {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

function conditionOf(write: Write): Condition {
  if (write.kind === 'absent' || (write.kind === 'put' && write.ifAbsent)) return absentCondition(write.table);
  return write.ifUnchanged
    ? unchangedCondition(write.ifUnchanged)
    : tokenCondition('ifToken' in write ? write.ifToken : undefined);
}

/** That the row has each of these values, and no attribute of a data row beside them. */
function unchangedCondition(row: Item): Condition {
  const names = [...new Set([...Object.keys(row), ...DATA_ATTRIBUTES])];
  const parts = names.map((name, at) =>
    Object.hasOwn(row, name) ? `#${at} = :${at}` : `attribute_not_exists(#${at})`,
  );
  const values = names.flatMap((name, at) => (Object.hasOwn(row, name) ? [[`:${at}`, row[name]] as const] : []));
  return {
    ConditionExpression: parts.join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name, at) => [`#${at}`, name])),
    ExpressionAttributeValues: Object.fromEntries(values) as Record<string, AttributeValue>,
  };
}

function absentCondition(table: OwnTable): Condition {
  return {
    ConditionExpression: 'attribute_not_exists(#key)',
    ExpressionAttributeNames: { '#key': table === 'control' ? 'pk' : 'id' },
  };
}

function tokenCondition(ifToken: string | null | undefined): Condition {
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
