import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PutQueue, type PutQueueOptions } from '../../../backfill/copy/put-queue.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';

const rowsOf = (name: string, count: number): Item[] =>
  Array.from({ length: count }, (_, at) => ({ id: { S: `${name}${at}` } }));

/** A queue whose batches are answered by hand. */
function byHand(changes: Partial<PutQueueOptions> = {}) {
  const sent: { rows: readonly Item[]; answer: (refused?: Item) => void; fail: (error: Error) => void }[] = [];
  const queue = new PutQueue({
    send(rows) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      let refused: Item | undefined;
      const answer = (given?: Item): void => {
        refused = given;
        resolve();
      };
      sent.push({ rows, answer, fail: reject });
      const error = new Error('refused');
      return promise.then(() => ({ written: rows.length, refused: refused ? [{ of: refused, error }] : [] }));
    },
    pace: async () => {},
    nowMs: () => 0,
    ...changes,
  });
  return { queue, sent };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('batches are full whatever lots the rows came in, and a lot is done when its own rows are', async () => {
  const { queue, sent } = byHand();
  const done: string[] = [];
  const lots = [
    queue.put(rowsOf('a', 200)).then(() => done.push('a')),
    queue.put(rowsOf('b', 30)).then(() => done.push('b')),
    queue.put(rowsOf('c', 30)).then(() => done.push('c')),
  ];
  await turn();
  // Eight at once; what is left waits, and is filled up.
  expect(sent.map(({ rows }) => rows.length)).toEqual(Array(8).fill(25));
  for (const { answer } of [...sent]) answer();
  await turn();
  expect(done).toEqual(['a']);
  expect(sent.slice(8).map(({ rows }) => rows.length)).toEqual([25, 25, 10]);
  for (const { answer } of sent.slice(8)) answer();
  await Promise.all(lots);
  expect(done).toEqual(['a', 'b', 'c']);
});

test('it tells each lot which of its rows were refused', async () => {
  const { queue, sent } = byHand();
  const [first, second] = [rowsOf('a', 10), rowsOf('b', 10)];
  const lots = [queue.put(first), queue.put(second), queue.put([])];
  await turn();
  sent[0]?.answer(first[3]);
  sent[1]?.answer();
  expect((await Promise.all(lots)).map((refused) => [...refused])).toEqual([[first[3]], [], []]);
});

test('after a failure nothing more is sent, and all who wait are told', async () => {
  const { queue, sent } = byHand();
  const lots = Promise.allSettled([queue.put(rowsOf('a', 300)), queue.put(rowsOf('b', 5))]);
  await turn();
  sent[0]?.fail(new Error('no table'));
  await turn();
  const later = queue.put(rowsOf('c', 1));
  expect((await lots).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(later).rejects.toThrow('no table');
  expect(sent).toHaveLength(8);
});

test('every batch waits for its pace', async () => {
  const paced: number[] = [];
  const { queue, sent } = byHand({
    pace: async (rows) => {
      paced.push(rows.length);
      await new Promise(() => {});
    },
  });
  queue.put(rowsOf('a', 40)).catch(() => {});
  await turn();
  expect(paced).toEqual([25, 15]);
  expect(sent).toEqual([]);
});

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('a throttled batch', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('pauses before it is sent again, which is not taken for a slow store', async () => {
    let [atOnce, most, pauseMs] = [0, 0, 0];
    const { queue } = byHand({
      nowMs: Date.now,
      async send(rows, { begun }) {
        most = Math.max(most, ++atOnce);
        begun();
        await pass(10 + pauseMs);
        begun();
        await pass(10);
        atOnce -= 1;
        return { written: rows.length, refused: [] };
      },
    });
    const mostOf = async (batches: number): Promise<number> => {
      most = 0;
      const done = queue.put(rowsOf('a', 25 * batches));
      await vi.runAllTimersAsync();
      await done;
      return most;
    };
    const before = await mostOf(400);
    pauseMs = 1_000;
    await mostOf(250);
    expect(await mostOf(30)).toBeGreaterThanOrEqual(before);
  });

  test('leaves its place to others while it pauses, but to no more than a few', async () => {
    const PAUSE_MS = 10_000;
    let sent = 0;
    const { queue } = byHand({
      nowMs: Date.now,
      async send(rows, { begun, throttled }) {
        sent += 1;
        const isThrottled = sent <= 24;
        begun();
        if (isThrottled) {
          await pass(10);
          throttled();
          await pass(PAUSE_MS);
          begun();
        }
        await pass(10);
        return { written: rows.length, refused: [] };
      },
    });
    const done = queue.put(rowsOf('a', 25 * 100));
    await vi.advanceTimersByTimeAsync(1_000);
    // All of the first eight are throttled. Nothing more is sent to a store that takes nothing.
    expect(sent).toBe(8);
    await vi.advanceTimersByTimeAsync(3 * PAUSE_MS);
    // At the end of the third round of eight, the others have followed one another.
    expect(sent).toBe(100);
    await vi.runAllTimersAsync();
    await done;
  });
});
