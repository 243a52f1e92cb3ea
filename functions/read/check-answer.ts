import { type Item, textOf } from '../model/attribute-value.ts';
import { isInRange, rangeToRead } from './date-range.ts';
import { comparePositions, dataPosition, linkPosition, type Order } from './position.ts';
import type { KpiQuery, ReadRequest, RowPage } from './query.ts';

const LINK_REQUIRED = ['kpi_id', 'person_id', 'linked_at', 'uniqueness_key'] as const;
const DATA_REQUIRED = ['kpi_link_id', 'data_category', 'post_date', 'recorded_at'] as const;

/**
 * Checks an answer of the new side on its own. It must not hold too many rows, rows of another tenant, rows that nobody
 * requested, rows without a required attribute, or rows out of order. This is cheap enough for every read.
 *
 * @returns what is wrong, as a sentence; undefined if nothing is.
 */
export function faultOf(request: ReadRequest, page: RowPage): string | undefined {
  if (page.rows.length > request.limit) return 'The page has more rows than requested.';
  const { query } = request;
  const isLinks = query.kind.startsWith('link');
  const order: Order = query.kind === 'data-of-link' ? query.order : 'oldest-first';
  let last = request.after;
  for (const row of page.rows) {
    const fault = faultOfRow(query, row, isLinks ? LINK_REQUIRED : DATA_REQUIRED);
    if (fault) return fault;
    const position = isLinks ? linkPosition(row) : dataPosition(row);
    if (last && comparePositions(position, last, order) <= 0) return 'Rows are out of order or repeated.';
    last = position;
  }
  return undefined;
}

function faultOfRow(query: KpiQuery, row: Item, required: readonly string[]): string | undefined {
  if (textOf(row, 'tenant_id') !== query.tenantId) return 'A row belongs to another tenant.';
  const missing = ['id', ...required].find((name) => textOf(row, name) === undefined);
  if (missing !== undefined) return `A row lacks ${missing}.`;
  return isAskedFor(query, row) ? undefined : 'A row was not requested.';
}

function isAskedFor(query: KpiQuery, row: Item): boolean {
  switch (query.kind) {
    case 'link-by-id':
      return textOf(row, 'id') === query.linkId;
    case 'links-by-kpi':
      return textOf(row, 'kpi_id') === query.id;
    case 'links-by-goal':
      return textOf(row, 'goal_id') === query.id;
    case 'links-by-tenant':
      return true;
    case 'data-by-id':
      return (
        textOf(row, 'id') === query.dataId &&
        (query.linkId === undefined || textOf(row, 'kpi_link_id') === query.linkId)
      );
    case 'data-of-link': {
      const range = rangeToRead(query, undefined);
      return (
        textOf(row, 'kpi_link_id') === query.linkId &&
        (query.category === undefined || textOf(row, 'data_category') === query.category) &&
        (query.subtype === undefined ||
          (textOf(row, 'target_subtype') ?? textOf(row, 'actual_subtype')) === query.subtype) &&
        range !== undefined &&
        isInRange(textOf(row, 'post_date') as string, range)
      );
    }
  }
}
