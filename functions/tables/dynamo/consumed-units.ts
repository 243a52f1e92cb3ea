import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

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
 * Adds up from now on what this client's calls take. An answer tells the units of the table and its indexes together (API
 * Reference, ReturnConsumedCapacity: TOTAL). A refused write is not answered in this way, although it takes units. A later
 * meter of the same client replaces this one.
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
      const { ConsumedCapacity = [] } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      const units = [ConsumedCapacity].flat().reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
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
