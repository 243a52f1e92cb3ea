import { type Item, textOf } from '../model/attribute-value.ts';
import { differences, sameItem } from '../model/compare.ts';
import type { RowPage } from './query.ts';

/** How a row of the new side differs from the old side's. */
export interface RowDifference {
  readonly kind: 'missing' | 'extra' | 'different';
  /** The old side's row; absent if the new side's is extra. */
  readonly expected?: Item;
  /** Names of the attributes that differ. */
  readonly attributes: readonly string[];
}

/** The rows, by id, in which the sides' answers to one request differ, by the model's own comparison. */
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
 * The differences that remain after the lag bound while the old row stayed the same, so replication has had time to
 * copy it. If the old row has changed meanwhile, its copy is in flight, which proves nothing.
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
