import { setImmediate as nextTurn } from 'node:timers/promises';
import { RECORD_SOURCES, type RecordSource, type Source } from '../migration/sources.ts';
import { LOOK_UP_TABLE_OF, NEW_DATA, NEW_LINKS, OLD_TABLE_OF } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import type { HeldRecords } from '../model/kpi.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { sourcesOf } from './findings.ts';
import type { RecordSides } from './record-sides.ts';
import { readRefused } from './refused-items.ts';
import { beginSides, type ScannedSides } from './sides.ts';

/** The scans that are resumed; look-ups and links are read again in every process. */
const RECORD_PASSES = [...RECORD_SOURCES, NEW_DATA] as const;
export type RecordPass = (typeof RECORD_PASSES)[number];

/** How far a segment of a scan has come. */
export interface SegmentPosition {
  readonly cursor?: Item;
  readonly done: boolean;
}

/** Where the scans are, and what has come of them, as of one moment. */
export interface ScanState {
  readonly segments: Readonly<Record<RecordPass, readonly SegmentPosition[]>>;
  readonly sides: RecordSides;
}

/** Where a scan's state is kept. */
export interface Checkpoints {
  /** The state of an earlier, interrupted scan that may be taken up; undefined to start again. */
  readonly load: () => Promise<ScanState | undefined>;
  readonly save: (state: ScanState) => Promise<void>;
}

/** Told how the scans get on. */
export interface ScanProgress {
  readonly begin: (table: string) => void;
  readonly advance: (items: number) => void;
  readonly end: () => void;
}

export interface ScanOptions {
  readonly reads: ValidationReads;
  readonly heldRecords: HeldRecords;
  /** Parallel scans a table where no state is taken up. */
  readonly segments: number;
  readonly phase?: Source;
  readonly checkpoints: Checkpoints;
  /** Milliseconds between two checkpoints; where it is infinite, none is kept. */
  readonly checkpointMs: number;
  readonly nowMs: () => number;
  readonly progress: ScanProgress;
  /** Aborted when the scan is to end after the pages in hand, with a checkpoint. */
  readonly stop: AbortSignal;
}

/**
 * Scans both sides once: look-ups and links, then the old records, then the data rows; a phase only what it is about.
 *
 * @throws the abort reason where `stop` is aborted; a checkpoint has been kept by then.
 */
export async function scanSides(options: ScanOptions): Promise<ScannedSides> {
  const state = await options.checkpoints.load();
  const lookUps = beginSides(options.heldRecords, state?.sides, await readRefused(options.reads));
  await scanAll(options, LOOK_UP_TABLE_OF.kpi, (items) => lookUps.addKpis(items));
  await scanAll(options, LOOK_UP_TABLE_OF.person, (items) => lookUps.addPeople(items));
  const oldLinks = lookUps.lookUpsDone();
  await scanAll(options, OLD_TABLE_OF.links, (items) => oldLinks.addOldLinks(items));
  const newLinks = oldLinks.oldLinksDone();
  await scanAll(options, NEW_LINKS, (items) => newLinks.addNewLinks(items));
  const records = newLinks.newLinksDone();
  const positions = Object.fromEntries(
    RECORD_PASSES.map((pass) => [pass, [...(state?.segments[pass] ?? fresh(options.segments))]]),
  ) as Record<RecordPass, SegmentPosition[]>;

  const keeper = new CheckpointKeeper(options, () => ({
    segments: structuredClone(positions),
    sides: records.stored(),
  }));
  // Kept also where a scan fails or is stopped, and before what the scans have found is looked into.
  try {
    for (const source of recordSources(options)) {
      await scanRecords(options, OLD_TABLE_OF[source], positions[source], keeper, (items) =>
        records.addOldRecords(source, items),
      );
    }
    const data = records.oldRecordsDone();
    if (options.phase !== 'links') {
      await scanRecords(options, NEW_DATA, positions[NEW_DATA], keeper, (items) => data.addNewData(items));
    }
    return data.newDataDone();
  } finally {
    if (Number.isFinite(options.checkpointMs)) await keeper.keep();
  }
}

/** With `personal-link`, even a link's row depends on the records. */
function recordSources({ phase, heldRecords }: ScanOptions): readonly RecordSource[] {
  if (heldRecords === 'personal-link') return RECORD_SOURCES;
  const sources = sourcesOf(phase);
  return RECORD_SOURCES.filter((source) => sources.includes(source));
}

function fresh(segments: number): SegmentPosition[] {
  return Array.from({ length: segments }, () => ({ done: false }));
}

/** A whole table, from its start. */
async function scanAll(options: ScanOptions, table: ReadTable, add: (items: readonly Item[]) => void): Promise<void> {
  await scanSegments(options, table, fresh(options.segments), add, async () => {});
  options.stop.throwIfAborted();
}

async function scanRecords(
  options: ScanOptions,
  table: ReadTable,
  positions: SegmentPosition[],
  keeper: CheckpointKeeper,
  add: (items: readonly Item[]) => void,
): Promise<void> {
  if (positions.every(({ done }) => done)) return;
  await scanSegments(options, table, positions, add, () => keeper.keepIfDue());
  options.stop.throwIfAborted();
}

/** Segments side by side. A page is added and its position moved in one go, so that a checkpoint never splits them. */
async function scanSegments(
  { reads, progress, stop }: ScanOptions,
  table: ReadTable,
  positions: SegmentPosition[],
  add: (items: readonly Item[]) => void,
  afterPage: () => Promise<void>,
): Promise<void> {
  progress.begin(table);
  const failed = new AbortController();
  const results = await Promise.allSettled(
    positions.map(async (start, segment) => {
      try {
        const scanFrom = (cursor?: Item) =>
          reads.scan(table, { segment, totalSegments: positions.length, ...(cursor && { cursor }) });
        let pending = start.done || stop.aborted ? undefined : scanFrom(start.cursor);
        while (pending !== undefined) {
          const page = await pending;
          const goesOn = page.cursor !== undefined && !stop.aborted && !failed.signal.aborted;
          pending = goesOn ? scanFrom(page.cursor) : undefined;
          // Handled where it is awaited.
          pending?.catch(() => {});
          // The next page is under way before this one is worked on.
          if (goesOn) await nextTurn();
          add(page.items);
          positions[segment] = page.cursor ? { cursor: page.cursor, done: false } : { done: true };
          progress.advance(page.items.length);
          await afterPage();
        }
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  progress.end();
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Keeps checkpoints, one at a time and not too often. */
class CheckpointKeeper {
  readonly #options: ScanOptions;
  readonly #state: () => ScanState;
  #keptAtMs: number;
  #keeping: Promise<void> | undefined;

  constructor(options: ScanOptions, state: () => ScanState) {
    this.#options = options;
    this.#state = state;
    this.#keptAtMs = options.nowMs();
  }

  async keepIfDue(): Promise<void> {
    const due = this.#options.nowMs() - this.#keptAtMs >= this.#options.checkpointMs;
    if (due && this.#keeping === undefined) await this.keep();
  }

  async keep(): Promise<void> {
    await this.#keeping;
    this.#keptAtMs = this.#options.nowMs();
    this.#keeping = this.#options.checkpoints.save(this.#state());
    try {
      await this.#keeping;
    } finally {
      this.#keeping = undefined;
    }
  }
}
