import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import type { Page, ScanPosition } from '../../../functions/tables/old/old-tables.ts';
import { eachPage } from '../../../functions/tables/pages.ts';
import { writeUnitsOf } from '../../copy/copier.ts';
import { sideBySide } from '../../copy/segments.ts';
import type { Pace } from '../../copy/write-pace.ts';

export interface TableClearing {
  readonly segments: number;
  /** Aborted when the clearing is to end after the pages in hand. */
  readonly stop: AbortSignal;
  readonly scan: (position: ScanPosition) => Promise<Page<Item>>;
  readonly deleteRows: (ids: readonly string[]) => Promise<void>;
  readonly pace: Pace;
  /** Throws where no more may be deleted. */
  readonly beforePage: () => Promise<void>;
  /** Told the rows deleted, page by page. */
  readonly onDeleted: (rows: number) => void;
}

/** Rows of a page: what a kill makes the next clearing look at again. */
const PAGE_ROWS_MAX = 250;

/**
 * Deletes the rows of a table that a scan finds, segments side by side. It keeps no cursor: a deleted row is not found
 * again.
 *
 * @returns how many rows were deleted.
 */
export async function clearTable(clearing: TableClearing): Promise<number> {
  const segments = Array.from({ length: clearing.segments }, (_, segment) => segment);
  const deleted = await sideBySide(segments, clearing.stop, (segment, stop) =>
    clearSegment({ ...clearing, stop }, segment),
  );
  return deleted.reduce((sum, rows) => sum + rows, 0);
}

async function clearSegment(clearing: TableClearing, segment: number): Promise<number> {
  const { segments, stop, scan, deleteRows, pace, beforePage, onDeleted } = clearing;
  const pages = eachPage<Item>(async (cursor) => {
    await beforePage();
    return scan({ segment, totalSegments: segments, limit: PAGE_ROWS_MAX, ...(cursor && { cursor }) });
  });
  let deleted = 0;
  if (stop.aborted) return deleted;
  for await (const rows of pages) {
    const ids = rows.map((row) => textOf(row, 'id')).filter((id) => id !== undefined);
    const settle = await pace(writeUnitsOf(rows));
    await deleteRows(ids);
    settle?.();
    deleted += ids.length;
    onDeleted(ids.length);
    if (stop.aborted) break;
  }
  return deleted;
}
