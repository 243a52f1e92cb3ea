import type { Item } from '../model/attribute-value.ts';

/** Reads a listing page by page; the next page is requested only when the caller asks for it. */
export async function* eachPage<T, Cursor = Item>(
  read: (cursor: Cursor | undefined) => Promise<{ readonly items: readonly T[]; readonly cursor?: Cursor | undefined }>,
): AsyncGenerator<readonly T[]> {
  let cursor: Cursor | undefined;
  do {
    const page = await read(cursor);
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The same, item by item. */
export async function* eachItem<T, Cursor = Item>(
  ...[read]: Parameters<typeof eachPage<T, Cursor>>
): AsyncGenerator<T> {
  for await (const items of eachPage(read)) yield* items;
}
