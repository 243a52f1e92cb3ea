import { setTimeout as sleep } from 'node:timers/promises';
import { meterUnits } from '../../functions/tables/dynamo/consumed-units.ts';
import { protectTables } from '../../functions/tables/dynamo/protect-tables.ts';
import type { connect } from '../../functions/tables/dynamo-tables.ts';
import type { SteeringOptions } from '../copy/steered-run.ts';
import { boundsOf } from '../copy/steering.ts';
import { costAt } from '../copy/unit-prices.ts';
import { type Pace, WritePace } from '../copy/write-pace.ts';
import type { WorkflowEvent, WorkflowInput } from './orders.ts';

/** What a call of the workflow's function keeps to: of what the run may take, the share of one worker. */
export function workerBounds(
  client: ReturnType<typeof connect>,
  event: WorkflowEvent,
  beforeScan: () => Promise<void>,
): { readonly pace: Pace; readonly steering: SteeringOptions } {
  const { input } = event;
  const isWorker = event.action === 'segment';
  const shared = isWorker
    ? { workers: event.order.workers, writer: `segment ${event.segment}` }
    : { workers: 1, writer: 'next' };
  const { workers } = shared;
  const writes = new WritePace(shareOf(input.writeUnitsPerSecond, workers), Date.now, (ms) => sleep(ms));
  const ceilings = readShares(input, workers);
  const changeReads = protectTables(client, { ceilings, beforeScan, nowMs: Date.now, sleep });
  const { prices, budgetUsd } = input;
  const steering: SteeringOptions = {
    settings: boundsOf({ maxWriteUnitsPerSecond: input.writeUnitsPerSecond, budgetUsd }),
    used: meterUnits(client, (writeUnits) => writes.used(writeUnits)),
    usdOf: prices && ((units) => costAt(prices, units)),
    apply: ({ writeUnitsPerSecond, readUnitsPerSecond }) => {
      writes.change(shareOf(writeUnitsPerSecond, workers));
      changeReads(readShares(input, workers, readUnitsPerSecond));
    },
    shared,
  };
  return { pace: writes.pace, steering };
}

function shareOf(unitsPerSecond: number | undefined, workers: number): number | undefined {
  return unitsPerSecond === undefined ? undefined : unitsPerSecond / workers;
}

/**
 * Read units a second that one of so many workers may take from each table of the service, and each index with a limit of its own. Pure.
 *
 * @param ordered what an operator has ordered for the run, for all workers together; never more than a table serves.
 */
export function readShares(
  { readUnitsPerSecond, readUnitsMost }: Pick<WorkflowInput, 'readUnitsPerSecond' | 'readUnitsMost'>,
  workers: number,
  ordered?: number,
): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(readUnitsPerSecond).map(([part, units]) => {
      const most = readUnitsMost[part] ?? Number.POSITIVE_INFINITY;
      return [part, (ordered === undefined ? units : Math.min(ordered, most)) / workers];
    }),
  );
}
