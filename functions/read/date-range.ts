import { compareUtf8, type Position } from './position.ts';
import type { DataOfLinkQuery } from './query.ts';

/** The last of all characters in the order of UTF-8: a bound with it added covers every text that begins with the bound. */
const LAST_CHARACTER = '\u{10FFFF}';

export interface DateRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * What of an index a page has to read: the query's range, and of it only what comes at or after the position. The
 * position's own date is read again whole, since rows that share it have no order in an index.
 *
 * @returns undefined where the range is empty, which DynamoDB would refuse as an error.
 */
export function rangeToRead(query: DataOfLinkQuery, after: Position | undefined): DateRange | undefined {
  const to = query.to === undefined ? undefined : query.to + LAST_CHARACTER;
  const range =
    query.order === 'oldest-first'
      ? { from: later(query.from, after?.sort), to }
      : { from: query.from, to: earlier(to, after?.sort) };
  const isEmpty = range.from !== undefined && range.to !== undefined && compareUtf8(range.from, range.to) > 0;
  return isEmpty ? undefined : range;
}

export function isInRange(date: string, range: DateRange): boolean {
  if (range.from !== undefined && compareUtf8(date, range.from) < 0) return false;
  return range.to === undefined || compareUtf8(date, range.to) <= 0;
}

function later(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return compareUtf8(left, right) > 0 ? left : right;
}

function earlier(left: string | undefined, right: string | undefined): string | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return compareUtf8(left, right) < 0 ? left : right;
}
