import type { Source } from '../migration/sources.ts';
import type { LISTED_BY, TableRole } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import type { Page, ScanPosition } from './old/old-tables.ts';

/** The tables whose items are compared, and those that the comparison looks things up in. */
export type ReadTable = Exclude<TableRole, 'control'>;

/** What ids are listed by. */
export type ListedBy = keyof typeof LISTED_BY & ('kpi' | 'link');

/**
 * All that the validators read, and no way to write. Narrow, so that planted faults can be laid over it
 * (functions/validation/memory-reads.ts).
 */
export interface ValidationReads {
  /** One page of a scan, strongly consistent unless the position says otherwise. */
  scan(table: ReadTable, position: ScanPosition): Promise<Page<Item>>;

  /** The items with these ids, read strongly, by id; absent ones left out. */
  readItems(table: ReadTable, ids: readonly string[]): Promise<ReadonlyMap<string, Item>>;

  /** Ids of the items with this value, by an index: what was just written may be missing. */
  listIds(table: ReadTable, by: ListedBy, value: string, cursor?: Item): Promise<Page<string>>;

  /** The people linked to a user, of all tenants, by an index. */
  listPeople(userId: string): Promise<readonly Item[]>;

  /** Quarantine's entries of a source, read strongly: item id to reason code. */
  listQuarantine(source: Source): Promise<ReadonlyMap<string, string>>;

  /** Of the entries of a source that are `refused`: item id to the digest of the item that was, read strongly. */
  listRefused(source: Source): Promise<ReadonlyMap<string, string>>;

  /** The reason code of one entry, read strongly; undefined where there is none. */
  readQuarantine(source: Source, id: string): Promise<string | undefined>;
}
