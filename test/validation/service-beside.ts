import { createLegacyWriter, sendLegacyWrite } from '../../backfill/local/rehearsal/live-writer.ts';
import { type SeededRandom, seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';
import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch, type StreamEvent } from '../../functions/sync/stream-batch.ts';
import type { ValidationBench } from './engine-validation.ts';

/** Milliseconds that a stream lags behind at most. */
const LAG_MS = 60;

/** Writes that may wait for their stream: more would only add to the lag. */
const PENDING_MAX = 8;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The service at work beside a validation: it writes as fast as the engine takes it, and each source's stream follows with a lag
 * of its own, in batches.
 */
export class ServiceBeside {
  writes = 0;
  readonly errors: unknown[] = [];
  #stopped = false;
  #written = false;
  readonly #bench: ValidationBench;
  readonly #random: SeededRandom;
  readonly #queues: Record<Source, StreamEvent[]> = { links: [], milestones: [], actuals: [], readings: [] };
  readonly #running: Promise<unknown>[];
  readonly #writtenAtMs = new Map<string, number>();

  constructor(bench: ValidationBench, initial: Readonly<Record<Source, readonly Item[]>>, seed: number) {
    this.#bench = bench;
    this.#random = seededRandom(seed + 1);
    const next = createLegacyWriter(seededRandom(seed), initial);
    this.#running = [this.#write(next), ...SOURCES.map((source) => this.#follow(source))];
  }

  /** Stops the writes, and resolves when the streams are drained. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** How long the oldest write that is not replicated has waited, in milliseconds. */
  lagMs(): number {
    const oldest = Math.min(...this.#writtenAtMs.values());
    return Number.isFinite(oldest) ? Date.now() - oldest : 0;
  }

  #pending(): number {
    return this.#writtenAtMs.size;
  }

  async #write(next: ReturnType<typeof createLegacyWriter>): Promise<void> {
    const { client, names, options } = { ...this.#bench, options: this.#bench.options() };
    while (!this.#stopped) {
      while (this.#pending() > PENDING_MAX) await pause(1);
      const write = next();
      const id = write.kind === 'put' ? (write.item.id as { S: string }).S : write.id;
      const before = (await options.reads.readItems(OLD_TABLE_OF[write.source], [id])).get(id);
      await sendLegacyWrite(client, names, write);
      this.writes += 1;
      this.#writtenAtMs.set(String(this.writes), Date.now());
      this.#queues[write.source].push({
        eventId: String(this.writes),
        sequenceNumber: String(this.writes),
        keys: { id: { S: id } },
        whole: {},
        ...(before && { oldImage: before }),
        ...(write.kind === 'put' && { newImage: write.item }),
      });
    }
    this.#written = true;
  }

  async #follow(source: Source): Promise<void> {
    const queue = this.#queues[source];
    while (!this.#written || queue.length > 0) {
      await pause(this.#random.below(LAG_MS));
      const batch = queue.splice(0, 20);
      const { failedSequenceNumbers, errors } = await replicateStreamBatch(this.#bench.replication, source, batch);
      this.errors.push(...errors);
      // As Lambda does: from the first that failed, all is delivered again.
      const first = batch.findIndex(({ sequenceNumber }) => failedSequenceNumbers.includes(sequenceNumber ?? ''));
      const done = first === -1 ? batch : batch.slice(0, first);
      for (const { sequenceNumber } of done) this.#writtenAtMs.delete(sequenceNumber ?? '');
      queue.unshift(...batch.slice(done.length));
    }
  }
}
