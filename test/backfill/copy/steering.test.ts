import { describe, expect, test } from 'vitest';
import { pauseGate } from '../../../backfill/copy/pause-gate.ts';
import { boundsOf, decidePage, describeChanges, inForce, type PageFacts } from '../../../backfill/copy/steering.ts';
import { WritePace } from '../../../backfill/copy/write-pace.ts';
import { unitsOfWrites } from '../../../backfill/copy/write-units.ts';
import type { Steering } from '../../../functions/tables/control/steering.ts';
import type { Write } from '../../../functions/tables/dynamo/transactions.ts';

const FREE: PageFacts = {
  ...{ isPaused: false, budgetUsd: undefined, stoppedAtUsd: 0 },
  ...{ spentUsd: 0, usdPerPage: 0.1, pagesInHand: 0 },
};

describe('before a page a copier', () => {
  test.each<[string, Partial<PageFacts>, ReturnType<typeof decidePage>]>([
    ['takes it', {}, 'take'],
    ['takes it, whatever was spent without a budget', { spentUsd: 1_000, usdPerPage: 5, pagesInHand: 12 }, 'take'],
    ['holds while paused', { isPaused: true }, 'hold'],
    ['holds while paused, with pages in hand', { isPaused: true, pagesInHand: 3, budgetUsd: 1 }, 'hold'],
    ['stops at the budget', { budgetUsd: 1, spentUsd: 1 }, 'stop'],
    ['stops beyond the budget, also while paused', { budgetUsd: 1, spentUsd: 2, isPaused: true }, 'stop'],
    ['takes the last that there is room for', { budgetUsd: 1, spentUsd: 0.875, usdPerPage: 0.125 }, 'take'],
    ['stops before the first one where there is no room for it', { budgetUsd: 0.01 }, 'stop'],
    ['takes as many as there is room for', { budgetUsd: 1, spentUsd: 0.5, usdPerPage: 0.1, pagesInHand: 3 }, 'take'],
    [
      'waits where those in hand may use up the rest',
      { budgetUsd: 1, spentUsd: 0.5, usdPerPage: 0.1, pagesInHand: 5 },
      'wait',
    ],
    ['stops where the next one may cost more than the rest', { budgetUsd: 1, spentUsd: 0.95, usdPerPage: 0.1 }, 'stop'],
    [
      'stops where the run has stopped at this budget before',
      { budgetUsd: 1, spentUsd: 0.95, stoppedAtUsd: 1 },
      'stop',
    ],
    ['goes on with a higher budget', { budgetUsd: 2, spentUsd: 0.95, stoppedAtUsd: 1 }, 'take'],
  ])('%s', (_name, facts, decision) => {
    expect(decidePage({ ...FREE, ...facts })).toBe(decision);
  });
});

const AT = '2026-05-01T12:00:00.000Z';
const LATER = '2026-05-01T12:05:00.000Z';
const bound = (value: number, runId = 'run', at = AT) => ({ value, runId, by: 'Ada', at });

describe('orders', () => {
  const settings = boundsOf({ maxWriteUnitsPerSecond: 100, budgetUsd: 5 } as Parameters<typeof boundsOf>[0]);

  test.each<[string, Steering, ReturnType<typeof inForce>]>([
    ['without one the settings hold', { bounds: {} }, { bounds: { writeUnitsPerSecond: 100, budgetUsd: 5 } }],
    [
      'one for this run replaces a setting, or adds to them',
      { bounds: { writeUnitsPerSecond: bound(7), readUnitsPerSecond: bound(8) } },
      { bounds: { writeUnitsPerSecond: 7, readUnitsPerSecond: 8, budgetUsd: 5 } },
    ],
    [
      'one for another run does not hold',
      { bounds: { budgetUsd: bound(9, 'another') } },
      { bounds: { writeUnitsPerSecond: 100, budgetUsd: 5 } },
    ],
    [
      'a pause that was resumed does not hold',
      { pause: { isPaused: false, by: 'Ada', at: AT }, bounds: {} },
      { bounds: { writeUnitsPerSecond: 100, budgetUsd: 5 } },
    ],
  ])('%s', (_name, steering, expected) => {
    expect(inForce(steering, settings, 'run')).toEqual(expected);
  });

  test('are told once, with who, when and why', () => {
    const pause = { isPaused: true, by: 'Ada', at: AT, reason: 'the service is slow' };
    const paused: Steering = { pause, bounds: {} };
    const resumed: Steering = { pause: { isPaused: false, by: 'Bob', at: LATER }, bounds: {} };
    const retuned: Steering = { bounds: { writeUnitsPerSecond: bound(1_500), budgetUsd: bound(9, 'another') } };
    expect(describeChanges({ bounds: {} }, paused, 'run')).toEqual([
      expect.stringMatching(
        /^Paused by Ada at 2026-05-01T12:00:00.000Z \(the service is slow\)\. .* kpi-migrate resume/,
      ),
    ]);
    expect(describeChanges(paused, paused, 'run')).toEqual([]);
    expect(describeChanges(paused, resumed, 'run')).toEqual([`Resumed by Bob at ${LATER}.`]);
    expect(describeChanges({ bounds: {} }, resumed, 'run')).toEqual([]);
    expect(describeChanges({ bounds: {} }, retuned, 'run')).toEqual([
      `From now on 1,500 write units a second, as set by Ada at ${AT}.`,
    ]);
    expect(describeChanges(retuned, retuned, 'run')).toEqual([]);
    const again: Steering = { bounds: { writeUnitsPerSecond: bound(1_500, 'run', LATER) } };
    expect(describeChanges(retuned, again, 'run')).toHaveLength(1);
  });
});

