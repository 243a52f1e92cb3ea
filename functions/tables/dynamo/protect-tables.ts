import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { isThrottle } from './retry.ts';
import { TablePace } from './table-pace.ts';

/** Reads that can tell what they took. */
const READS = /^(Scan|Query|GetItem|BatchGetItem)Command$/;

interface Consumed {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
}

export interface Protection {
  /** Read units a second that this client may take from a table, by the table's name. Other tables are not protected. */
  readonly ceilings: ReadonlyMap<string, number>;
  /** Asked before each page of a scan of a protected table; resolves when it may be read. */
  readonly beforeScan?: () => Promise<void>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Has every read that this client sends to a table of the service keep below the table's ceiling, and pause when the table
 * throttles: the service's own reads and writes come first.
 */
export function protectTables(client: DynamoDBClient, { ceilings, beforeScan, nowMs, sleep }: Protection): void {
  const paces = new Map([...ceilings].map(([name, ceiling]) => [name, new TablePace(ceiling, nowMs)]));
  const pacesOf = (input: object): TablePace[] =>
    tablesOf(input)
      .map((name) => paces.get(name))
      .filter((pace) => pace !== undefined);

  client.middlewareStack.add(
    (next, context) => async (call) => {
      const isRead = READS.test(String(context.commandName)) && pacesOf(call.input).length > 0;
      if (!isRead) return next(call);
      if (context.commandName === 'ScanCommand') await beforeScan?.();
      Object.assign(call.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(call);
      const { ConsumedCapacity: consumed = [] } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      const waits = [consumed].flat().map(({ TableName = '', CapacityUnits = 0 }) => {
        // A description by ARN names the table at its end.
        const name = TableName.slice(TableName.lastIndexOf('/') + 1);
        return paces.get(name)?.took(CapacityUnits) ?? 0;
      });
      const waitMs = Math.max(0, ...waits);
      if (waitMs > 0) await sleep(waitMs);
      return result;
    },
    { step: 'initialize', name: 'protectTables' },
  );

  // Within the SDK's retries: each attempt waits, and tells of its throttle.
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const held = READS.test(String(context.commandName)) ? pacesOf(call.input) : [];
      const pauseMs = Math.max(0, ...held.map((pace) => pace.pauseMs));
      if (pauseMs > 0) await sleep(pauseMs);
      try {
        return await next(call);
      } catch (error) {
        if (isThrottle(error)) for (const pace of held) pace.throttled();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'pauseOnThrottle' },
  );
}

/** The tables that a read names. */
function tablesOf(input: object): string[] {
  const { TableName, RequestItems } = input as { TableName?: string; RequestItems?: object };
  return TableName === undefined ? Object.keys(RequestItems ?? {}) : [TableName];
}
