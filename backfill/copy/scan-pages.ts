import type { Page, ScanPosition } from '../../functions/tables/old/old-tables.ts';
import { eachPage } from '../../functions/tables/pages.ts';

/**
 * Reads a table to its end, segments side by side, and hands over each page; a segment waits while its page is worked on.
 *
 * @param work returns, or resolves with, false to have its segment end with that page.
 */
export async function scanPages<T>(
  scan: (position: ScanPosition) => Promise<Page<T>>,
  totalSegments: number,
  work: (items: readonly T[]) => unknown,
): Promise<void> {
  const segments = Array.from({ length: totalSegments }, (_, segment) => segment);
  await Promise.all(
    segments.map(async (segment) => {
      const pages = eachPage<T>((cursor) => scan({ segment, totalSegments, ...(cursor && { cursor }) }));
      for await (const items of pages) if ((await work(items)) === false) return;
    }),
  );
}
