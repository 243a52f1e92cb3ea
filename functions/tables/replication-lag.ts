import * as z from 'zod';
import { SOURCES, type Source } from '../migration/sources.ts';
import type { ControlTable } from './control/control-table.ts';

const PARTITION = 'replication-lag';

/** How long a stream keeps a record (DynamoDB Developer Guide, "Change data capture for DynamoDB Streams"). */
export const STREAM_KEEPS_MS = 86_400_000;

const row = z.object({
  /** ISO 8601 instant of the oldest change that was handed to a process of the function and is not replicated. */
  pendingSince: z.iso.datetime(),
  /** Epoch seconds, the table's time-to-live attribute: after it the note counts no more, deleted or not. */
  expires_at: z.number(),
});

/**
 * How long a note counts that nobody renews. Lambda runs a function for 15 minutes at most ("Lambda quotas"): whoever wrote an older one has died in its
 * batch, which was delivered again, to a process that notes for itself.
 */
const NOTE_COUNTS_MS = 16 * 60_000;

/** Lag that is worth a write of its own, in milliseconds. */
const NOTEWORTHY_LAG_MS = 10_000;

/** A stream of which nothing is noted may still be behind by so much: that, and the time a note takes. */
export const UNNOTED_LAG_MAX_MS = NOTEWORTHY_LAG_MS + 2_000;

/**
 * Notes how far a source's stream is behind, for whoever decides by it. What keeps up is not noted. Each process of the function has a
 * note of its own, since one that keeps up with its shard knows nothing of another that does not.
 */
export class LagRecorder {
  private readonly sort: string;
  private readonly control: Pick<ControlTable, 'put' | 'delete'>;
  private readonly nowMs: () => number;
  private noted = false;

  /** @param processId unlike that of any other process. */
  constructor(source: Source, processId: string, control: Pick<ControlTable, 'put' | 'delete'>, nowMs: () => number) {
    this.sort = `${source}#${processId}`;
    this.control = control;
    this.nowMs = nowMs;
  }

  /**
   * Runs a batch whose oldest change is of an instant, in epoch milliseconds. The lag is noted as soon as it is noteworthy, be it in the
   * midst of the batch, and goes when the batch has left nothing behind.
   *
   * @param run gives its result, and the instant of the oldest change that is left, undefined where all are replicated.
   */
  async during<T>(
    pendingSinceMs: number | undefined,
    run: () => Promise<{ readonly result: T; readonly leftSinceMs: number | undefined }>,
  ): Promise<T> {
    await this.note(pendingSinceMs);
    const dueMs = (pendingSinceMs ?? Number.POSITIVE_INFINITY) + NOTEWORTHY_LAG_MS - this.nowMs();
    let noting: Promise<void> | undefined;
    const noteLate = (): void => {
      noting = this.note(pendingSinceMs);
      // Waited for below; until then a failure must not look like one that nobody takes.
      noting.catch(() => {});
    };
    const timer = dueMs > 0 && Number.isFinite(dueMs) ? setTimeout(noteLate, dueMs) : undefined;
    try {
      const { result, leftSinceMs } = await run();
      await noting;
      await this.note(leftSinceMs);
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  private async note(pendingSinceMs: number | undefined): Promise<void> {
    if (pendingSinceMs === undefined) {
      if (this.noted) await this.control.delete(PARTITION, this.sort);
      this.noted = false;
      return;
    }
    const nowMs = this.nowMs();
    if (nowMs - pendingSinceMs < NOTEWORTHY_LAG_MS) return;
    const note: z.infer<typeof row> = {
      pendingSince: new Date(pendingSinceMs).toISOString(),
      expires_at: Math.ceil((nowMs + NOTE_COUNTS_MS) / 1_000),
    };
    await this.control.put(PARTITION, this.sort, note);
    this.noted = true;
  }
}

/**
 * How far each source's stream is behind, in milliseconds; 0 where nothing noteworthy is pending. A mapping that hands over nothing at all
 * does not show here: validation and the alarm on the iterator's age see that.
 */
export async function readLagMs(
  control: Pick<ControlTable, 'list'>,
  nowMs: number,
): Promise<Readonly<Record<Source, number>>> {
  const notes = (await control.list(PARTITION)).map(({ sort, value }) => ({ sort, ...row.parse(value) }));
  const counting = notes.filter(({ expires_at: expiresAt }) => expiresAt * 1_000 > nowMs);
  const lagOf = (source: Source): number => {
    const own = counting.filter(({ sort }) => sort.startsWith(`${source}#`));
    return Math.max(0, ...own.map(({ pendingSince }) => nowMs - Date.parse(pendingSince)));
  };
  return Object.fromEntries(SOURCES.map((source) => [source, lagOf(source)])) as Record<Source, number>;
}

/** How far the stream furthest behind may be behind, in milliseconds: what is noted, but at least what may go unnoted. */
export async function longestLagMs(control: Pick<ControlTable, 'list'>, nowMs: number): Promise<number> {
  return Math.max(UNNOTED_LAG_MAX_MS, ...Object.values(await readLagMs(control, nowMs)));
}
