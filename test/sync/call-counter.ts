import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { unitsOfCall } from '../units-of-call.ts';

export interface CallCount {
  /** Requests by the name of their command. */
  readonly calls: ReadonlyMap<string, number>;
  readonly total: number;
  /** Capacity units consumed, of reads and writes together. */
  readonly units: number;
}

/** Counts every request a client sends, and what it consumes, between two calls of `take`. */
export function countCalls(client: DynamoDBClient): { take(): CallCount } {
  let calls = new Map<string, number>();
  let units = 0;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const name = (context as { commandName?: string }).commandName ?? 'unknown';
      calls.set(name, (calls.get(name) ?? 0) + 1);
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as never });
      units += unitsOfCall(args.input, result.output);
      return result;
    },
    { step: 'initialize', name: 'countCalls' },
  );
  return {
    take() {
      const taken = { calls, total: [...calls.values()].reduce((sum, count) => sum + count, 0), units };
      calls = new Map();
      units = 0;
      return taken;
    },
  };
}
