import type { Item } from '../model/attribute-value.ts';
import { distinctKpis, type KpiKey, RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
import { kpiPartition } from '../tables/control-rows.ts';
import { replicateRecords } from './replicate-records.ts';
import { OutOfTimeError, type Replication } from './replication.ts';

/** The marks of a K row that ask for a fan-out: left by a live link event for itself, or for the sweep. */
export type FanOutMark = 'fan_out_pending' | 'sweep_pending';

/** A page takes seconds; with less time than this left, the next delivery does it. */
const PAGE_RESERVE_MS = 60_000;

/** The listings that together name every record of a KPI, in the order in which they are read. */
const LISTINGS = ['touched', ...RECORD_SOURCES] as const;
type Listing = (typeof LISTINGS)[number];

interface Position {
  readonly listing: Listing;
  readonly cursor?: Item;
}

interface FanOutPage {
  /** Of records, some perhaps more than once. */
  readonly ids: readonly string[];
  readonly next: Position | undefined;
}

/**
 * Brings the records of the KPIs to the links these have now, KPI after KPI, including those that come up on the way.
 * A KPI without the mark is left alone.
 *
 * A crash leaves the mark and a progress row: the next delivery goes on from the page reached, provided that the links
 * did not change again meanwhile.
 *
 * @throws OutOfTimeError between two pages, when little time is left.
 */
export async function fanOut(replication: Replication, kpis: readonly KpiKey[], mark: FanOutMark): Promise<void> {
  const queue = distinctKpis(kpis);
  for (let kpi = queue.shift(); kpi !== undefined; kpi = queue.shift()) {
    const found = await fanOutKpi(replication, kpi, mark);
    queue.push(...found);
  }
}

async function fanOutKpi(replication: Replication, kpi: KpiKey, mark: FanOutMark): Promise<readonly KpiKey[]> {
  const found: KpiKey[] = [];
  for (;;) {
    const [row] = await replication.control.readKpis([kpi]);
    const generation = mark === 'fan_out_pending' ? row?.fanOutPending : row?.sweepPending;
    if (generation === undefined) break;
    found.push(...(await bringRecords(replication, kpi, mark, generation)));
    if (await replication.control.clearMark(kpi, mark, generation)) break;
    // Not cleared: the links changed again meanwhile, and the records listed before that are to be seen once more.
  }
  return distinctKpis(found);
}

/** Brings every record of the KPI to its links, from the page on that an interrupted fan-out of the same generation reached. */
async function bringRecords(
  replication: Replication,
  kpi: KpiKey,
  mark: FanOutMark,
  generation: string,
): Promise<readonly KpiKey[]> {
  const { control } = replication;
  const progress = [kpiPartition(kpi), `progress#${mark}`] as const;
  const stored = await control.get(...progress);
  const found: KpiKey[] = [];
  const brought = new Set<string>();
  let isStored = stored !== undefined;
  let position: Position | undefined = reached(stored, generation);
  while (position !== undefined) {
    if (replication.remainingMs() < PAGE_RESERVE_MS) throw new OutOfTimeError('the fan-out of a KPI');
    const { ids, next }: FanOutPage = await readPage(replication, kpi, position);
    // Most records that have a C row are in an index, too: what one listing named needs no second look for another.
    const due = [...new Set(ids).difference(brought)];
    const changes = due.map((id) => ({ id, kpis: [kpi], sources: [] }));
    const result = await replicateRecords(replication, changes);
    if (result.failed[0]) throw result.failed[0].error;
    found.push(...result.fanOut);
    for (const id of due) brought.add(id);
    if (next && due.length > 0) {
      await control.put(...progress, { generation, ...next });
      isStored = true;
    }
    position = next;
  }
  if (isStored) await control.delete(...progress);
  return found;
}

/** Where to begin: at the page that the progress row names, where it is of this generation. */
function reached(stored: Record<string, unknown> | undefined, generation: string): Position {
  if (stored?.generation !== generation) return { listing: 'touched' };
  return { listing: stored.listing as Listing, ...(stored.cursor !== undefined && { cursor: stored.cursor as Item }) };
}

/**
 * One page of the KPI's records. The index may miss what was just written, but such a record has a C row or is yet to
 * write one and to look at K after that; C rows come first since they are what is changing.
 */
async function readPage(replication: Replication, kpi: KpiKey, position: Position): Promise<FanOutPage> {
  const { items, cursor } =
    position.listing === 'touched'
      ? await replication.control.queryTouchedRecords(kpi, position.cursor)
      : await replication.old.queryRecordIds(position.listing as RecordSource, kpi, position.cursor);
  const following = LISTINGS[LISTINGS.indexOf(position.listing) + 1];
  return {
    ids: items,
    next: cursor ? { listing: position.listing, cursor } : following && { listing: following },
  };
}
