import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replayDeliveries } from '../../backfill/commands/quarantine/quarantine-replay.ts';
import type { Environment } from '../../backfill/environment.ts';
import { keepDiscarded } from '../../backfill/local/cloud/on-failure.ts';
import { dynamoStreamSource, type StreamRecord } from '../../backfill/local/cloud/stream-source.ts';
import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { parseStreamEvent } from '../../functions/sync/stream-event.ts';
import { folderDeliveries } from '../../functions/tables/failed-deliveries.ts';
import type { FuzzTables, OldTableSet } from './fuzz-tables.ts';
import { mustFinish, Violation } from './violation.ts';

/** Deliveries of the same record that may fail: whatever an item is, it is dealt with at the first. */
const DELIVERIES_MAX = 2;

/** Records in a batch; the stack's event source mappings take 100. */
const BATCH_MIN = 20;
const BATCH_MAX = 100;

/** Records that are given up on purpose, to be replayed from the on-failure destination. */
const REPLAYED_MAX = 20;

/** The streams of the old tables, read from their beginning and handed over as Lambda does. */
export class Streams {
  readonly #positions = new Map<Source, string | undefined>();
  readonly #sources: Readonly<Record<Source, ReturnType<typeof dynamoStreamSource>>>;
  readonly #arns: OldTableSet['streamArns'];
  #kept: { readonly source: Source; readonly record: StreamRecord }[] = [];

  constructor(tables: FuzzTables, { streamArns }: OldTableSet) {
    this.#arns = streamArns;
    this.#sources = Object.fromEntries(
      SOURCES.map((source) => [source, dynamoStreamSource(tables.streams, streamArns[source])]),
    ) as Record<Source, ReturnType<typeof dynamoStreamSource>>;
  }

  /** Replicates all that the streams hold and have not handed over, stream after stream in an order that the draw decides, in batches. */
  async drain(environment: Environment, draw: number): Promise<void> {
    const waiting = new Set<Source>(SOURCES);
    for (let turn = draw; waiting.size > 0; turn += 1 + (draw % 3)) {
      const source = [...waiting][turn % waiting.size] as Source;
      const limit = BATCH_MIN + ((draw >> 2) % (BATCH_MAX - BATCH_MIN));
      const records = await this.#next(source, limit);
      if (records.length === 0) waiting.delete(source);
      else await this.#deliver(environment, source, records);
    }
  }

  /** Lets a part of what was handed over be given up, and replays it: nothing may come of it that is not there already. */
  async replay(environment: Environment): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'fuzz-deliveries-'));
    try {
      for (const [source, group] of Map.groupBy(this.#kept.slice(-REPLAYED_MAX), (each) => each.source)) {
        const discarded = {
          shardId: 'shard',
          streamArn: this.#arns[source],
          records: group.map(({ record }) => record),
          condition: 'RetryAttemptsExhausted' as const,
          invocations: 1,
        };
        await keepDiscarded(directory, `mapping-${source}`, source, discarded, new Date());
      }
      const { replication, settings } = environment;
      const replayed = await mustFinish('quarantine replay', () =>
        replayDeliveries(folderDeliveries(directory), replication, settings.tables, true),
      );
      const failures = replayed.flatMap((delivery) => delivery.failures);
      if (failures.length > 0) throw new Violation('a stream passes every item', `replay: ${failures.join('; ')}`);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #next(source: Source, limit: number): Promise<readonly StreamRecord[]> {
    const [shard] = await this.#sources[source].shards();
    if (shard === undefined) return [];
    const { records } = await this.#sources[source].read(shard.id, this.#positions.get(source), limit);
    const last = records.at(-1);
    if (last) this.#positions.set(source, last.sequenceNumber);
    return records;
  }

  async #deliver(environment: Environment, source: Source, records: readonly StreamRecord[]): Promise<void> {
    this.#kept.push(...records.map((record) => ({ source, record })));
    let left = records;
    for (let delivery = 1; left.length > 0; delivery += 1) {
      // As text, which is how Lambda gets it and how much of it is left.
      const event: unknown = JSON.parse(JSON.stringify({ Records: left.map((record) => record.event) }));
      const result = await mustFinish(
        `the stream of ${source}`,
        () => replicateStreamBatch(environment.replication, source, parseStreamEvent(event)),
        'a stream passes every item',
      );
      const passedOver = [...result.refused, ...result.unfinished];
      if (passedOver.length > 0) {
        throw new Violation('no item is refused or unfinished', `the stream of ${source}: ${told(passedOver)}`);
      }
      if (result.failedSequenceNumbers.length === 0) return;
      if (delivery === DELIVERIES_MAX) {
        const errors = result.errors.map((error) =>
          error instanceof Error ? (error.stack ?? error.message) : String(error),
        );
        throw new Violation(
          'a stream passes every item',
          `${source}: ${errors.slice(0, 3).join('\n')}`,
          result.errors[0],
        );
      }
      const failed = new Set(result.failedSequenceNumbers);
      left = left.slice(left.findIndex(({ sequenceNumber }) => failed.has(sequenceNumber)));
    }
  }
}

function told(items: readonly object[]): string {
  return items
    .slice(0, 3)
    .map((item) => JSON.stringify({ ...item, ...('error' in item && { error: String(item.error) }) }))
    .join('\n');
}
