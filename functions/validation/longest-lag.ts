import type { ControlTable } from '../tables/control-table.ts';
import { readLagMs } from '../tables/replication-lag.ts';

/** How far the stream that is furthest behind is behind, in milliseconds. */
export async function longestLagMs(control: Pick<ControlTable, 'list'>, nowMs: number): Promise<number> {
  return Math.max(...Object.values(await readLagMs(control, nowMs)));
}
