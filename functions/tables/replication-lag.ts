import * as z from 'zod';
import { SOURCES, type Source } from '../model/sources.ts';
import type { ControlTable } from './control-table.ts';

const PARTITION = 'replication-lag';

const row = z.object({
  /** ISO 8601 instant of the oldest change that was handed to a function and is not replicated; absent where there is none. */
  pendingSince: z.iso.datetime().optional(),
  /** When this was written. */
  at: z.iso.datetime(),
});

/** Lag that is worth a write of its own, in milliseconds. */
const NOTEWORTHY_LAG_MS = 10_000;

/** A stream of which nothing is noted may still be behind by so much: that, and the time a note takes. */
export const UNNOTED_LAG_MAX_MS = NOTEWORTHY_LAG_MS + 2_000;

/**
 * Notes how far a source's stream is behind, for whoever decides by it. What keeps up is not noted; a function that dies in a
 * batch leaves its note behind.
 */
export class LagRecorder {
  private readonly source: Source;
  private readonly control: Pick<ControlTable, 'put'>;
  private readonly nowMs: () => number;
  private noted = false;

  constructor(source: Source, control: Pick<ControlTable, 'put'>, nowMs: () => number) {
    this.source = source;
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
    const now = this.nowMs();
    if (pendingSinceMs === undefined && !this.noted) return;
    if (pendingSinceMs !== undefined && now - pendingSinceMs < NOTEWORTHY_LAG_MS) return;
    await this.control.put(PARTITION, this.source, {
      at: new Date(now).toISOString(),
      ...(pendingSinceMs !== undefined && { pendingSince: new Date(pendingSinceMs).toISOString() }),
    });
    this.noted = pendingSinceMs !== undefined;
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
  const rows = new Map((await control.list(PARTITION)).map(({ sort, value }) => [sort, row.parse(value)]));
  const lagOf = (source: Source): number => {
    const pendingSince = rows.get(source)?.pendingSince;
    return pendingSince === undefined ? 0 : Math.max(0, nowMs - Date.parse(pendingSince));
  };
  return Object.fromEntries(SOURCES.map((source) => [source, lagOf(source)])) as Record<Source, number>;
}