describe('a pace of writes', () => {
  /** A clock that only waits move. */
  function paceOf(ceiling: number | undefined) {
    const clock = { nowMs: 0 };
    const pace = new WritePace(
      ceiling,
      () => clock.nowMs,
      async (ms) => {
        clock.nowMs += ms;
      },
    );
    return { clock, pace };
  }

  test('lets a second’s units pass at once, and then as many as the ceiling brings', async () => {
    const { clock, pace } = paceOf(100);
    await pace.pace(100);
    expect(clock.nowMs).toBe(0);
    await pace.pace(50);
    expect(clock.nowMs).toBe(500);
    clock.nowMs += 60_000;
    await pace.pace(100);
    expect(clock.nowMs).toBe(60_500);
    await pace.pace(300);
    expect(clock.nowMs).toBe(63_500);
  });

  test('goes by what the store says a write took', async () => {
    const { clock, pace } = paceOf(100);
    const settle = await pace.pace(100);
    pace.used(300);
    settle?.();
    await pace.pace(100);
    expect(clock.nowMs).toBe(3_000);
    const cheaper = await pace.pace(100);
    pace.used(10);
    cheaper?.();
    await pace.pace(90);
    expect(clock.nowMs).toBe(4_000);
  });

  test('keeps the estimate of a write whose answer tells nothing', async () => {
    const { clock, pace } = paceOf(100);
    await pace.pace(100);
    await pace.pace(100);
    expect(clock.nowMs).toBe(1_000);
  });

  test('follows another ceiling, also for those who wait', async () => {
    const clock = { nowMs: 0 };
    const turns: (() => void)[] = [];
    const pace = new WritePace(
      1,
      () => clock.nowMs,
      (ms) =>
        new Promise<void>((resolve) => {
          turns.push(() => {
            clock.nowMs += ms;
            resolve();
          });
        }),
    );
    let passed = false;
    const waiting = pace.pace(1_000).then(() => {
      passed = true;
    });
    turns.shift()?.();
    await new Promise(setImmediate);
    expect(passed).toBe(false);
    pace.change(undefined);
    turns.shift()?.();
    await waiting;
    expect(clock.nowMs).toBeLessThan(1_000);
    pace.change(10);
    await pace.pace(10);
    const next = pace.pace(1);
    expect(turns).toHaveLength(1);
    turns.shift()?.();
    await next;
  });
});

describe('the write units of writes', () => {
  const data: Write = { kind: 'put', table: 'kpiData', item: { id: { S: 'x'.repeat(1_500) } } };
  const control: Write = { kind: 'put', table: 'control', item: { pk: { S: 'p' }, sk: { S: 's' } } };
  const check: Write = { kind: 'absent', table: 'kpiData', key: { id: { S: 'a' } } };

  test.each<[string, Write[], number]>([
    ['one write: each kilobyte, in the table and its three indexes', [data], 8],
    ['in a transaction the table counts twice', [data, control], 2 * (2 + 3) + 2],
    ['a check is a transaction, and touches no index', [check], 2],
    ['a delete counts as a kilobyte', [{ kind: 'delete', table: 'control', key: {} }], 1],
    ['none', [], 0],
  ])('%s', (_name, writes, units) => {
    expect(unitsOfWrites(writes)).toBe(units);
  });
});

describe('work beside a run in one process', () => {
  /** A gate over orders in memory, which counts how often they are read. */
  function gateOver(order: { isPaused: boolean }) {
    const seen = { reads: 0, notes: [] as string[] };
    const stop = new AbortController();
    const options = {
      control: {
        async list() {
          seen.reads += 1;
          return [{ sort: 'pause', value: { ...order, by: 'Ada', at: AT } }];
        },
      },
      progress: { note: (note: string) => seen.notes.push(note) },
      nowMs: Date.now,
      stop: stop.signal,
      lookEveryMs: 30,
    };
    return { gate: pauseGate(options), stop, seen };
  }

  test('goes on with one look for many pages', async () => {
    const { gate, seen } = gateOver({ isPaused: false });
    await Promise.all([gate(), gate(), gate()]);
    expect(seen).toEqual({ reads: 1, notes: [] });
  });

  test('waits while it is paused, and says so once', async () => {
    const order = { isPaused: true };
    const { gate, seen } = gateOver(order);
    const [one, other] = [gate(), gate()];
    setTimeout(() => {
      order.isPaused = false;
    }, 100);
    await Promise.all([one, other]);
    expect(order.isPaused).toBe(false);
    expect(seen.notes).toEqual([expect.stringMatching(/^Paused by Ada/), `Resumed by Ada at ${AT}.`]);
  });

  test('ends with the command that waits', async () => {
    const { gate, stop } = gateOver({ isPaused: true });
    const waiting = gate();
    setTimeout(() => stop.abort(), 20);
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});
