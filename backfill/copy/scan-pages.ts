import type { Page, ScanPosition } from '../../functions/tables/old/old-tables.ts';
import { eachPage } from '../../functions/tables/pages.ts';

/** Reads a table to its end, segments side by side, and hands over each page; a segment waits while its page is worked on. */
export async function scanPages<T>(
  scan: (position: ScanPosition) => Promise<Page<T>>,
  totalSegments: number,
  work: (items: readonly T[]) => void | Promise<void>,
): Promise<void> {
  const segments = Array.from({ length: totalSegments }, (_, segment) => segment);
  await Promise.all(
    segments.map(async (segment) => {
      const pages = eachPage<T>((cursor) => scan({ segment, totalSegments, ...(cursor && { cursor }) }));
      for await (const items of pages) await work(items);
    }),
  );
}
