import type { NewTable } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { Refused } from '../dynamo/apart.ts';
import type { Attempts } from '../dynamo/attempts.ts';
import type { Page, ScanPosition } from '../old/old-tables.ts';

/** What became of rows that were to be put: how many were written, and which the store does not take. */
export interface Put {
  readonly written: number;
  readonly refused: readonly Refused<Item>[];
}

/** The two new tables, apart from the transactions that write them beside the control table (transactions.ts). */
export interface NewTables {
  /**
   * Puts data rows in place of whatever has their ids. For a copier beside which nobody reads. A row that is refused holds up no other; of rows
   * with one id the first is put.
   */
  putData(rows: readonly Item[], attempts: Attempts): Promise<Put>;

  /** The rows of a table that have these ids, by id. Read strongly, in no one moment. */
  readRows(table: NewTable, ids: readonly string[]): Promise<ReadonlyMap<string, Item>>;

  /** One page of a strongly consistent scan. */
  scan(table: NewTable, position: ScanPosition): Promise<Page<Item>>;
}
