import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceTable, TABLE_ROLES, TABLES, type TableRole } from '../functions/migration/tables.ts';
import type { ControlTable } from '../functions/tables/control/control-table.ts';
import type { Capacity, TableShape } from '../functions/tables/dynamo/descriptions.ts';
import { protectTables } from '../functions/tables/dynamo/protect-tables.ts';
import { longestLagMs } from '../functions/tables/replication-lag.ts';
import type { Settings } from '../infra/settings.ts';
import type { Environment } from './environment.ts';

/**
 * Of what a table has at this moment, if that is limited: three quarters stay with the service, whatever a command reads. With
 * autoscaling too it is what is provisioned now, not the maximum: capacity comes minutes after it was needed, and until then
 * the service is throttled (Developer Guide, "Managing throughput capacity automatically with DynamoDB auto scaling").
 */
const SHARE = 1 / 4;

/** From a table without a limit: a twelfth of what a new one serves (Developer Guide, "On-demand capacity mode"). */
const UNITS_PER_SECOND_DEFAULT = 1_000;

type Shapes = Partial<Record<TableRole, TableShape>>;

/** The tables that are the service's own. */
const SERVICE_TABLES = TABLE_ROLES.filter((role) => TABLES[role].madeBy !== 'migration') as readonly ServiceTable[];

/** A table of the service, or an index of one. */
export interface ServicePart {
  readonly role: ServiceTable;
  readonly table: string;
  readonly index?: string;
  /** Undefined if the table does not exist. */
  readonly billing?: TableShape['billing'];
  readonly capacity: Capacity;
  /** Read units a second that a command takes at most. For an index without a limit of its own, of table and index together. */
  readonly ceiling: number;
}

/** The tables of the service with their indexes, and what a command takes of each at most. Pure. */
export function serviceParts(
  shapes: Shapes,
  { backfill, tables }: Pick<Settings, 'backfill' | 'tables'>,
): ServicePart[] {
  const setting = backfill.maxReadUnitsPerSecond;
  return SERVICE_TABLES.flatMap((role) => {
    const shape = shapes[role];
    const common = { role, table: tables[role], ...(shape && { billing: shape.billing }) };
    const ofTable = ceilingOf(shape, setting);
    const indexes = [...(shape?.indexes ?? [])].map(([index, capacity]) => {
      const ceiling = capacity.readUnitsPerSecond === undefined ? ofTable : ceilingOf(capacity, setting);
      return { ...common, index, capacity, ceiling };
    });
    return [{ ...common, capacity: shape ?? {}, ceiling: ofTable }, ...indexes];
  });
}

/** Read units a second that a command takes at most of each table and index that has a limit of its own, by {@link partName}. Pure. */
export function readCeilings(
  shapes: Shapes,
  settings: Pick<Settings, 'backfill' | 'tables'>,
): ReadonlyMap<string, number> {
  // An index that nothing limits is read as a part of its table.
  const limited = serviceParts(shapes, settings).filter(
    ({ index, capacity }) => index === undefined || capacity.readUnitsPerSecond !== undefined,
  );
  return new Map(limited.map((part) => [partName(part), part.ceiling]));
}

/** As the ARN of an index has it. */
export function partName({ table, index }: Pick<ServicePart, 'table' | 'index'>): string {
  return index === undefined ? table : `${table}/index/${index}`;
}

function ceilingOf(capacity: Capacity | undefined, setting: number | undefined): number {
  const units = capacity?.readUnitsPerSecond;
  const own = units === undefined ? UNITS_PER_SECOND_DEFAULT : Math.max(1, Math.floor(units * SHARE));
  // More than a table has is no ceiling.
  return Math.min(setting ?? Math.min(own, UNITS_PER_SECOND_DEFAULT), units ?? Number.POSITIVE_INFINITY);
}

/** Time between two looks at the streams' lag, and the longest wait of one page for them to catch up. */
const LAG_LOOK_MS = 5_000;
const LAG_WAIT_MAX_MS = 60_000;

/** Has all ceilings follow another setting from now on; undefined for that of cdk.json. */
export type ChangeReads = (maxReadUnitsPerSecond: number | undefined) => void;

/** Has the reads of a command's client keep below the ceilings, and scans wait while the streams are behind. */
export function protectService(
  { client, settings, tables }: Pick<Environment, 'client' | 'settings' | 'tables'>,
  shapes: Shapes,
  note: (message: string) => void,
): ChangeReads {
  const ceilingsWith = (
    maxReadUnitsPerSecond = settings.backfill.maxReadUnitsPerSecond,
  ): ReadonlyMap<string, number> => {
    const { backfill } = settings;
    const bound = maxReadUnitsPerSecond === undefined ? backfill : { ...backfill, maxReadUnitsPerSecond };
    return readCeilings(shapes, { ...settings, backfill: bound });
  };
  const lagMaxMs = settings.readFlag.lagMaxSeconds * 1_000;
  // Before the control table is there, nothing is replicated.
  const beforeScan = shapes.control ? lagPause(tables.control, lagMaxMs, note) : undefined;
  const ceilings = ceilingsWith();
  const change = protectTables(client, { ceilings, nowMs: Date.now, sleep, ...(beforeScan && { beforeScan }) });
  return (maxReadUnitsPerSecond) => change(ceilingsWith(maxReadUnitsPerSecond));
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
