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

/** The indexes of KpiLink that reads use, each on one attribute. */
export type LinkIndex = 'kpi-index' | 'goal-index' | 'tenant-index';

/** The attribute each of them is on, in GoalKpiLink and KpiLink alike. */
export const LINK_INDEX_KEY: Readonly<Record<LinkIndex, string>> = {
  'kpi-index': 'kpi_id',
  'goal-index': 'goal_id',
  'tenant-index': 'tenant_id',
};

/** The indexes of KpiData, each sorted by post_date (tables.md, "New tables"). */
export type DataIndex = 'kpi-link-index' | 'kpi-link-category-index' | 'target-subtype-index';

/**
 * The new tables as reads use them. By id they are read strongly, by index eventually. Any call may be given up by its signal.
 */
export interface NewReads {
  getLink(id: string, signal?: AbortSignal): Promise<Item | undefined>;
  getData(id: string, signal?: AbortSignal): Promise<Item | undefined>;

  /** All of the tenant's links with this key, in no order. */
  queryLinks(index: LinkIndex, key: string, tenantId: string, signal?: AbortSignal): Promise<readonly Item[]>;

  /** A page of the tenant's rows with this key, by post_date; rows of equal post_date in no order. */
  queryData(
    index: DataIndex,
    key: string,
    tenantId: string,
    range: SortedRange,
    cursor?: Item,
    signal?: AbortSignal,
  ): Promise<Page<Item>>;
}
