import { type Item, textOf } from '../model/attribute-value.ts';

/**
 * A row's place in an ordered listing: by the text of its sort attribute, then by its id. It does not name a side, so a
 * listing that started on one side can continue on the other.
 */
export interface RowPosition {
  /** `post_date` of a KpiData row, exactly as stored; empty in listings of links, which are ordered by id alone. */
  readonly sort: string;
  readonly id: string;
}

/** The place of a KpiLink row. */
export function linkPosition(row: Item): RowPosition {
  return { sort: '', id: textOf(row, 'id') ?? '' };
}

/** The place of a KpiData row. */
export function dataPosition(row: Item): RowPosition {
  return { sort: textOf(row, 'post_date') ?? '', id: textOf(row, 'id') ?? '' };
}

export type Order = 'oldest-first' | 'newest-first';

/**
 * Orders texts by the bytes of their UTF-8, as a DynamoDB sort key does (Developer Guide, "Data types": String).
 * JavaScript orders by UTF-16 code unit, which puts surrogates before the code units above them.
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

/** Ranks surrogates last, because they encode the highest code points. */
function codePointRank(codeUnit: number): number {
  const isSurrogate = codeUnit >= SURROGATES_START && codeUnit < SURROGATES_END;
  return isSurrogate ? codeUnit + 0x10000 : codeUnit;
}

/** Negative, zero or positive if the left text is before, at, or after the right one in this order. */
export function compareTexts(left: string, right: string, order: Order): number {
  return order === 'oldest-first' ? compareUtf8(left, right) : compareUtf8(right, left);
}

/** The same for two positions. */
export function comparePositions(left: RowPosition, right: RowPosition, order: Order): number {
  return compareTexts(left.sort, right.sort, order) || compareTexts(left.id, right.id, order);
}
