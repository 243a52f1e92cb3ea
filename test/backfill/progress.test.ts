import { describe, expect, test } from 'vitest';
import { showProgress } from '../../backfill/progress.ts';
import {
  advanced,
  begun,
  ended,
  expecting,
  NO_PROGRESS,
  type ProgressState,
  paused,
  progressLine,
  progressParts,
  rateOf,
  wholeOf,
} from '../../backfill/progress-state.ts';

const ALL = [
  { name: 'first', total: 1_000 },
  { name: 'second', total: 3_000 },
  { name: 'sweep', total: undefined },
];
/** So many items of a stretch, evenly over so many seconds from `atMs` on. */
function worked(state: ProgressState, items: number, seconds: number, atMs: number): ProgressState {
  let next = state;
  for (let at = 1; at <= seconds; at += 1) next = advanced(next, items / seconds, atMs + at * 1_000);
  return next;
}
const halfOfFirst = worked(begun(expecting(NO_PROGRESS, ALL), { name: 'first', total: 1_000 }, 0, 0), 500, 10, 0);

describe('the time left', () => {
  test('is that of all stretches, not of the one in hand', () => {
    expect(rateOf(halfOfFirst, 10_000)).toBe(50);
    expect(wholeOf(halfOfFirst, 10_000)).toEqual({ part: 0.125, leftMs: 70_000 });
    expect(progressParts(halfOfFirst, 10_000).join(' · ')).toMatch(
      /^12 % · first 500 of about 1,000 · 1 min 10 s left · until \d\d:\d\d · 50\/s · then sweep$/,
    );
  });

  test('is not told before anything is known, at a start and at a resumption', () => {
    const resumed = begun(expecting(NO_PROGRESS, ALL), { name: 'second', total: 3_000 }, 2_000, 60_000);
    for (const state of [resumed, advanced(resumed, 250, 61_000)]) {
      expect(progressParts(state, 61_000).join(' · ')).toMatch(/^\d+ % · second [\d,]+ of about 3,000$/);
    }
    // What an earlier run did is done, and is not part of the rate.
    expect(wholeOf(resumed, 61_000).part).toBe(0.75);
    expect(rateOf(worked(resumed, 100, 10, 60_000), 70_000)).toBe(10);
  });

  test('is not told while somebody has paused the work, and the pause does not count towards the rate', () => {
    const held = paused(halfOfFirst, 'Ada', 10_000);
    expect(progressParts(held, 70_000).join(' · ')).toBe('paused by Ada · 12 % · first 500 of about 1,000');
    const resumed = worked(paused(held, undefined, 100_000), 500, 10, 100_000);
    expect(rateOf(resumed, 110_000)).toBe(50);
    expect(progressParts(resumed, 110_000)[0]).toBe('25 %');
  });

  test('follows the rate of the last half minute', () => {
    const slower = worked(halfOfFirst, 60, 60, 10_000);
    expect(rateOf(slower, 70_000)).toBe(1);
  });

  test('agrees with the rate, also while nothing comes', () => {
    const rate = rateOf(halfOfFirst, 20_000) ?? 0;
    expect(rate).toBe(25);
    expect(wholeOf(halfOfFirst, 20_000).leftMs).toBe((3_500 / rate) * 1_000);
  });

  test('is unknown where no total is', () => {
    const state = worked(begun(NO_PROGRESS, { name: 'sweep', total: undefined }, 0, 0), 100, 10, 0);
    expect(progressParts(state, 10_000)).toEqual(['sweep 100', '10/s']);
  });
});

describe('the whole', () => {
  test('is not finished before the last stretch is, whatever the estimates were', () => {
    const beyond = worked(begun(ended(halfOfFirst), { name: 'second', total: 3_000 }, 0, 10_000), 9_000, 10, 10_000);
    expect(wholeOf(beyond, 20_000).part).toBe(0.99);
    const swept = ended(begun(ended(beyond), { name: 'sweep', total: undefined }, 0, 20_000));
    expect(wholeOf(swept, 21_000).part).toBe(1);
  });
});

describe('the line', () => {
  test.each([10, 40, 60, 80, 200])('fits %i columns, and leaves out the least important', (columns) => {
    const line = progressLine(halfOfFirst, 10_000, columns);
    expect(line.length).toBeLessThan(columns);
    expect(line).toContain(columns < 40 ? '12 %' : 'first 500 of about 1,000');
    expect(line.includes('left')).toBe(columns >= 60);
    expect(line.includes('█')).toBe(columns >= 200);
  });
});

/** A stream that keeps what is written. */
function fakeStream(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('what is shown', () => {
  test('is one line on a terminal, which is gone when a stretch ends', () => {
    const { written, stream } = fakeStream(true);
    const progress = showProgress(stream, () => 0);
    progress.begin('first', 0, 10);
    progress.note('A note.');
    progress.end();
    progress.note('Another.');
    const clear = '\r\u001b[K';
    expect(written.every((text) => text.startsWith(clear))).toBe(true);
    expect(written.map((text) => text.slice(clear.length))).toEqual([
      expect.stringMatching(/^.*first 0 of about 10$/),
      expect.stringMatching(/^A note\.\n.*first 0 of about 10$/),
      '',
      'Another.\n',
    ]);
  });

  test('is a line now and then elsewhere', () => {
    let nowMs = 0;
    const { written, stream } = fakeStream(false);
    const progress = showProgress(stream, () => nowMs);
    progress.begin('first', 0, 100);
    for (let at = 0; at < 12; at += 1) {
      nowMs += 1_000;
      progress.advance(5);
    }
    progress.end();
    expect(written).toEqual([
      expect.stringMatching(/^25 % · first 25 of about 100 · 15 s left · until .* · 5\/s\n$/),
      expect.stringMatching(/^50 % · first 50 of about 100 · 10 s left · until .* · 5\/s\n$/),
      expect.stringMatching(/^60 % .* · done\n$/),
    ]);
  });
});
