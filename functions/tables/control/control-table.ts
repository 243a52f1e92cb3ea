import type { Item } from '../../model/attribute-value.ts';
import type { KpiKey } from '../../model/kpi.ts';
import type { Page, ScanPosition } from '../old/old-tables.ts';
import type { KpiHead, SpilledLink } from './kpi-rows.ts';

/** A record that was touched by a live write, in one of the KPIs it was seen in. */
export interface TouchedRecord {
  readonly kpi: KpiKey;
  readonly recordId: string;
}

/**
 * The control table, apart from the transactions that write it beside the new tables. Everything is read strongly.
 * Its rows are described in control-rows.ts and kpi-rows.ts.
 */
export interface ControlTable {
  /** The rows of these KPIs, in their order; a KPI without one gives an empty row without a token. */
  readKpis(kpis: readonly KpiKey[]): Promise<readonly KpiHead[]>;

  /** Which of these records have an item in quarantine, as their record-token rows say. */
  recordsInQuarantine(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /** The KPI's spilled links and their tombstones. Items of transactions may be seen before or after these, each for itself. */
  querySpilledLinks(kpi: KpiKey, cursor?: Item): Promise<Page<SpilledLink>>;

  /** The ids of the KPI's touched-record rows: its records that a live write has touched. */
  queryTouchedRecords(kpi: KpiKey, cursor?: Item): Promise<Page<string>>;

  /** All touched-record rows, for the sweep. */
  scanTouchedRecords(position: ScanPosition): Promise<Page<TouchedRecord>>;

  /** All KPI rows, for the sweep. */
  scanKpis(position: ScanPosition): Promise<Page<KpiHead>>;

  /**
   * Marks of a KPI row that are set and cleared without moving its token; see kpi-rows.ts. False: no longer as
   * `expected`.
   */
  clearMark(kpi: KpiKey, mark: 'fan_out_pending' | 'sweep_pending', expected: string): Promise<boolean>;

  /** A plain row by key, for checkpoints, progress and reports. */
  get(partition: string, sort: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** @param requireAllowed asked before each attempt, because nothing else stops a late one; throws to stop it. */
  put(
    partition: string,
    sort: string,
    value: Readonly<Record<string, unknown>>,
    requireAllowed?: () => void,
  ): Promise<void>;
  delete(partition: string, sort: string, requireAllowed?: () => void): Promise<void>;
  /** All rows of a partition. */
  list(partition: string): Promise<readonly { sort: string; value: Readonly<Record<string, unknown>> }[]>;
}
