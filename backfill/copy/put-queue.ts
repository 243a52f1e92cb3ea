import type { Item } from '../../functions/model/attribute-value.ts';
import { BATCH_WRITES_MAX } from '../../functions/tables/dynamo/possible-keys.ts';
import type { Put } from '../../functions/tables/new/new-tables.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import type { Settle } from './write-pace.ts';

export interface PutQueueOptions {
  /** Puts the rows of one batch, in one attempt or several. */
  readonly send: (rows: readonly Item[], attempts: SentAttempts) => Promise<Put>;
  /** Resolves when these rows may be written. */
  readonly pace: (rows: readonly Item[]) => Promise<Settle | undefined>;
  readonly nowMs: () => number;
}

/** What the sender of a batch tells. */
export interface SentAttempts {
  /** An attempt leaves now. */
  readonly begun: () => void;
  /** An attempt, or a part of it, was throttled. */
  readonly throttled: () => void;
}

/** Batches in hand at most while throttled ones pause, if the limit is lower. Their growing pauses then give the store its time. */
const IN_HAND_MOST = 8;

/** Rows that were given together. */
interface Lot {
  left: number;
  readonly refused: Set<Item>;
  readonly resolve: (refused: ReadonlySet<Item>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts rows in full batches, whatever pages and segments they come from, and as many batches at once as the store takes well. After a failure
 * nothing more is sent.
 */
export class PutQueue {
  readonly #options: PutQueueOptions;
  readonly #limit = new AdaptiveLimit();
  #waiting: { readonly row: Item; readonly lot: Lot }[] = [];
  /** Batches that were begun and are not done. */
  #inHand = 0;
  /** Those of them that do not pause. */
  #atOnce = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: PutQueueOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all of the rows were put, with those that the store refused.
   *
   * @throws what no row is to blame for.
   */
  put(rows: readonly Item[]): Promise<ReadonlySet<Item>> {
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<Item>>();
    const lot = { left: rows.length, refused: new Set<Item>(), resolve, reject };
    if (rows.length === 0) resolve(lot.refused);
    for (const row of rows) this.#waiting.push({ row, lot });
    this.#fill();
    return promise;
  }

  #fill(): void {
    if (this.#failure) {
      for (const { lot } of this.#waiting.splice(0)) lot.reject(this.#failure.error);
      return;
    }
    while (this.#waiting.length > 0 && this.#hasRoom) {
      const batch = this.#waiting.splice(0, BATCH_WRITES_MAX);
      this.#inHand += 1;
      void this.#send(batch).finally(() => {
        this.#inHand -= 1;
        this.#fill();
      });
    }
  }

  get #hasRoom(): boolean {
    const { limit } = this.#limit;
    return this.#atOnce < limit && this.#inHand < Math.max(limit, IN_HAND_MOST);
  }

  /** A place among those at once, which a batch takes for each attempt. */
  #place() {
    let isTaken = false;
    const take = (wanted: boolean): void => {
      if (isTaken !== wanted) this.#atOnce += wanted ? 1 : -1;
      isTaken = wanted;
    };
    return { take: () => take(true), leave: () => take(false) };
  }

  async #send(batch: readonly { readonly row: Item; readonly lot: Lot }[]): Promise<void> {
    const { pace, send, nowMs } = this.#options;
    const rows = batch.map(({ row }) => row);
    const place = this.#place();
    place.take();
    try {
      const settle = await pace(rows);
      let startMs = nowMs();
      const { refused } = await send(rows, {
        // Only the last attempt is timed: those before it were throttled, and the pauses between them are the client's own.
        begun: () => {
          startMs = nowMs();
          place.take();
        },
        throttled: () => {
          this.#limit.throttled();
          place.leave();
          this.#fill();
        },
      });
      this.#limit.answered(nowMs() - startMs);
      settle?.();
      const refusedRows = new Set(refused.map(({ of }) => of));
      for (const { row, lot } of batch) {
        if (refusedRows.has(row)) lot.refused.add(row);
        lot.left -= 1;
        if (lot.left === 0) lot.resolve(lot.refused);
      }
    } catch (error) {
      this.#failure ??= { error };
      for (const { lot } of batch) lot.reject(error);
    } finally {
      place.leave();
    }
  }
}
