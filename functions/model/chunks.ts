/** The items in their order, in lists of so many; the last one may be shorter. None where there are no items. */
export function inChunks<T>(items: readonly T[], sizeMax: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_, at) =>
    items.slice(at * sizeMax, (at + 1) * sizeMax),
  );
}
