import { setTimeout as sleep } from 'node:timers/promises';
import { afterInvocation, type Batch, type Invocation, partByAge } from './delivery-rules.ts';
import type { Checkpoints } from './mapping-checkpoints.ts';
import type { Discarded } from './on-failure.ts';
import type { Shard, StreamRecord, StreamSource } from './stream-source.ts';
import type { MappingLimits } from './template.ts';

export interface EventSourceMappingOptions {
  readonly limits: MappingLimits;
  readonly source: StreamSource;
  /** Runs the function; rejects where it failed as a whole. */
  readonly invoke: (event: unknown) => Promise<unknown>;
  readonly checkpoints: Checkpoints;
  readonly onFailure: (discarded: Discarded) => Promise<void>;
  readonly nowMs: () => number;
}

/** Lambda polls a shard four times a second. */
const POLL_INTERVAL_MS = 250;
const SHARD_LISTING_INTERVAL_MS = 1_000;
const RETRY_PAUSE_MS = { first: 50, most: 2_000 } as const;
/** Lambda's bound of an invocation's payload, in bytes. */
const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024;

/**
 * Delivers a stream to a function as Lambda's event source mapping does: each shard in order, a parent before its children, from the
 * oldest record kept. What it does not do is in README.md.
 */
export class EventSourceMapping {
  private readonly options: EventSourceMappingOptions;
  private readonly ending = new AbortController();
  private readonly shardLoops = new Map<string, Promise<void>>();
  /** Shards that have been read to their present end, by the round of {@link drained} that asked. */
  private readonly idleRound = new Map<string, number>();
  private round = 0;
  private delivered = 0;
  private listing: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(options: EventSourceMappingOptions) {
    this.options = options;
  }

  start(): void {
    this.listing = this.listShards().catch((error: unknown) => this.fail(error));
  }

  /** Records that were taken by the function, or given up. */
  get recordCount(): number {
    return this.delivered;
  }

