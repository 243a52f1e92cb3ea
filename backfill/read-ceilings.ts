import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceTable, TABLE_ROLES, TABLES, type TableRole } from '../functions/migration/tables.ts';
import type { ControlTable } from '../functions/tables/control/control-table.ts';
import type { TableShape } from '../functions/tables/dynamo/descriptions.ts';
import { protectTables } from '../functions/tables/dynamo/protect-tables.ts';
import { longestLagMs } from '../functions/tables/replication-lag.ts';
import type { Settings } from '../infra/settings.ts';
import type { Environment } from './environment.ts';
import { grouped } from './text-table.ts';

/** Of what a table has, if that is limited: three quarters stay with the service, whatever a command reads. */
const SHARE = 1 / 4;

/** From a table without a limit: a twelfth of what a new one serves (Developer Guide, "On-demand capacity mode"). */
const UNITS_PER_SECOND_DEFAULT = 1_000;

type Shapes = Partial<Record<TableRole, TableShape>>;

/** The tables that are the service's own. */
const SERVICE_TABLES = TABLE_ROLES.filter((role) => TABLES[role].madeBy !== 'migration') as readonly ServiceTable[];

/** Read units a second that a command takes from each table of the service at most, by its role. Pure. */
export function readCeilings(
  shapes: Shapes,
  { backfill }: Pick<Settings, 'backfill'>,
): ReadonlyMap<ServiceTable, number> {
  return new Map(SERVICE_TABLES.map((role) => [role, ceilingOf(shapes[role], backfill.maxReadUnitsPerSecond)]));
}

function ceilingOf(shape: TableShape | undefined, setting: number | undefined): number {
  const capacity = shape?.readUnitsPerSecond;
  const own = capacity === undefined ? UNITS_PER_SECOND_DEFAULT : Math.max(1, Math.floor(capacity * SHARE));
  // More than a table has is no ceiling.
  return Math.min(setting ?? Math.min(own, UNITS_PER_SECOND_DEFAULT), capacity ?? Number.POSITIVE_INFINITY);
}

/** A line for each table of the service: how it is billed, and what commands leave to the service. */
export function describeCapacity(shapes: Shapes, settings: Settings): string[] {
  return [...readCeilings(shapes, settings)].flatMap(([role, ceiling]) => {
    const shape = shapes[role];
    if (shape === undefined) return [];
    const has =
      shape.readUnitsPerSecond === undefined ? '' : `, ${grouped(shape.readUnitsPerSecond)} read units a second`;
    return [`${settings.tables[role]}: ${shape.billing}${has}; a command takes at most ${grouped(ceiling)} a second.`];
  });
}

/** Time between two looks at the streams' lag, and the longest wait of one page for them to catch up. */
const LAG_LOOK_MS = 5_000;
const LAG_WAIT_MAX_MS = 60_000;

/** Has the reads of a command's client keep below the ceilings, and scans wait while the streams are behind. */
export function protectService(
  { client, settings, tables }: Pick<Environment, 'client' | 'settings' | 'tables'>,
  shapes: Shapes,
  note: (message: string) => void,
): void {
  const ceilings = new Map([...readCeilings(shapes, settings)].map(([role, units]) => [settings.tables[role], units]));
  const lagMaxMs = settings.readFlag.lagMaxSeconds * 1_000;
  // Before the control table is there, nothing is replicated.
  const beforeScan = shapes.control ? lagPause(tables.control, lagMaxMs, note) : undefined;
  protectTables(client, { ceilings, nowMs: Date.now, sleep, ...(beforeScan && { beforeScan }) });
}

/**
 * Waits while a stream is further behind than the bound: what a scan takes from a table, and a copy from the tables that
 * replication writes, the streams need now. The wait of a page has an end, so that a stream that stands still does not stop
 * a command for good: it goes on, a page a minute.
 */
export function lagPause(
  control: Pick<ControlTable, 'list'>,
  lagMaxMs: number,
  note: (message: string) => void,
  clock = { nowMs: Date.now, sleep: (ms: number): Promise<unknown> => sleep(ms) },
): () => Promise<void> {
  let look: { readonly atMs: number; readonly isBehind: Promise<boolean> } | undefined;
  const isBehind = (): Promise<boolean> => {
    const atMs = clock.nowMs();
    if (look === undefined || atMs - look.atMs >= LAG_LOOK_MS) {
      look = { atMs, isBehind: longestLagMs(control, atMs).then((lagMs) => lagMs > lagMaxMs) };
    }
    return look.isBehind;
  };
  return async () => {
    const sinceMs = clock.nowMs();
    let isNoted = false;
    while ((await isBehind()) && clock.nowMs() - sinceMs < LAG_WAIT_MAX_MS) {
      if (!isNoted) note('A stream is behind. Reading pauses until it has caught up.');
      isNoted = true;
      await clock.sleep(LAG_LOOK_MS);
    }
  };
}
