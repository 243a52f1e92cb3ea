import type { Item } from '../../model/attribute-value.ts';
import { comparePositions, type Order, type Position } from '../position.ts';
import type { RowPage } from '../query.ts';

/**
 * Items to ask an index for beside those of the page: one that shows that a page follows, and one that shows that its date is
 * complete. Without them most pages would take a second query.
 */
export const LOOK_AHEAD = 2;

/** A row, and where it stands in the listing. */
export interface PositionedRow {
  readonly position: Position;
  readonly row: Item;
}

/**
 * The rows of an index query in full order. An index orders by its sort key and leaves the order of equal keys open; so
 * every run of equal keys is gathered whole and sorted by id. Memory is bound by the longest such run.
 */
export async function* inFullOrder(
  chunks: AsyncIterable<readonly PositionedRow[]>,
  order: Order,
): AsyncGenerator<PositionedRow> {
  let run: PositionedRow[] = [];
  for await (const chunk of chunks) {
    for (const each of chunk) {
      if (run[0] && run[0].position.sort !== each.position.sort) {
        yield* sorted(run, order);
        run = [];
      }
      run.push(each);
    }
  }
  yield* sorted(run, order);
}

export function sorted(rows: readonly PositionedRow[], order: Order): PositionedRow[] {
  return rows.toSorted((left, right) => comparePositions(left.position, right.position, order));
}

/** The first rows after the position; one more is looked for, so that `next` is there only where a page follows. */
export async function takePage(
  rows: AsyncIterable<PositionedRow> | Iterable<PositionedRow>,
  page: { readonly after?: Position | undefined; readonly limit: number; readonly order: Order },
): Promise<RowPage> {
  const taken: PositionedRow[] = [];
  for await (const each of rows) {
    if (page.after && comparePositions(each.position, page.after, page.order) <= 0) continue;
    if (taken.length === page.limit) {
      return { rows: taken.map(({ row }) => row), next: (taken.at(-1) as PositionedRow).position };
    }
    taken.push(each);
  }
  return { rows: taken.map(({ row }) => row) };
}
