import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ReadTable } from '../../functions/tables/validation-reads.ts';

/** In the order in which a validation scans them. */
export const SCANNED = [
  'kpis',
  'people',
  'goalKpiLinks',
  'kpiLinks',
  'kpiMilestones',
  'kpiActuals',
  'kpiReadings',
  'kpiData',
] as const satisfies readonly ReadTable[];

/** Has DynamoDB tell the read units of every read of this client, and adds them up. */
export function meterReads(client: DynamoDBClient): { units: number } {
  const sum = { units: 0 };
  client.middlewareStack.add(
    (next, context) => async (call) => {
      const reads = /^(Scan|Query|BatchGetItem|GetItem)Command$/.test(String(context.commandName));
      if (reads) Object.assign(call.input, { ReturnConsumedCapacity: 'TOTAL' });
      const result = await next(call);
      const { ConsumedCapacity: consumed = [] } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      for (const { CapacityUnits = 0 } of [consumed].flat()) sum.units += CapacityUnits;
      return result;
    },
    { step: 'initialize' },
  );
  return sum;
}

interface Consumed {
  readonly CapacityUnits?: number;
}
