import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../model/attribute-value.ts';
import { itemBytes } from '../../model/item-size.ts';

/** What calls took, as their answers told, indexes included. */
export interface ConsumedUnits {
  readonly readUnits: number;
  readonly writeUnits: number;
}

interface Consumed {
  readonly CapacityUnits?: number;
}

const READS = /^(Scan|Query|GetItem|BatchGetItem|TransactGetItems)Command$/;
const WRITES = /^(PutItem|UpdateItem|DeleteItem|BatchWriteItem|TransactWriteItems)Command$/;

/**
 * Adds up from now on what this client's calls take. A refused write is not answered in this way, although it takes units. A
 * later meter of the same client replaces this one.
 *
 * @param onWritten told the units of each write.
 */
export function meterUnits(client: DynamoDBClient, onWritten: (writeUnits: number) => void = () => {}): ConsumedUnits {
  const sum = { readUnits: 0, writeUnits: 0 };
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const name = String(context.commandName);
      const isWrite = WRITES.test(name);
      if (!isWrite && !READS.test(name)) return next(call);
      const input = { ReturnConsumedCapacity: 'TOTAL', ...call.input };
      const result = await next({ ...call, input });
      const units = unitsOfCall(call.input, result.output);
      if (isWrite) {
        sum.writeUnits += units;
        onWritten(units);
      } else {
        sum.readUnits += units;
      }
      return result;
    },
    { step: 'initialize', name: 'consumedUnits', override: true },
  );
  return sum;
}

/** Bytes in one write unit (DynamoDB on-demand capacity). */
export const WRITE_UNIT_BYTES = 1_024;

/** "Two underlying writes of every item in the transaction": it prepares, and then commits (Developer Guide, "Amazon DynamoDB Transactions"). */
export const TRANSACTION_FACTOR = 2;

/**
 * The units that a call took. Its answer tells those of the table and its indexes together (API Reference,
 * ReturnConsumedCapacity: TOTAL), but DynamoDB Local those of a transaction's largest item alone.
 *
 * @param indexesOf indexes of a table to which each write of a transaction goes as well, once.
 */
export function unitsOfCall(input: object, output: object, indexesOf: (tableName: string) => number = () => 0): number {
  const { ConsumedCapacity = [] } = output as { ConsumedCapacity?: Consumed | Consumed[] };
  const told = [ConsumedCapacity].flat().reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
  return Math.max(told, leastUnitsOfTransaction(input, indexesOf));
}

/**
 * What the writes of a transaction take at least, by AWS's rules: of an item that is not put, its size is not known.
 *
 * @returns 0 for any other call.
 */
function leastUnitsOfTransaction(input: object, indexesOf: (tableName: string) => number): number {
  if (!('TransactItems' in input) || !Array.isArray(input.TransactItems)) return 0;
  return (input.TransactItems as TransactWriteItem[]).reduce((units, { Put, Delete, Update, ConditionCheck }) => {
    const write = Put ?? Delete ?? Update;
    if (write === undefined) return units + (ConditionCheck ? TRANSACTION_FACTOR : 0);
    const kilobytes = Put ? Math.ceil(itemBytes(Put.Item as Item) / WRITE_UNIT_BYTES) : 1;
    return units + kilobytes * (TRANSACTION_FACTOR + indexesOf(write.TableName ?? ''));
  }, 0);
}
