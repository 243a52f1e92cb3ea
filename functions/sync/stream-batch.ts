import type { Item } from '../model/attribute-value.ts';
import { textOf } from '../model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity, kpiKeyOf, type Source } from '../model/sources.ts';
import { decodeQuarantineEntry, quarantineKey } from '../tables/quarantine-rows.ts';
import { fanOut } from './fan-out.ts';
import { decideQuarantine } from './quarantine-decision.ts';
import { replicateLinks } from './replicate-links.ts';
import { replicateRecords } from './replicate-records.ts';
import type { Replication } from './replication.ts';

/** One change of an item of an old table, as its stream tells it. */
export interface StreamEvent {
  readonly eventId: string;
  readonly sequenceNumber: string;
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
  /** Items by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** The events of one item, as one: content is read again anyway, so only where to look is kept. */
interface ItemChange {
  readonly id: string;
  readonly kpis: readonly KpiKey[];
  readonly firstSequenceNumber: string;
}

/**
 * Replicates a batch of one source's stream. Each item is worked on once, however many events it has; what fails is named
 * for redelivery and the rest is done. Safe to run again with the same events, in whole or in part.
 */
export async function replicateStreamBatch(
  replication: Replication,
  source: Source,
  events: readonly StreamEvent[],
): Promise<StreamBatchResult> {
  const [changes, unreadable] = coalesce(events);
  for (const event of unreadable) await quarantineEvent(replication, event);
  const { failed, outcomes } =
    source === 'links' ? await linkBatch(replication, changes) : await recordBatch(replication, source, changes);
  if (unreadable.length > 0) outcomes.set('unreadable', unreadable.length);
  return {
    failedSequenceNumbers: changes.filter(({ id }) => failed.has(id)).map((change) => change.firstSequenceNumber),
    errors: [...new Set(failed.values())],
    outcomes: Object.fromEntries(outcomes),
  };
}

interface BatchOutcome {
  readonly failed: Map<string, unknown>;
  readonly outcomes: Map<string, number>;
}

async function linkBatch(replication: Replication, changes: readonly ItemChange[]): Promise<BatchOutcome> {
  const result = await replicateLinks(replication, changes, 'live');
  const failed = new Map(result.failed.map(({ change, error }) => [change.id, error]));
  // Also where this delivery changed nothing: an earlier one may have stopped before its fan-out.
  for (const kpi of distinctKpis(result.done.flatMap((done) => done.kpis))) {
    try {
      await fanOut(replication, [kpi], 'fan_out_pending');
    } catch (error) {
      for (const done of result.done) {
        if (done.kpis.some((other) => kpiIdentity(other) === kpiIdentity(kpi))) failed.set(done.change.id, error);
      }
    }
  }
  return { failed, outcomes: countBy(result.done.map((done) => done.outcome)) };
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
  try {
    await fanOut(replication, result.fanOut, 'fan_out_pending');
  } catch (error) {
    for (const change of changes) failed.set(change.id, error);
  }
  return { failed, outcomes: countBy(result.done.map((done) => done.outcome)) };
}

/** One change for each item, in order of its first event, with the KPIs of all its images. */
function coalesce(events: readonly StreamEvent[]): [ItemChange[], StreamEvent[]] {
  const changes = new Map<string, ItemChange>();
  const unreadable: StreamEvent[] = [];
  for (const event of events) {
    const id = textOf(event.keys, 'id');
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

/** An event that names no item would block its shard for ever: it is kept whole and the rest goes on. */
async function quarantineEvent(replication: Replication, event: StreamEvent): Promise<void> {
  const [stored] = await replication.transactions.read([quarantineKey('events', event.eventId)]);
  const writes = decideQuarantine(
    'events',
    event.eventId,
    stored && decodeQuarantineEntry(stored),
    {
      reason: { code: 'unreadable-event', message: 'The stream record has no text key `id`.' },
      image: event.whole,
    },
    new Date(replication.nowMs()).toISOString(),
  );
  if (writes.length > 0) await replication.transactions.write(writes);
}

function countBy(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
