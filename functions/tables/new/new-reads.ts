import type { DataIndex, LinkIndex } from '../../migration/tables.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { Page } from '../old/old-tables.ts';

/** A part of an index with a sort key, in one direction. Bounds are inclusive, and in the index's order of text. */
export interface SortedRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly descending: boolean;
  /** Items a page at most. */
  readonly limit: number;
}

/**
 * The new tables as reads use them. By id they are read strongly, by index eventually. Any call may be given up by its signal.
 */
export interface NewReads {
  getLink(id: string, signal?: AbortSignal): Promise<Item | undefined>;
  getData(id: string, signal?: AbortSignal): Promise<Item | undefined>;

  /** All of the tenant's links with this key, in no order. */
  queryLinks(index: LinkIndex, key: string, tenantId: string, signal?: AbortSignal): Promise<readonly Item[]>;

  /** A page of the tenant's rows with this key, by date; rows of equal date in no order. */
  queryData(
    index: DataIndex,
    key: string,
    tenantId: string,
    range: SortedRange,
    cursor?: Item,
    signal?: AbortSignal,
  ): Promise<Page<Item>>;
}
