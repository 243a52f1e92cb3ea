import { setTimeout as sleep } from 'node:timers/promises';
import { meterUnits } from '../functions/tables/dynamo/consumed-units.ts';
import type { SteeringOptions } from './copy/steered-run.ts';
import { boundsOf } from './copy/steering.ts';
import { WritePace } from './copy/write-pace.ts';
import type { Environment } from './environment.ts';
import { leasedCopier } from './lease/leased-copier.ts';
import { costOf } from './prices.ts';

/** The same with the environment's bounds on what it takes, which operators can change while it runs. */
export async function steeredCopier(environment: Environment) {
  const { settings, client, changeReads } = environment;
  const { options, thread } = await leasedCopier(environment);
  const writes = new WritePace(settings.backfill.maxWriteUnitsPerSecond, Date.now, (ms) => sleep(ms));
  const steering: SteeringOptions = {
    settings: boundsOf(settings.backfill),
    used: meterUnits(client, (writeUnits) => writes.used(writeUnits)),
    usdOf: costOf(settings),
    apply: ({ writeUnitsPerSecond, readUnitsPerSecond }) => {
      writes.change(writeUnitsPerSecond);
      changeReads?.(readUnitsPerSecond);
    },
  };
  return { options: { ...options, pace: writes.pace, steering }, thread };
}
