import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { UnitPace } from './unit-pace.ts';

/** Calls that read and can tell what it took. */
const READS = /^(Scan|Query|GetItem|BatchGetItem|TransactGetItems)Command$/;

interface Consumed {
  readonly CapacityUnits?: number;
}

export interface ReadCeiling {
  readonly unitsPerSecond: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Has every read of this client, of whatever table and kind, wait until the read units that the reads before it took are paid for. A
 * single read can take more than a second brings; those after it then wait the longer.
 *
 * @param ceiling `unitsPerSecond`: read units a second, of all tables together.
 */
export function limitReads(client: DynamoDBClient, { unitsPerSecond, nowMs, sleep }: ReadCeiling): void {
  const pace = new UnitPace(unitsPerSecond, nowMs);
  client.middlewareStack.add(
    (next, context) => async (call) => {
      if (!READS.test(String(context.commandName))) return next(call);
      Object.assign(call.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(call);
      const { ConsumedCapacity: consumed = [] } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      const units = [consumed].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      const waitMs = pace.take(units);
      if (waitMs > 0) await sleep(waitMs);
      return result;
    },
    { step: 'initialize', name: 'limitReads' },
  );
}
