import type { RecordItems } from '../../migration/demand.ts';
import type { RecordSource } from '../../migration/sources.ts';
import type { LinkIndex } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { SortedRange } from '../new/new-reads.ts';
import type { OldTables, Page } from './old-tables.ts';

/** A record as the index that lists it by its KPI has it. */
export interface RecordEntry {
  readonly source: RecordSource;
  readonly id: string;
  /** The text of its date, by which the index is sorted. */
  readonly date: string;
}

/**
 * The old tables as reads use them. Indexes only say which items to look at, since they need not project more than keys; what is
 * answered is always read from the base item, strongly.
 */
export interface OldReads extends Pick<OldTables, 'readKpi' | 'queryPeople' | 'readLinks'> {
  /**
   * The items that bear each id, in the table named and in those that come before it: these have a right to the id first
   * (tables.md, "Ids").
   */
  readRecords(wanted: readonly Pick<RecordEntry, 'source' | 'id'>[]): Promise<ReadonlyMap<string, RecordItems>>;

  /** Ids of all links with this key, of whichever tenant, in no order. */
  queryLinkIds(index: LinkIndex, key: string): Promise<readonly string[]>;

  /** A page of the KPI's records, of whichever tenant, by date; those of equal date in no order. */
  queryRecords(source: RecordSource, kpiId: string, range: SortedRange, cursor?: Item): Promise<Page<RecordEntry>>;

  /** Ids of all records of the tenant in one table, in no order. */
  queryRecordIdsOfTenant(source: RecordSource, tenantId: string): Promise<readonly string[]>;
}
