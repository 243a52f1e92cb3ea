import { RECORD_SOURCES, type RecordSource } from '../migration/sources.ts';
import type { Item } from '../model/attribute-value.ts';
import { distinctKpis, type KpiKey } from '../model/kpi.ts';
import { kpiPartition } from '../tables/control/control-rows.ts';
import type { UnfinishedItem } from '../tables/control/unfinished-items.ts';
import { scopeOf } from '../tables/dynamo/failure-scope.ts';
import { noteGivenUp } from './given-up.ts';
import type { RecordChange } from './replicate-record.ts';
import { replicateRecords } from './replicate-records.ts';
import { OutOfTimeError, type Replication } from './replication.ts';

/** The marks of a KPI row that ask for a fan-out: left by a live link event for itself, or for the sweep. */
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

/** What a fan-out could not bring. */
export interface FanOutResult {
  /** KPIs whose mark stays, each with the reason: their fan-out is to be tried again. */
  readonly failed: readonly { readonly kpi: KpiKey; readonly error: unknown }[];
  /** Records that were passed over for their own reason, and noted. */
  readonly unfinished: readonly UnfinishedItem[];
}

/**
 * Brings the records of the KPIs to the links these have now, KPI after KPI, including those that come up on the way.
 * A KPI without the mark is left alone. A record that cannot be brought holds up no other, nor does a KPI.
 *
 * A crash leaves the mark and a progress row: the next delivery continues from the page reached, provided that the links
 * did not change again meanwhile.
 *
 * @param select which of a page's records need the protocol; all of them unless given.
 * @throws OutOfTimeError between two pages, when little time is left; what is no fault of a record or a KPI.
 */
export async function fanOut(
  replication: Replication,
  kpis: readonly KpiKey[],
  mark: FanOutMark,
  select: Select = async (changes) => changes,
): Promise<FanOutResult> {
  const failed: { kpi: KpiKey; error: unknown }[] = [];
  const unfinished: UnfinishedItem[] = [];
  const queue = distinctKpis(kpis);
  for (let kpi = queue.shift(); kpi !== undefined; kpi = queue.shift()) {
    try {
      const brought = await fanOutKpi(replication, kpi, mark, select);
      queue.push(...brought.found);
      unfinished.push(...brought.unfinished);
      if (brought.contention !== undefined) failed.push({ kpi, error: brought.contention });
    } catch (error) {
      if (scopeOf(error) === 'whole') throw error;
      failed.push({ kpi, error });
    }
  }
  return { failed, unfinished };
}

type Select = (changes: readonly RecordChange[]) => Promise<readonly RecordChange[]>;

/** What came of a KPI's records. */
interface Brought {
  /** KPIs that came up on the way. */
  readonly found: readonly KpiKey[];
  readonly unfinished: readonly UnfinishedItem[];
  /** Some record kept being changed by others, and was not brought. */
  readonly contention: unknown;
}

async function fanOutKpi(replication: Replication, kpi: KpiKey, mark: FanOutMark, select: Select): Promise<Brought> {
  const found: KpiKey[] = [];
  const unfinished: UnfinishedItem[] = [];
  for (;;) {
    const [row] = await replication.control.readKpis([kpi]);
    const generation = mark === 'fan_out_pending' ? row?.fanOutPending : row?.sweepPending;
    if (generation === undefined) return { found: distinctKpis(found), unfinished, contention: undefined };
    const pages = await bringRecords(replication, kpi, mark, generation, select);
    found.push(...pages.found);
    unfinished.push(...pages.unfinished);
    // The mark says that some record may not have been brought, and this one was not.
    if (pages.contention !== undefined) return { ...pages, found: distinctKpis(found), unfinished };
    if (await replication.control.clearMark(kpi, mark, generation)) break;
    // Not cleared: the links changed again meanwhile, and the records listed before that are to be seen once more.
  }
  return { found: distinctKpis(found), unfinished, contention: undefined };
}

/**
 * Brings every record of the KPI to its links, from the page on that an interrupted fan-out of the same generation reached. The progress row
 * passes no page of which a record is neither brought nor noted: whoever continues from it would pass over that record.
 */
async function bringRecords(
  replication: Replication,
  kpi: KpiKey,
  mark: FanOutMark,
  generation: string,
  select: Select,
): Promise<Brought> {
  const { control } = replication;
  const progress = [kpiPartition(kpi), `progress#${mark}`] as const;
  const stored = await control.get(...progress);
  const found: KpiKey[] = [];
  const unfinished: UnfinishedItem[] = [];
  const brought = new Set<string>();
  const contended = new Map<string, unknown>();
  let isStored = stored !== undefined;
  let position: Position | undefined = reached(stored, generation);
  while (position !== undefined) {
    if (replication.remainingMs() < PAGE_RESERVE_MS) throw new OutOfTimeError('the fan-out of a KPI');
    const { ids, next }: FanOutPage = await readPage(replication, kpi, position);
    // Most records that have a touched-record row are in an index, too: what one listing named needs no second look for
    // another.
    const due = [...new Set(ids).difference(brought)];
    await bring(due);
    if (next && due.length > 0 && contended.size === 0) {
      await control.put(...progress, { generation, ...next });
      isStored = true;
    }
    position = next;
  }
  if (contended.size > 0) await bring([...contended.keys()]);
  const [contention] = contended.values();
  if (isStored && contention === undefined) await control.delete(...progress);
  return { found, unfinished, contention };

  async function bring(ids: readonly string[]): Promise<void> {
    const changes = ids.map((id) => ({ id, kpis: [kpi], sources: [] }));
    const result = await replicateRecords(replication, await select(changes));
    found.push(...result.fanOut);
    for (const id of ids) {
      brought.add(id);
      contended.delete(id);
    }
    for (const { change, error } of result.failed) {
      const scope = scopeOf(error);
      if (scope === 'whole') throw error;
      if (scope === 'item') {
        unfinished.push(await noteGivenUp(replication, { kind: 'records', ...change }, error, `${mark}#${generation}`));
        continue;
      }
      brought.delete(change.id);
      contended.set(change.id, error);
    }
  }
}

/** Where to begin: at the page that the progress row names, where it is of this generation. */
function reached(stored: Record<string, unknown> | undefined, generation: string): Position {
  if (stored?.generation !== generation) return { listing: 'touched' };
  return { listing: stored.listing as Listing, ...(stored.cursor !== undefined && { cursor: stored.cursor as Item }) };
}

/**
 * One page of the KPI's records. The index may miss what was just written, but such a record has a touched-record row
 * or is yet to write one and to look at the KPI row after that; touched-record rows come first since they are what is
 * changing.
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
