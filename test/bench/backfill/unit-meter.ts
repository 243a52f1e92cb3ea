import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unitsOfCall } from '../../units-of-call.ts';

interface Meter {
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly calls: Readonly<Record<string, number>>;
}

const READS = /^(Scan|Query|GetItem|BatchGetItem|TransactGetItems)Command$/;

/** Has the engine tell the units of every call of this client, indexes included, and adds them up from now on. */
export function meterUnits(client: DynamoDBClient): Meter {
  const sum = { readUnits: 0, writeUnits: 0, calls: {} as Record<string, number> };
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const name = String(context.commandName);
      if (!/^(Describe|List)/.test(name)) Object.assign(call.input, { ReturnConsumedCapacity: 'INDEXES' });
      const result = await next(call);
      sum[READS.test(name) ? 'readUnits' : 'writeUnits'] += unitsOfCall(call.input, result.output);
      sum.calls[name] = (sum.calls[name] ?? 0) + 1;
      return result;
    },
    { step: 'initialize', name: 'meterUnits' },
  );
  return sum;
}
