import type { ControlTable } from '../tables/control/control-table.ts';
import { readLagMs, UNNOTED_LAG_MAX_MS } from '../tables/replication-lag.ts';

/** How far the stream that is furthest behind may be behind, in milliseconds: what is noted, and no less than what may go unnoted. */
export async function longestLagMs(control: Pick<ControlTable, 'list'>, nowMs: number): Promise<number> {
  return Math.max(UNNOTED_LAG_MAX_MS, ...Object.values(await readLagMs(control, nowMs)));
}