  /**
   * Waits until every record that was on the stream at the time of the call has been taken or given up.
   *
   * @throws what broke the mapping, if anything did.
   */
  async drained(): Promise<void> {
    this.round += 1;
    const asked = this.round;
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      const shards = await this.options.source.shards();
      const open = shards.filter(({ id }) => !this.options.checkpoints.ended(id));
      if (open.every(({ id }) => (this.idleRound.get(id) ?? 0) >= asked)) return;
      await sleep(POLL_INTERVAL_MS / 5);
    }
  }

  /** Stops polling; an invocation under way is waited for, unless its process is killed. */
  async stop(): Promise<void> {
    this.ending.abort();
    await this.listing;
    await Promise.all(this.shardLoops.values());
  }

  private async listShards(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const shards = await this.options.source.shards();
      for (const shard of shards) {
        if (this.isDue(shard, shards)) {
          const loop = this.readShard(shard.id).catch((error: unknown) => this.fail(error));
          this.shardLoops.set(shard.id, loop);
        }
      }
      await this.pause(SHARD_LISTING_INTERVAL_MS);
    }
  }

  /** A child waits until its parent is read to the end; a parent that is no longer kept holds nothing up. */
  private isDue({ id, parentId }: Shard, kept: readonly Shard[]): boolean {
    const { checkpoints } = this.options;
    if (checkpoints.ended(id) || this.shardLoops.has(id)) return false;
    return kept.every((shard) => shard.id !== parentId || checkpoints.ended(shard.id));
  }

  private async readShard(shardId: string): Promise<void> {
    const { checkpoints, source, limits } = this.options;
    let ended = false;
    while (!ended && !this.ending.signal.aborted) {
      const round = this.round;
      const read = await source.read(shardId, checkpoints.after(shardId), limits.batchSize);
      ended = read.ended;
      let records = [...read.records];
      if (records.length === 0) this.idleRound.set(shardId, round);
      if (records.length > 0 && !ended && records.length < limits.batchSize && limits.batchingWindowSeconds > 0) {
        const more = await this.gather(shardId, records);
        ended = more.ended;
        records = [...more.records];
      }
      for (const batch of byPayload(records)) await this.deliver(shardId, batch);
      if (records.length === 0 && !ended) await this.pause(POLL_INTERVAL_MS);
    }
    if (ended && !this.ending.signal.aborted) checkpoints.end(shardId);
  }

  /** Waits for more records until the batch is full or the window has passed. */
  private async gather(
    shardId: string,
    first: readonly StreamRecord[],
  ): Promise<{ records: readonly StreamRecord[]; ended: boolean }> {
    const { limits, source, nowMs } = this.options;
    const records = [...first];
    const untilMs = nowMs() + limits.batchingWindowSeconds * 1_000;
    while (records.length < limits.batchSize && nowMs() < untilMs && !this.ending.signal.aborted) {
      await this.pause(Math.min(POLL_INTERVAL_MS, untilMs - nowMs()));
      const read = await source.read(shardId, records.at(-1)?.sequenceNumber, limits.batchSize - records.length);
      records.push(...read.records);
      if (read.ended) return { records, ended: true };
    }
    return { records, ended: false };
  }

  /** Delivers until every record is taken or given up; the checkpoint follows. */
  private async deliver(shardId: string, records: readonly StreamRecord[]): Promise<void> {
    const { limits, checkpoints, nowMs } = this.options;
    const due: Batch<StreamRecord>[] = [{ records, failures: 0 }];
    const settle = (settled: readonly StreamRecord[]): void => {
      this.delivered += settled.length;
      const last = settled.at(-1);
      if (last) checkpoints.moveTo(shardId, last.sequenceNumber);
    };
    for (let batch = due.shift(); batch !== undefined && !this.ending.signal.aborted; batch = due.shift()) {
      const { tooOld, young } = partByAge(batch.records, nowMs(), limits);
      if (tooOld.length > 0) {
        await this.giveUp(shardId, tooOld, 'RecordAgeExceeded', batch.failures);
        settle(tooOld);
      }
      if (young.length === 0) continue;
      const delivery = { records: young, failures: batch.failures };
      const invocation = await this.invoke(young);
      const { again, discarded } = afterInvocation(delivery, invocation, limits);
      if (discarded) await this.giveUp(shardId, discarded.records, discarded.condition, batch.failures + 1);
      const left = again.reduce((sum, { records: rest }) => sum + rest.length, 0);
      settle(young.slice(0, young.length - left));
      due.unshift(...again);
      const failures = again[0]?.failures ?? 0;
      if (again.length > 0) await this.pause(Math.min(RETRY_PAUSE_MS.first * 2 ** failures, RETRY_PAUSE_MS.most));
    }
  }

  private async invoke(records: readonly StreamRecord[]): Promise<Invocation> {
    try {
      return { answer: await this.options.invoke({ Records: records.map(({ event }) => event) }) };
    } catch (error) {
      return { error };
    }
  }

  private async giveUp(
    shardId: string,
    records: readonly StreamRecord[],
    condition: Discarded['condition'],
    invocations: number,
  ): Promise<void> {
    const { onFailure, source } = this.options;
    await onFailure({ shardId, streamArn: source.streamArn, records, condition, invocations });
  }

  private async pause(milliseconds: number): Promise<void> {
    await sleep(Math.max(0, milliseconds), undefined, { signal: this.ending.signal }).catch(() => {
      // Only an abort rejects, and every loop asks for that itself.
    });
  }

  /** Kept for whoever waits in {@link drained}; errors of polling after a stop are of an engine that is gone. */
  private fail(error: unknown): void {
    if (!this.ending.signal.aborted) this.failure ??= error;
  }
}

/** Batches whose events keep within Lambda's payload; a record alone is never too large for it. */
function byPayload(records: readonly StreamRecord[]): StreamRecord[][] {
  const batches: StreamRecord[][] = [];
  let bytes = 0;
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record.event));
    const last = batches.at(-1);
    if (last === undefined || bytes + size > PAYLOAD_BYTES_MAX) {
      batches.push([record]);
      bytes = size;
    } else {
      last.push(record);
      bytes += size;
    }
  }
  return batches;
}
