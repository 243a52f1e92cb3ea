import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import type { Page, ScanPosition } from '../../../functions/tables/old/old-tables.ts';
import { writeUnitsOf } from '../../copy/write-pace.ts';

export interface TableClearing {
  readonly segments: number;
  /** Aborted when the clearing is to end after the pages in hand. */
  readonly stop: AbortSignal;
  readonly scan: (position: ScanPosition) => Promise<Page<Item>>;
  readonly deleteRows: (ids: readonly string[]) => Promise<void>;
  /** Resolves when so many write units may be used. */
  readonly pace: (writeUnits: number) => Promise<void>;
  /** Throws where no more may be deleted. */
  readonly beforePage: () => Promise<void>;
  /** Told the rows deleted, page by page. */
  readonly onDeleted: (rows: number) => void;
}

/** Rows of a page: what a kill makes the next clearing look at again. */
const PAGE_ROWS_MAX = 250;

/**
 * Deletes the rows of a table that a scan finds, segments side by side. It keeps no cursor: what is deleted is not met again. When one
 * segment fails, the others end after the page in hand.
 *
 * @returns how many rows were deleted.
 */
export async function clearTable(clearing: TableClearing): Promise<number> {
  const failed = new AbortController();
  const stop = AbortSignal.any([clearing.stop, failed.signal]);
  const results = await Promise.allSettled(
    Array.from({ length: clearing.segments }, async (_, segment) => {
      try {
        return await clearSegment({ ...clearing, stop }, segment);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.reduce((rows, result) => rows + (result.status === 'fulfilled' ? result.value : 0), 0);
}

async function clearSegment(clearing: TableClearing, segment: number): Promise<number> {
  const { segments, stop, scan, deleteRows, pace, beforePage, onDeleted } = clearing;
  let rows = 0;
  let cursor: Item | undefined;
  do {
    if (stop.aborted) return rows;
    await beforePage();
    const page: Page<Item> = await scan({
      segment,
      totalSegments: segments,
      limit: PAGE_ROWS_MAX,
      ...(cursor && { cursor }),
    });
    const ids = page.items.map((row) => textOf(row, 'id')).filter((id) => id !== undefined);
    await pace(writeUnitsOf(page.items));
    await deleteRows(ids);
    rows += ids.length;
    onDeleted(ids.length);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return rows;
}
