import type { RecordSource } from '../../migration/sources.ts';
import type { OldReads, RecordEntry } from '../../tables/old/old-reads.ts';
import { eachItem } from '../../tables/pages.ts';
import type { DateRange } from '../date-range.ts';
import { compareTexts, type Order } from '../position.ts';

/** Consecutive records of the listing, complete up to `through`: no later chunk has a record of that date. */
export interface EntryChunk {
  readonly entries: readonly RecordEntry[];
  /** The last complete date; absent on the last chunk. */
  readonly through?: string;
}

/**
 * The KPI's records of several tables as one listing by date, in chunks of at least `size` that never split a date.
 * Each query asks for one more, which shows whether the chunk's last date is complete.
 */
export async function* entryChunks(
  tables: OldReads,
  sources: readonly RecordSource[],
  kpiId: string,
  range: DateRange,
  order: Order,
  size: number,
): AsyncGenerator<EntryChunk> {
  const listings = sources.map((source) => entriesOf(tables, source, kpiId, range, order, size + 1));
  let entries: RecordEntry[] = [];
  for await (const entry of merged(listings, order)) {
    const through = entries.at(-1)?.date;
    if (through !== undefined && entries.length >= size && entry.date !== through) {
      yield { entries, through };
      entries = [];
    }
    entries.push(entry);
  }
  yield { entries };
}

/** The KPI's records in one table by date, of any tenant. */
export function entriesOf(
  tables: OldReads,
  source: RecordSource,
  kpiId: string,
  range: DateRange,
  order: Order,
  limit: number,
): AsyncGenerator<RecordEntry> {
  const part = { ...range, descending: order === 'newest-first', limit };
  return eachItem((cursor) => tables.queryRecords(source, kpiId, part, cursor));
}

async function* merged(listings: readonly AsyncGenerator<RecordEntry>[], order: Order): AsyncGenerator<RecordEntry> {
  const heads = await Promise.all(listings.map((listing) => listing.next()));
  for (;;) {
    let first: { readonly at: number; readonly entry: RecordEntry } | undefined;
    for (const [at, head] of heads.entries()) {
      if (head.done || (first && compareTexts(head.value.date, first.entry.date, order) >= 0)) continue;
      first = { at, entry: head.value };
    }
    if (first === undefined) return;
    yield first.entry;
    heads[first.at] = await (listings[first.at] as AsyncGenerator<RecordEntry>).next();
  }
}
