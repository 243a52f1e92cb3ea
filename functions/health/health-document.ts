import * as z from 'zod';
import { SOURCES } from '../migration/sources.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import type { ReplicationHealth } from './health.ts';

const PARTITION = 'replication-health';
const SORT = 'last';

const sourceHealth = z.object({
  mappingId: z.string(),
  mapping: z.object({ state: z.string(), lastResult: z.string(), streamArn: z.string() }).optional(),
  currentStreamArn: z.string().optional(),
  mappingsOnStream: z.number(),
  replicatedThroughMs: z.number().optional(),
  unreplicatedSinceMs: z.number().optional(),
});
const document = z.object({ atMs: z.number(), sources: z.record(z.enum(SOURCES), sourceHealth) });

/** What the last heartbeat has found, read strongly; undefined if there has been none. */
export async function readHealth(control: Pick<ControlTable, 'get'>): Promise<ReplicationHealth | undefined> {
  const stored = await control.get(PARTITION, SORT);
  return stored === undefined ? undefined : document.parse(stored);
}

export function writeHealth(control: Pick<ControlTable, 'put'>, health: ReplicationHealth): Promise<void> {
  return control.put(PARTITION, SORT, { ...health });
}
