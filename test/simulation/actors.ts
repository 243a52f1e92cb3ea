import type { Source } from '../../functions/migration/sources.ts';
import { textOf } from '../../functions/model/attribute-value.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { replicateStreamBatch, type StreamEvent } from '../../functions/sync/stream-batch.ts';
import { memoryTables } from './memory-tables.ts';
import type { Process } from './process.ts';
import type { RowHistory } from './row-history.ts';
import type { Scheduler } from './scheduler.ts';
import type { Change, Store } from './store.ts';
import type { Actor } from './turns.ts';
import type { World } from './world.ts';

/** What all actors of a schedule share. */
export interface Stage {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly history: RowHistory;
  readonly recordConcurrency: number;
  /** Whether the operator has been told that the backfill is finished. */
  copied: boolean;
}

export function replicationOf(stage: Stage, process: Process) {
  const { scheduler, store, world } = stage;
  const tables = memoryTables(store, scheduler, process);
  const newToken = () => {
    process.tokens += 1;
    return `${process.name}.${process.tokens}`;
  };
  const replication: Replication = {
    old: tables.old,
    control: tables.control,
    transactions: tables.transactions,
    newToken,
    nowMs: () => scheduler.nowMs,
    remainingMs: () => {
      if (process.reserveMs !== undefined || !scheduler.faults.outOfTime()) return 900_000;
      return 0;
    },
    heldRecords: world.heldRecords,
    tokenRetentionDays: 30,
    recordConcurrency: stage.recordConcurrency,
    ...(world.limits && { limits: world.limits }),
  };
  return { replication, data: tables.data };
}

/** The service: one write after the other, each at once, as many as the world has. */
export function legacyWriter(stage: Stage): Actor {
  const { store, scheduler, world } = stage;
  const early = world.live.length * scheduler.adversary.writesBeforeBackfillEnds;
  const { adversary, decisions } = scheduler;
  let written = 0;
  let nextStep = decisions.choose(1 + adversary.stepsBetweenWrites);
  return {
    name: 'service',
    pace: scheduler.turns.drawPace(),
    ready: (idle) => (idle || nextStep <= scheduler.steps) && written < (stage.copied ? world.live.length : early),
    begin() {
      const write = world.live[written];
      if (write === undefined) return;
      written += 1;
      nextStep = scheduler.steps + decisions.choose(1 + adversary.stepsBetweenWrites);
      scheduler.trace?.push(`${scheduler.steps} service: ${write.source} ${write.id} ${describe(write.item)}`);
      store.writeOld(write.source, write.id, write.item, true);
    },
  };
}

function describe(item: object | undefined): string {
  if (item === undefined) return 'deleted';
  return Object.entries(item)
    .filter(([name]) => !/^(id|created|recorded|is_primary|goal)/.test(name))
    .map(([name, value]) => `${name}=${Object.values(value as object)[0]}`)
    .join(' ');
}

/**
 * One shard of a source's stream: batches in order, cut anywhere, delivered again from the checkpoint after a crash or a
 * partial failure, and at times although nothing failed (AWS Lambda, "Using AWS Lambda with Amazon DynamoDB").
 */
export function streamShard(stage: Stage, source: Source, shard: number, shards: number): Actor {
  const { scheduler, store } = stage;
  const { decisions } = scheduler;
  let checkpoint = 0;
  let busy = false;
  let deliveries = 0;
  // A shard holds whole keys, so that an item's changes stay in order.
  const events = (): Change[] => {
    const all = store.streams[source];
    return shards === 1 ? all : all.filter(({ id }) => id.charCodeAt(1) % shards === shard);
  };

  return {
    name: `${source}/${shard}`,
    pace: scheduler.turns.drawPace(),
    ready: () => !busy && (stage.copied || !scheduler.adversary.streamsWait) && checkpoint < events().length,
    begin() {
      const start = checkpoint;
      const all = events();
      const batch = all.slice(start, start + 1 + decisions.choose(4, all.length - start));
      for (const at of batch.keys()) store.tracker?.reads(`stream of ${source} at ${start + at}`);
      busy = true;
      deliveries += 1;
      const name = `${source}/${shard}#${deliveries}@${start}+${batch.length}`;
      scheduler.trace?.push(
        `${scheduler.steps} ${name}: gets ${batch.map(({ id }, at) => `${id}@${start + at}`).join(' ')}`,
      );
      const streamEvents = batch.map((change, at) => streamEvent(change, start + at));
      scheduler.spawn(
        name,
        undefined,
        (process) => replicateStreamBatch(replicationOf(stage, process).replication, source, streamEvents),
        {
          done(result) {
            busy = false;
            const failed = result.failedSequenceNumbers.map(Number);
            checkpoint = Math.min(start + batch.length, ...failed);
            if (scheduler.trace && failed.length > 0) {
              scheduler.trace.push(
                `${scheduler.steps} ${name}: failed ${failed.join(' ')}: ${result.errors.join('; ')}`,
              );
            }
            if (scheduler.faults.redelivers()) {
              checkpoint = Math.max(0, checkpoint - 1 - decisions.choose(3));
              scheduler.trace?.push(`${scheduler.steps} ${name}: again from ${checkpoint}`);
            }
          },
          failed(error) {
            busy = false;
            scheduler.trace?.push(`${scheduler.steps} ${name}: ${error}`);
          },
          crashed() {
            busy = false;
          },
        },
      );
    },
  };
}

/**
 * Someone who delivers again, beside the streams and out of their order, what was delivered before: an on-failure
 * destination that is replayed, or a twin of a delivery.
 */
export function replayer(stage: Stage, source: Source): Actor {
  const { scheduler, store } = stage;
  const { decisions } = scheduler;
  let left = decisions.choose(1 + scheduler.adversary.replaysMax);
  let busy = false;
  return {
    name: `replay-${source}`,
    pace: 0.1,
    ready: () => !busy && left > 0 && store.streams[source].length > 0,
    begin() {
      left -= 1;
      busy = true;
      const events = store.streams[source];
      const start = decisions.choose(events.length);
      const batch = events
        .slice(start, start + 1 + decisions.choose(2))
        .map((change, at) => streamEvent(change, start + at));
      const name = `replay-${source}#${left}`;
      scheduler.trace?.push(
        `${scheduler.steps} ${name}: gets ${batch.map(({ keys }) => textOf(keys, 'id')).join(' ')}`,
      );
      const settled = () => {
        busy = false;
      };
      scheduler.spawn(
        name,
        undefined,
        (process) => replicateStreamBatch(replicationOf(stage, process).replication, source, batch),
        { done: settled, failed: settled, crashed: settled },
      );
    },
  };
}

function streamEvent(change: Change, sequence: number): StreamEvent {
  return {
    eventId: `${change.source}-${sequence}`,
    sequenceNumber: String(sequence),
    keys: { id: { S: change.id } },
    ...(change.oldImage && { oldImage: change.oldImage }),
    ...(change.newImage && { newImage: change.newImage }),
    whole: {},
  };
}
