import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import type { Page, ScanPosition } from '../../functions/tables/old/old-tables.ts';

/** The part of a sorted listing after the cursor, which names the last key of the page before. */
export function pageOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  cursor: Item | undefined,
  limit: number,
): Page<T> {
  const after = textOf(cursor, 'after');
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return last !== undefined && rest.length > limit ? { items, cursor: { after: { S: keyOf(last) } } } : { items };
}

/** The keys of one segment of a scan, sorted. */
export function segmentOf(keys: readonly string[], { segment, totalSegments }: ScanPosition): string[] {
  return keys.filter((key) => totalSegments === 1 || hashOf(key) % totalSegments === segment).sort();
}

function hashOf(text: string): number {
  let hash = 7;
  for (let at = 0; at < text.length; at += 1) hash = (hash * 31 + text.charCodeAt(at)) >>> 0;
  return hash;
}
