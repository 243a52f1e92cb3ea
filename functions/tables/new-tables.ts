import type { Item } from '../model/attribute-value.ts';
import type { Page, ScanPosition } from './old-tables.ts';

/** The two new tables, apart from the transactions that write them beside the control table (transactions.ts). */
export interface NewTables {
  /**
   * Writes KpiData rows whose id is not there yet and leaves the others as they are.
   *
   * @returns how many were written and how many were there already.
   */
  insertDataIfAbsent(rows: readonly Item[]): Promise<{ inserted: number; present: number }>;

  /** Which of these ids have no row in KpiData. Read strongly, in no one moment. */
  absentData(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /** One page of a strongly consistent scan. */
  scan(table: 'kpiLinks' | 'kpiData', position: ScanPosition): Promise<Page<Item>>;
}
