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

/** What a caller can add to a query. */
export interface ReadOptions {
  /** When the caller last wrote, in epoch milliseconds. The answer then contains that write. */
  readonly lastWriteAtMs?: number | undefined;
}

export interface PageOptions extends ReadOptions {
  /** Most rows of the page: 1 to 1,000, by default 100. */
  readonly limit?: number | undefined;
  /** `nextPageToken` of the previous page, whichever side answered it. */
  readonly pageToken?: string | undefined;
}

/** Rows of one tenant in DynamoDB's wire form, so that numbers keep all their digits. */
export type Rows<Provenance> = Provenance & { readonly rows: readonly Item[]; readonly nextPageToken?: string };

/** One row of the tenant, or none. */
export type Row<Provenance> = Provenance & { readonly row?: Item };

type DataFilter = Partial<Pick<DataOfLinkQuery, 'category' | 'subtype' | 'from' | 'to' | 'order'>>;

/**
 * The reads of the new model. Rows are those of KpiLink and KpiData (tables.md), whichever side they come from. A row
 * of another tenant counts as absent. Links are ordered by id; data is ordered by `post_date` as text, then by id.
 *
 * @typeParam Provenance what each answer says about itself: which side it is from and why.
 */
export interface KpiReads<Provenance> {
  linkById(query: { tenantId: string; linkId: string }, options?: ReadOptions): Promise<Row<Provenance>>;
  linksByKpi(query: { tenantId: string; kpiId: string }, options?: PageOptions): Promise<Rows<Provenance>>;
  linksByGoal(query: { tenantId: string; goalId: string }, options?: PageOptions): Promise<Rows<Provenance>>;
  linksByTenant(query: { tenantId: string }, options?: PageOptions): Promise<Rows<Provenance>>;

  /**
   * @param query If the caller knows it, `linkId` saves the old side a search through the whole tenant for an id that
   * the migration generated. With it, a row of another link is not found.
   */
  dataById(query: Omit<DataByIdQuery, 'kind'>, options?: ReadOptions): Promise<Row<Provenance>>;

  /** Newest first by default. For `from` and `to` see {@link KpiQuery}. */
  dataOfLink(
    query: { tenantId: string; linkId: string } & DataFilter,
    options?: PageOptions,
  ): Promise<Rows<Provenance>>;

  /** The last row of category Actual by `post_date`; among equal dates, the one with the greatest id. */
  latestActual(query: { tenantId: string; linkId: string }, options?: ReadOptions): Promise<Row<Provenance>>;

  /**
   * The target that applies on a date: the last one of the subtype dated on or before it. A date without a time covers
   * its whole day. Among equal dates, the one with the greatest id.
   *
   * @param query `subtype` is `Expected` by default.
   */
  targetForDate(
    query: { tenantId: string; linkId: string; date: string; subtype?: string | undefined },
    options?: ReadOptions,
  ): Promise<Row<Provenance>>;
}

/**
 * The named reads over a source that answers requests: one side, or the router over both. Checks each request, and
 * turns page tokens into positions, which are the same on both sides.
 *
 * Every method throws MigrationError QUERY_INVALID or PAGE_TOKEN_INVALID if the request is wrong.
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
