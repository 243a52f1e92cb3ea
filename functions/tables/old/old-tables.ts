import type { RecordItems } from '../../migration/demand.ts';
import type { RecordSource, Source } from '../../migration/sources.ts';
import type { LookUp } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { KpiKey } from '../../model/kpi.ts';

/** One page of a listing. `cursor` continues it, and is absent on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: Item;
}

/** A part of a parallel scan, and where in it to go on. */
export interface ScanPosition {
  readonly segment: number;
  readonly totalSegments: number;
  readonly cursor?: Item;
  /** Items examined a page at most. */
  readonly limit?: number;
  /** Whether the page may lack the newest writes. It takes half the read units. */
  readonly isEventual?: boolean;
}

/**
 * The service's own tables and its look-up tables. Reading is all that can be done to them: there is no write method.
 */
export interface OldTables {
  /** The old link with this id, read strongly. */
  readLink(id: string): Promise<Item | undefined>;

  /** The old links with these ids, read strongly; ids in any number, absent ones left out. */
  readLinks(ids: readonly string[]): Promise<ReadonlyMap<string, Item>>;

  /** The items that bear each id in these record tables, or in all three, read strongly; ids in any number, absent ones left out. */
  readRecords(ids: readonly string[], sources?: readonly RecordSource[]): Promise<ReadonlyMap<string, RecordItems>>;

  /** Ids of the KPI's records by an index. Eventually consistent: what was just written may be missing. */
  queryRecordIds(source: RecordSource, kpi: KpiKey, cursor?: Item): Promise<Page<string>>;

  /** One page of a strongly consistent scan. */
  scan(source: Source, position: ScanPosition): Promise<Page<Item>>;

  /** One page of a strongly consistent scan of a look-up table. */
  scanLookUps(lookUp: LookUp, position: ScanPosition): Promise<Page<Item>>;

  /** The KPI with this id, of whichever tenant. */
  readKpi(kpiId: string): Promise<Item | undefined>;

  /** The people linked to a user, of all tenants, by an index (eventually consistent). */
  queryPeople(userId: string): Promise<readonly Item[]>;
}
