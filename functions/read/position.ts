/**
 * Where in an ordered listing a row stands: by the text of its sort attribute, then by its id. It names no side, so that
 * a page taken on one side goes on after the same row on the other.
 */
export interface Position {
  /** `post_date` of a KpiData row, exactly as stored; empty in listings of links, which are ordered by id alone. */
  readonly sort: string;
  readonly id: string;
}

export type Order = 'oldest-first' | 'newest-first';

/**
 * Orders texts by the bytes of their UTF-8, as a DynamoDB sort key does (Developer Guide, "Data types": String).
 * JavaScript's own order is by UTF-16 code unit, and differs where surrogates meet units above them.
 */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (one !== other) return codePointRank(one) - codePointRank(other);
  }
  return left.length - right.length;
}

const SURROGATES_START = 0xd800;
const SURROGATES_END = 0xe000;

/** A code unit moved so that surrogates, which stand for the highest code points, come last. */
function codePointRank(codeUnit: number): number {
  const isSurrogate = codeUnit >= SURROGATES_START && codeUnit < SURROGATES_END;
  return isSurrogate ? codeUnit + 0x10000 : codeUnit;
}

/** Negative, zero or positive as the left position comes before, is, or comes after the right one in the order. */
export function comparePositions(left: Position, right: Position, order: Order): number {
  const ascending = compareUtf8(left.sort, right.sort) || compareUtf8(left.id, right.id);
  return order === 'oldest-first' ? ascending : -ascending;
}
