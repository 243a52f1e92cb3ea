import { createFlagClient, type FlagClient, type FlagClientSettings, type Report } from '../flag/client.ts';
import type { TableNames } from '../migration/tables.ts';
import type { HeldRecords } from '../model/kpi.ts';
import { connectReads, type ReadTables } from '../tables/connect-reads.ts';
import { type KpiReads, kpiReads } from './kpi-reads.ts';
import { createRouter, type Provenance, type Router, type RouterSettings } from './router.ts';
import { newSide } from './sides/new-side.ts';
import { oldSide } from './sides/old-side.ts';

export interface OpenReadsOptions {
  readonly tableNames: TableNames;
  /** The setting that replication runs with. */
  readonly heldRecords: HeldRecords;
  readonly flag: FlagClientSettings;
  readonly router?: RouterSettings;
  readonly report?: Report;
  /** Both sides' tables and the flag, if the SDK's own settings do not find them. */
  readonly tables?: ReadTables;
  readonly flagClient?: FlagClient;
}

/** The reads of a process, opened once when it starts. */
export interface OpenReads {
  readonly reads: KpiReads<Provenance>;
  readonly router: Router;
  readonly flag: FlagClient;
}

/**
 * Opens the reads over both sides. Starts to poll the flag immediately; `flag.stop()` ends that.
 *
 * @example
 * ```ts
 * import { openReads } from 'kpi-migrate';
 *
 * const { reads, flag } = openReads({
 *   tableNames: {
 *     goalKpiLinks: 'purposepath-goal-kpi-links',
 *     kpiMilestones: 'purposepath-kpi-milestones',
 *     kpiActuals: 'purposepath-kpi-actuals',
 *     kpiReadings: 'purposepath-kpi-readings',
 *     kpis: 'purposepath-kpis',
 *     people: 'purposepath-people',
 *     kpiLinks: 'purposepath-kpi-links',
 *     kpiData: 'purposepath-kpi-data',
 *     control: 'kpi-migration-control',
 *   },
 *   heldRecords: 'hold',
 *   flag: {
 *     application: 'kpi-migration-production',
 *     environment: 'reads',
 *     profile: 'read-path',
 *     forceOld: process.env.FORCE_OLD_READS === 'true',
 *   },
 *   report: ({ what, error }) => console.warn(what, error),
 * });
 *
 * const { rows, origin } = await reads.linksByKpi({ tenantId: 'tenant-1', kpiId: 'kpi-1' });
 * console.log(rows.length, origin); // 1 old
 *
 * const { row } = await reads.latestActual({ tenantId: 'tenant-1', linkId: 'link-1' });
 * console.log(row?.['post_date'], row?.['post_value']); // { S: '2024-02-29' } { N: '40.5' }
 *
 * let pageToken: string | undefined;
 * do {
 *   const page = await reads.dataOfLink({ tenantId: 'tenant-1', linkId: 'link-1' }, { limit: 2, pageToken });
 *   console.log(page.rows.map(({ id }) => id)); // [ { S: 'actual-2' }, { S: 'actual-1' } ] [ { S: 'milestone-1' } ]
 *   pageToken = page.nextPageToken;
 * } while (pageToken !== undefined);
 *
 * flag.stop();
 * ```
 */
export function openReads(options: OpenReadsOptions): OpenReads {
  const { tableNames, heldRecords, router: settings, report } = options;
  const tables = options.tables ?? connectReads(tableNames);
  const flag =
    options.flagClient ??
    createFlagClient(options.flag, { readKillSwitch: tables.readKillSwitch, ...(report && { report }) });
  const router = createRouter({
    sides: { old: oldSide(tables.old, heldRecords), new: newSide(tables.new) },
    flag: () => flag.current(),
    ...(settings && { settings }),
    ...(report && { report }),
  });
  return { reads: kpiReads(router.read), router, flag };
}
