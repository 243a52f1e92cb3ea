import { createFlagClient, type FlagClient, type FlagClientSettings, type Report } from '../flag/client.ts';
import type { HeldRecords } from '../model/sources.ts';
import { connectReads, type ReadTables } from '../tables/connect-reads.ts';
import type { TableNames } from '../tables/table-names.ts';
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

/** Opens the reads over both sides. Starts to poll the flag immediately; `flag.stop()` ends that. */
export function openReads(options: OpenReadsOptions): OpenReads {
  const { tableNames, heldRecords, router: settings, report } = options;
  const tables = options.tables ?? connectReads(tableNames);
  const flag = options.flagClient ?? createFlagClient(options.flag, { ...(report && { report }) });
  const router = createRouter({
    sides: { old: oldSide(tables.old, heldRecords), new: newSide(tables.new) },
    flag: () => flag.current(),
    ...(settings && { settings }),
    ...(report && { report }),
  });
  return { reads: kpiReads(router.read), router, flag };
}
