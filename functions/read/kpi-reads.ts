import type { Item } from '../model/attribute-value.ts';
import { decodePageToken, encodePageToken } from './page-token.ts';
import {
  checkRequest,
  type DataByIdQuery,
  type DataOfLinkQuery,
  type KpiQuery,
  type ReadRequest,
  type RowPage,
} from './query.ts';

/** What a caller says beside the query. */
export interface ReadOptions {
  /** The instant, in epoch milliseconds, of the caller's last write: it is to see that write. */
  readonly lastWriteAtMs?: number | undefined;
}

export interface PageOptions extends ReadOptions {
  /** Rows at most; 1 to 1,000, 100 unless told. */
  readonly limit?: number | undefined;
  /** `nextPageToken` of the page before, from whichever side it came. */
  readonly pageToken?: string | undefined;
}

/** Rows of one tenant in wire form, so that a number keeps its digits. */
export type Rows<Provenance> = Provenance & { readonly rows: readonly Item[]; readonly nextPageToken?: string };

/** One row of the tenant, or none. */
export type Row<Provenance> = Provenance & { readonly row?: Item };

type DataFilter = Partial<Pick<DataOfLinkQuery, 'category' | 'subtype' | 'from' | 'to' | 'order'>>;

/**
 * The reads of the new model. Rows are those of KpiLink and KpiData (tables.md), whichever side they come from. A row of another
 * tenant is as good as absent. Listings of links are ordered by id, of data by `post_date` as text and then by id.
 *
 * @typeParam Provenance what the source tells of each answer: where it is from and why.
 */
export interface KpiReads<Provenance> {
  linkById(query: { tenantId: string; linkId: string }, options?: ReadOptions): Promise<Row<Provenance>>;
  linksByKpi(query: { tenantId: string; kpiId: string }, options?: PageOptions): Promise<Rows<Provenance>>;
  linksByGoal(query: { tenantId: string; goalId: string }, options?: PageOptions): Promise<Rows<Provenance>>;
  linksByTenant(query: { tenantId: string }, options?: PageOptions): Promise<Rows<Provenance>>;

  /**
   * @param query `linkId`, where the caller knows it, saves the old side a search through the tenant for an id that the
   * migration made; a row of another link is then not found.
   */
  dataById(query: Omit<DataByIdQuery, 'kind'>, options?: ReadOptions): Promise<Row<Provenance>>;

  /** Newest first unless `order` says otherwise. For `from` and `to` see {@link KpiQuery}. */
  dataOfLink(
    query: { tenantId: string; linkId: string } & DataFilter,
    options?: PageOptions,
  ): Promise<Rows<Provenance>>;

  /** The last row of category Actual by `post_date`; of equal dates the one with the greatest id. */
  latestActual(query: { tenantId: string; linkId: string }, options?: ReadOptions): Promise<Row<Provenance>>;

  /**
   * The target that holds on a date: the last one of the subtype that is dated on the date or before it. A date alone
   * covers its whole day. Of equal dates the one with the greatest id.
   *
   * @param query `subtype` is `Expected` unless told.
   */
  targetForDate(
    query: { tenantId: string; linkId: string; date: string; subtype?: string | undefined },
    options?: ReadOptions,
  ): Promise<Row<Provenance>>;
}

/**
 * Gives the reads their named form over a source that answers requests: a side, or the router over both. Checks what comes
 * in, and turns page tokens into positions, which are the same on both sides.
 *
 * All methods throw MigrationError QUERY_INVALID or PAGE_TOKEN_INVALID for what the caller did wrong.
 */
export function kpiReads<Provenance extends object>(
  source: (request: ReadRequest, options: ReadOptions) => Promise<RowPage & Provenance>,
): KpiReads<Provenance> {
  const list = async (asked: KpiQuery, options: PageOptions = {}): Promise<Rows<Provenance>> => {
    const { query, limit } = checkRequest(asked, options.limit);
    const after = options.pageToken === undefined ? undefined : decodePageToken(query, options.pageToken);
    const { next, ...answer } = await source({ query, limit, ...(after && { after }) }, options);
    return { ...answer, ...(next && { nextPageToken: encodePageToken(query, next) }) } as Rows<Provenance>;
  };
  const one = async (query: KpiQuery, options: ReadOptions = {}): Promise<Row<Provenance>> => {
    const { rows, nextPageToken: _, ...provenance } = await list(query, { ...options, limit: 1, pageToken: undefined });
    return { ...provenance, ...(rows[0] && { row: rows[0] }) } as Row<Provenance>;
  };

  return {
    linkById: (query, options) => one({ kind: 'link-by-id', ...query }, options),
    linksByKpi: ({ tenantId, kpiId }, options) => list({ kind: 'links-by-kpi', tenantId, id: kpiId }, options),
    linksByGoal: ({ tenantId, goalId }, options) => list({ kind: 'links-by-goal', tenantId, id: goalId }, options),
    linksByTenant: (query, options) => list({ kind: 'links-by-tenant', ...query }, options),
    dataById: (query, options) => one({ kind: 'data-by-id', ...query }, options),
    dataOfLink: (query, options) => list({ kind: 'data-of-link', order: 'newest-first', ...query }, options),
    latestActual: (query, options) =>
      one({ kind: 'data-of-link', ...query, category: 'Actual', order: 'newest-first' }, options),
    targetForDate: ({ tenantId, linkId, date, subtype = 'Expected' }, options) =>
      one(
        { kind: 'data-of-link', tenantId, linkId, category: 'Target', subtype, to: date, order: 'newest-first' },
        options,
      ),
  };
}
