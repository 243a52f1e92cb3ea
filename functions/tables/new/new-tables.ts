import type { NewTable } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { Refused } from '../dynamo/apart.ts';
import type { Page, ScanPosition } from '../old/old-tables.ts';

/** What became of rows that were to be inserted: how many were written, how many were there already, and which the store does not take. */
export interface Insertion {
  readonly inserted: number;
  readonly present: number;
  readonly refused: readonly Refused<Item>[];
}

/** The two new tables, apart from the transactions that write them beside the control table (transactions.ts). */
export interface NewTables {
  /** Writes data rows whose id is not there yet and leaves the others as they are. A row that is refused holds up no other. */
  insertDataIfAbsent(rows: readonly Item[]): Promise<Insertion>;

  /** Which of these ids have no data row. Read strongly, in no one moment. */
  absentData(ids: readonly string[]): Promise<ReadonlySet<string>>;

  /** One page of a strongly consistent scan. */
  scan(table: NewTable, position: ScanPosition): Promise<Page<Item>>;
}
