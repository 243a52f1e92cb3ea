import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import type { Run } from '../../functions/tables/control/documents.ts';
import type { Page, ScanPosition } from '../../functions/tables/old/old-tables.ts';
import { CheckpointWriter } from './checkpoints.ts';
import { OPEN_GATE, type PageGate } from './page-gate.ts';
import { type Checkpoint, checkpointsOf, type Pass, writeCheckpoint } from './run-state.ts';
import { addTallies, type Tally } from './tally.ts';

/** Items between two checkpoints of a segment at most: what a crash makes the next run look at again. */
const PAGE_ITEMS_MAX = 250;

/** A pass over one table, page by page. */
export interface PagedWork<T> {
  readonly pass: Pass;
  readonly scan: (position: ScanPosition) => Promise<Page<T>>;
  /** Pages of a segment that are worked on at once; 1 where absent. */
  readonly pagesAtOnce?: number;
  /** Works on a page. It may be given the same page again, after a crash. */
  readonly work: (items: readonly T[]) => Promise<Tally>;
}

export interface PassCircumstances {
  readonly control: ControlTable;
  readonly run: Run;
  readonly stored: readonly Checkpoint[];
  /** Aborted when the run is to end after the pages in hand. */
  readonly stop: AbortSignal;
  /** Asked before each page; always open where absent. */
  readonly gate?: PageGate | undefined;
  /** Told the items scanned in this process, page by page. */
  readonly onScanned: (items: number) => void;
}

/**
 * Works through all segments side by side, each from its checkpoint, which follows the pages that are done. First of all the
 * checkpoints are written as they are, so that a pass that began can be known from the first write on.
 *
 * When one segment fails the others finish the pages in hand; a crash leaves pages done but not noted, which are then
 * worked on again.
 *
 * @returns the checkpoints reached: all done, unless `stop` was aborted.
 */
export async function runSegments<T>(circumstances: PassCircumstances, work: PagedWork<T>): Promise<Checkpoint[]> {
  const { control, run, stored } = circumstances;
  const checkpoints = checkpointsOf(run, work.pass, stored);
  await Promise.all(checkpoints.map((checkpoint) => writeCheckpoint(control, checkpoint)));

  return sideBySide(checkpoints, circumstances.stop, (checkpoint, stop) =>
    runSegment({ ...circumstances, stop }, work, checkpoint),
  );
}

/**
 * Works on all segments at once. When one fails, the others are told to stop after the page in hand, and then its error
 * is thrown.
 */
export async function sideBySide<Segment, Result>(
  segments: readonly Segment[],
  stopped: AbortSignal,
  work: (segment: Segment, stop: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const failed = new AbortController();
  const stop = AbortSignal.any([stopped, failed.signal]);
  const results = await Promise.allSettled(
    segments.map(async (segment) => {
      try {
        return await work(segment, stop);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** A page whose work has begun. */
interface PageInHand {
  readonly items: number;
  readonly cursor: Page<unknown>['cursor'];
  readonly tally: Promise<Tally>;
}

/** Works through one segment from its checkpoint. @returns the checkpoint reached. */
export async function runSegment<T>(
  {
    control,
    run,
    stop,
    onScanned,
    gate = OPEN_GATE,
  }: Omit<PassCircumstances, 'stored' | 'run'> & { readonly run: Pick<Run, 'totalSegments'> },
  { scan, work, pagesAtOnce = 1 }: PagedWork<T>,
  start: Checkpoint,
): Promise<Checkpoint> {
  const checkpoints = new CheckpointWriter(control);
  const position = { segment: start.segment, totalSegments: run.totalSegments, limit: PAGE_ITEMS_MAX };
  const scanFrom = (cursor: Checkpoint['cursor']) => observed(scan(cursor ? { ...position, cursor } : position));
  const inHand: PageInHand[] = [];
  let checkpoint = start;
  // The next page is read while those before it are worked on.
  let next = start.done || stop.aborted ? undefined : scanFrom(start.cursor);
  while (next !== undefined || inHand.length > 0) {
    const hasRoom = inHand.length < pagesAtOnce && !stop.aborted;
    // While no page may be taken, those in hand are finished and noted.
    if (next !== undefined && hasRoom && (inHand.length > 0 ? gate.tryEnter() : await gate.enter(stop))) {
      const page = await next;
      next = page.cursor && !stop.aborted ? scanFrom(page.cursor) : undefined;
      inHand.push({ items: page.items.length, cursor: page.cursor, tally: observed(work(page.items)) });
      continue;
    }
    const done = inHand.shift();
    if (done === undefined) break;
    const tally = await done.tally;
    gate.leave();
    const { cursor: _, ...rest } = checkpoint;
    checkpoint = {
      ...rest,
      ...(done.cursor && { cursor: done.cursor }),
      done: done.cursor === undefined,
      tally: addTallies([checkpoint.tally, tally]),
    };
    checkpoints.note(checkpoint);
    onScanned(done.items);
  }
  await checkpoints.written();
  return checkpoint;
}

/** The same promise; if it fails before anybody waits for it, the process goes on until somebody does. */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
