import { kpiKeyOf, type Source } from '../migration/sources.ts';
import type { Item } from '../model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity } from '../model/kpi.ts';
import type { UnfinishedItem } from '../tables/control/unfinished-items.ts';
import { scopeOf } from '../tables/dynamo/failure-scope.ts';
import { fanOut } from './fan-out.ts';
import { noteGivenUp } from './given-up.ts';
import { quarantineEvent } from './quarantine-event.ts';
import { replicateLinks } from './replicate-links.ts';
import { replicateRecords } from './replicate-records.ts';
import type { Replication } from './replication.ts';
import { changedId } from './stream-event.ts';

/** One change of an item of an old table, as its stream tells it. */
export interface StreamEvent {
  readonly eventId: string;
  /** Absent where the record has none: then it cannot be asked for again by itself. */
  readonly sequenceNumber?: string;
  readonly keys: Item;
  readonly oldImage?: Item;
  readonly newImage?: Item;
  /** When the change was made, in epoch milliseconds, as coarse as the stream tells it. */
  readonly createdAtMs?: number;
  /** The event as received, for quarantine. */
  readonly whole: Item;
}

export interface StreamBatchResult {
  /** Sequence numbers to deliver again: of each item that failed, its earliest in this batch. */
  readonly failedSequenceNumbers: readonly string[];
  readonly errors: readonly unknown[];
  /** Items that went into quarantine because they were refused, with the refusal. */
  readonly refused: readonly { readonly id: string; readonly error: unknown }[];
  /** Items that were given up and noted, among them records that a link's fan-out met. */
  readonly unfinished: readonly UnfinishedItem[];
  /** Items by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The events of one item, as one: content is read again anyway, so only where to look is kept. */
interface ItemChange {
  readonly id: string;
  readonly kpis: readonly KpiKey[];
  readonly firstSequenceNumber: string | undefined;
}

/**
 * Replicates a batch of one source's stream. Each item is worked on once, however many events it has, and the rest is done whatever becomes
 * of one. What fails for a reason that is not the item's own is named for redelivery. Safe to run again with the same events, in whole or
 * in part.
 *
 * @throws what failed, where it cannot be named for redelivery: then all is to be delivered again.
 */
export async function replicateStreamBatch(
  replication: Replication,
  source: Source,
  events: readonly StreamEvent[],
): Promise<StreamBatchResult> {
  const [changes, unreadable] = coalesce(events);
  const failures: Failure[] = [];
  for (const event of unreadable) {
    try {
      await quarantineEvent(replication, event);
    } catch (error) {
      failures.push({ sequenceNumber: event.sequenceNumber, error });
    }
  }
  const batch =
    source === 'links' ? await linkBatch(replication, changes) : await recordBatch(replication, source, changes);
  const unfinished = [...batch.unfinished];
  for (const change of changes.filter(({ id }) => batch.failed.has(id))) {
    const error = batch.failed.get(change.id);
    const givenUp = await giveUp(replication, source, change, error);
    if (givenUp.note) unfinished.push(givenUp.note);
    else failures.push({ sequenceNumber: change.firstSequenceNumber, error: givenUp.error });
  }
  const unnamed = failures.find(({ sequenceNumber }) => sequenceNumber === undefined);
  if (unnamed) throw unnamed.error;
  return {
    failedSequenceNumbers: failures.map(({ sequenceNumber }) => sequenceNumber).filter((each) => each !== undefined),
    errors: [...new Set(failures.map(({ error }) => error))],
    refused: batch.refused,
    unfinished,
    outcomes: outcomesOf([
      ...batch.outcomes,
      ...unreadable.map(() => 'unreadable'),
      ...unfinished.map(() => 'unfinished'),
    ]),
  };
}

interface Failure {
  readonly sequenceNumber: string | undefined;
  readonly error: unknown;
}

/**
 * Notes an item whose failure is its own: delivered again, it would only hold up those behind it. What fails for another reason, and what cannot
 * be noted, is left to redelivery.
 */
async function giveUp(
  replication: Replication,
  source: Source,
  { firstSequenceNumber, ...change }: ItemChange,
  error: unknown,
): Promise<{ readonly note?: UnfinishedItem; readonly error: unknown }> {
  if (scopeOf(error) !== 'item') return { error };
  try {
    const occasion = `stream#${firstSequenceNumber ?? 'unnumbered'}`;
    return { note: await noteGivenUp(replication, { kind: source, ...change }, error, occasion), error };
  } catch (failure) {
    return { error: failure };
  }
}

interface BatchOutcome {
  readonly failed: ReadonlyMap<string, unknown>;
  readonly refused: StreamBatchResult['refused'];
  readonly unfinished: readonly UnfinishedItem[];
  readonly outcomes: readonly string[];
}

async function linkBatch(replication: Replication, changes: readonly ItemChange[]): Promise<BatchOutcome> {
  const result = await replicateLinks(replication, changes, 'live');
  const failed = new Map(result.failed.map(({ change, error }) => [change.id, error]));
  // Also where this delivery changed nothing: an earlier one may have stopped before its fan-out.
  const kpis = result.done.flatMap((done) => done.kpis);
  const fannedOut = await fanOutEach(replication, kpis);
  for (const done of result.done) {
    const error = errorOf(fannedOut.errors, done.kpis);
    if (error !== undefined) failed.set(done.change.id, error);
  }
  return { ...outcomeOf(result.done), failed, unfinished: fannedOut.unfinished };
}

async function recordBatch(
  replication: Replication,
  source: Exclude<Source, 'links'>,
  changes: readonly ItemChange[],
): Promise<BatchOutcome> {
  const result = await replicateRecords(
    replication,
    changes.map(({ id, kpis }) => ({ id, kpis, sources: [source] })),
  );
  const failed = new Map(result.failed.map(({ change, error }) => [change.id, error]));
  const fannedOut = await fanOutEach(replication, result.fanOut);
  for (const done of result.done) {
    const error = errorOf(
      fannedOut.errors,
      done.seen.map(({ kpi }) => kpi),
    );
    if (error !== undefined) failed.set(done.change.id, error);
  }
  return { ...outcomeOf(result.done), failed, unfinished: fannedOut.unfinished };
}

/** Errors by KPI identity: one KPI's fan-out fails for itself. */
async function fanOutEach(replication: Replication, kpis: readonly KpiKey[]) {
  const errors = new Map<string, unknown>();
  const unfinished: UnfinishedItem[] = [];
  for (const kpi of distinctKpis(kpis)) {
    try {
      const result = await fanOut(replication, [kpi], 'fan_out_pending');
      unfinished.push(...result.unfinished);
      const [failure] = result.failed;
      if (failure) errors.set(kpiIdentity(kpi), failure.error);
    } catch (error) {
      errors.set(kpiIdentity(kpi), error);
    }
  }
  return { errors, unfinished };
}

function errorOf(errors: ReadonlyMap<string, unknown>, kpis: readonly KpiKey[]): unknown {
  return kpis.map((kpi) => errors.get(kpiIdentity(kpi))).find((error) => error !== undefined);
}

interface Done {
  readonly change: { readonly id: string };
  readonly outcome: string;
  readonly refusal?: unknown;
}

function outcomeOf(done: readonly Done[]): Pick<BatchOutcome, 'refused' | 'outcomes'> {
  return {
    refused: done
      .filter(({ refusal }) => refusal !== undefined)
      .map(({ change, refusal }) => ({ id: change.id, error: refusal })),
    outcomes: done.map(({ outcome }) => outcome),
  };
}

/** One change for each item, in order of its first event, with the KPIs of all its images. */
function coalesce(events: readonly StreamEvent[]): [ItemChange[], StreamEvent[]] {
  const changes = new Map<string, ItemChange>();
  const unreadable: StreamEvent[] = [];
  for (const event of events) {
    const id = changedId(event);
    if (id === undefined) {
      unreadable.push(event);
      continue;
    }
    const known = changes.get(id);
    const images = [event.oldImage, event.newImage].filter((image) => image !== undefined);
    changes.set(id, {
      id,
      kpis: distinctKpis([...(known?.kpis ?? []), ...images.map(kpiKeyOf)]),
      firstSequenceNumber: known?.firstSequenceNumber ?? event.sequenceNumber,
    });
  }
  return [[...changes.values()], unreadable];
}

function outcomesOf(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}
