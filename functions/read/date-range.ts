import { compareUtf8, type RowPosition } from './position.ts';
import type { DataOfLinkQuery } from './query.ts';

/** The last character in the order of UTF-8. Appended to a bound, it covers every text that starts with the bound. */
const LAST_CHARACTER = '\u{10FFFF}';

export interface DateRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * The part of an index that a page has to read: the query's range from the position on. The position's own date is read
 * again whole, because an index does not order rows of the same date.
 *
 * @returns undefined if the range is empty, which DynamoDB would refuse.
 */
export function rangeToRead(query: DataOfLinkQuery, after: RowPosition | undefined): DateRange | undefined {
  const to = query.to === undefined ? undefined : query.to + LAST_CHARACTER;
  const range =
    query.order === 'oldest-first'
      ? { from: outermost(query.from, after?.sort, 1), to }
      : { from: query.from, to: outermost(to, after?.sort, -1) };
  const isEmpty = range.from !== undefined && range.to !== undefined && compareUtf8(range.from, range.to) > 0;
  return isEmpty ? undefined : range;
}

export function isInRange(date: string, range: DateRange): boolean {
  if (range.from !== undefined && compareUtf8(date, range.from) < 0) return false;
  return range.to === undefined || compareUtf8(date, range.to) <= 0;
}

/** The later text if the sign is positive, the earlier one if it is negative. */
function outermost(left: string | undefined, right: string | undefined, sign: 1 | -1): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return compareUtf8(left, right) * sign > 0 ? left : right;
}
