import type { DataIndex, LinkIndex } from '../../migration/tables.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import type { NewReads } from '../../tables/new/new-reads.ts';
import { eachPage } from '../../tables/pages.ts';
import { rangeToRead } from '../date-range.ts';
import type { DataOfLinkQuery, KpiQuery, ReadRequest, ReadSide, RowPage } from '../query.ts';
import {
  inFullOrder,
  LOOK_AHEAD,
  type PositionedRow,
  positionedData,
  positionedLink,
  sorted,
  takePage,
} from './ordered-page.ts';

const LINK_INDEX = {
  'links-by-kpi': 'kpi-index',
  'links-by-goal': 'goal-index',
  'links-by-tenant': 'tenant-index',
} as const satisfies Record<string, LinkIndex>;

/** Answers from the new tables. */
export function newSide(tables: NewReads): ReadSide {
  return {
    async read(request, signal) {
      const { query } = request;
      switch (query.kind) {
        case 'link-by-id':
          return single(query, await tables.getLink(query.linkId, signal));
        case 'data-by-id': {
          const row = await tables.getData(query.dataId, signal);
          const isOfLink = query.linkId === undefined || textOf(row, 'kpi_link_id') === query.linkId;
          return single(query, isOfLink ? row : undefined);
        }
        case 'data-of-link':
          return readData(tables, query, request, signal);
        default: {
          const key = query.kind === 'links-by-tenant' ? query.tenantId : query.id;
          const rows = await tables.queryLinks(LINK_INDEX[query.kind], key, query.tenantId, signal);
          return takePage(sorted(rows.map(positionedLink), 'oldest-first'), { ...request, order: 'oldest-first' });
        }
      }
    },
  };
}

/** A row found by its id alone, if it belongs to the tenant. */
function single(query: KpiQuery, row: Item | undefined): RowPage {
  return { rows: row && textOf(row, 'tenant_id') === query.tenantId ? [row] : [] };
}

async function readData(
  tables: NewReads,
  query: DataOfLinkQuery,
  request: ReadRequest,
  signal: AbortSignal | undefined,
): Promise<RowPage> {
  const range = rangeToRead(query, request.after);
  if (range === undefined) return { rows: [] };
  const { index, key } = indexOf(query);
  const chunks = async function* (): AsyncGenerator<PositionedRow[]> {
    const part = { ...range, descending: query.order === 'newest-first', limit: request.limit + LOOK_AHEAD };
    const pages = eachPage((cursor) => tables.queryData(index, key, query.tenantId, part, cursor, signal));
    for await (const rows of pages) yield rows.filter((row) => isAsked(row, query)).map(positionedData);
  };
  return takePage(inFullOrder(chunks(), query.order), { ...request, order: query.order });
}

/** The narrowest index for the query (tables.md, "New tables"). */
function indexOf(query: DataOfLinkQuery): { readonly index: DataIndex; readonly key: string } {
  if (query.category === undefined) return { index: 'kpi-link-index', key: query.linkId };
  if (query.category === 'Target' && query.subtype !== undefined) {
    return { index: 'target-subtype-index', key: `${query.linkId}#${query.subtype}` };
  }
  return { index: 'kpi-link-category-index', key: `${query.linkId}#${query.category}` };
}

/** Actuals have no index by subtype, and ids that contain `#` can make the same index key. */
function isAsked(row: Item, query: DataOfLinkQuery): boolean {
  if (textOf(row, 'kpi_link_id') !== query.linkId) return false;
  if (query.category !== undefined && textOf(row, 'data_category') !== query.category) return false;
  const subtype = textOf(row, query.category === 'Target' ? 'target_subtype' : 'actual_subtype');
  return query.subtype === undefined || subtype === query.subtype;
}
