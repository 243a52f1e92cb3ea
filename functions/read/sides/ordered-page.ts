import type { Item } from '../../model/attribute-value.ts';
import { comparePositions, dataPosition, linkPosition, type Order, type RowPosition } from '../position.ts';
import type { RowPage } from '../query.ts';

/**
 * Items to request beyond the page: one shows whether a page follows, one shows whether its date is complete. Without
 * them most pages would take a second query.
 */
export const LOOK_AHEAD = 2;

/** A row and its place in the listing. */
export interface PositionedRow {
  readonly position: RowPosition;
  readonly row: Item;
}

export function positionedLink(row: Item): PositionedRow {
  return { position: linkPosition(row), row };
}

export function positionedData(row: Item): PositionedRow {
  return { position: dataPosition(row), row };
}

/**
 * The rows of an index query in full order. An index does not order rows of the same sort key, so every run of equal
 * keys is collected whole and sorted by id. The longest such run bounds the memory.
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

/** The first rows after the position. It looks for one more, so `next` is there only if a page follows. */
export async function takePage(
  rows: AsyncIterable<PositionedRow> | Iterable<PositionedRow>,
  page: { readonly after?: RowPosition | undefined; readonly limit: number; readonly order: Order },
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
