import { type Item, textOf } from '../model/attribute-value.ts';
import { differences, sameItem } from '../model/compare.ts';
import type { RowPage } from './query.ts';

/** How a row of the new side differs from what the old side has it to be. */
export interface RowDifference {
  readonly kind: 'missing' | 'extra' | 'different';
  /** The row as the old side has it; absent for an extra one. */
  readonly expected?: Item;
  /** Names of the attributes that differ. */
  readonly attributes: readonly string[];
}

/** The rows that differ between the two sides' answers to one request, by id, by the model's own comparison. */
export function comparePages(old: RowPage, fresh: RowPage): ReadonlyMap<string, RowDifference> {
  const [expected, actual] = [rowsById(old), rowsById(fresh)];
  const found = new Map<string, RowDifference>();
  for (const [id, row] of expected) {
    const other = actual.get(id);
    const differing = differences(row, other);
    if (differing.length === 0) continue;
    found.set(id, {
      kind: other ? 'different' : 'missing',
      expected: row,
      attributes: other ? differing.map(({ attribute }) => attribute) : [],
    });
  }
  for (const id of actual.keys()) if (!expected.has(id)) found.set(id, { kind: 'extra', attributes: [] });
  return found;
}

/**
 * What still differs, in the same way, after the bound of the streams' lag: the old row is as it was, so the new one has had the
 * time to be like it. What changed meanwhile is in flight, and proves nothing.
 */
export function provenDifferences(
  before: ReadonlyMap<string, RowDifference>,
  after: ReadonlyMap<string, RowDifference>,
): RowDifference[] {
  return [...after].flatMap(([id, difference]) => {
    const earlier = before.get(id);
    return earlier && sameItem(earlier.expected, difference.expected) ? [difference] : [];
  });
}

function rowsById(page: RowPage): Map<string, Item> {
  return new Map(page.rows.map((row) => [textOf(row, 'id') ?? '', row]));
}
