import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ReaderFlag } from '../../functions/flag/stages.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { type KpiReads, kpiReads } from '../../functions/read/kpi-reads.ts';
import type { ReadSide, RowPage } from '../../functions/read/query.ts';
import {
  createRouter,
  type Provenance,
  ROUTER_DEFAULTS,
  type Router,
  type RouterDependencies,
  type RouterSettings,
} from '../../functions/read/router.ts';

const NEW: ReaderFlag = { stage: 'new', percent: 100, tenants: new Set(), lagBoundMs: 1_000 };
const SHADOW: ReaderFlag = { stage: 'shadow', lagBoundMs: 8_000 };
const EVERYTHING: RouterSettings = { ...ROUTER_DEFAULTS, shadowShare: 1, sampleShare: 1 };
const QUERY = { tenantId: 't1', linkId: 'l1' };

function linkRow(changes: Item = {}): Item {
  const texts = { id: 'l1', tenant_id: 't1', kpi_id: 'k1', person_id: 'p1', linked_at: '2024', uniqueness_key: 'u' };
  return { ...Object.fromEntries(Object.entries(texts).map(([name, S]) => [name, { S }])), ...changes };
}

type Answer = () => Promise<RowPage>;
const right: Answer = async () => ({ rows: [linkRow()] });
const failing: Answer = async () => {
  throw new Error('the new table is gone');
};
const hanging: Answer = () => new Promise(() => {});
const slowly =
  (delayMs: number): Answer =>
  () =>
    new Promise((resolve) => setTimeout(() => resolve({ rows: [linkRow()] }), delayMs));
const wrongly =
  (changes: Item): Answer =>
  async () => ({ rows: [linkRow(changes)] });

interface Setup {
  readonly router: Router;
  readonly reads: KpiReads<Provenance>;
  readonly flag: { current: ReaderFlag };
  readonly sides: { old: Answer; new: Answer };
  readonly calls: { old: number; new: number };
  readonly troubles: string[];
}

function setUp(flag: ReaderFlag, changes: Partial<RouterDependencies> = {}): Setup {
  const sides = { old: right, new: right };
  const calls = { old: 0, new: 0 };
  const current = { current: flag };
  const troubles: string[] = [];
  const side = (name: 'old' | 'new'): ReadSide => ({
    read: () => {
      calls[name] += 1;
      return sides[name]();
    },
  });
  const router = createRouter({
    sides: { old: side('old'), new: side('new') },
    flag: () => current.current,
    settings: EVERYTHING,
    report: ({ what }) => troubles.push(what),
    ...changes,
  });
  return { router, reads: kpiReads(router.read), flag: current, sides, calls, troubles };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A read that takes as long as it takes, on a clock that stands still otherwise. */
async function readTaking(setup: Setup, query = QUERY): Promise<{ reason: string; origin: string; tookMs: number }> {
  const startedAt = Date.now();
  let endedAt = startedAt;
  const reading = setup.reads.linkById(query).finally(() => {
    endedAt = Date.now();
  });
  await vi.advanceTimersByTimeAsync(1_000);
  const { row, origin, reason } = await reading;
  expect(row).toEqual(linkRow());
  return { origin, reason, tookMs: endedAt - startedAt };
}

describe('an answer', () => {
  test('says where it is from and why', async () => {
    const setup = setUp({ stage: 'old', reason: 'flag-disabled' });
    expect(await readTaking(setup)).toMatchObject({ origin: 'old', reason: 'flag-disabled' });
    setup.flag.current = NEW;
    expect(await readTaking(setup)).toMatchObject({ origin: 'new', reason: 'tenant-in-percent' });
    expect(setup.router.counters.take()).toMatchObject({
      'answers.new.tenant-in-percent': 1,
      'answers.old.flag-disabled': 1,
    });
  });

  test('comes from the old side while its caller may have written', async () => {
    const { reads } = setUp(NEW);
    expect(await reads.linkById(QUERY, { lastWriteAtMs: Date.now() - 999 })).toMatchObject({ reason: 'fresh-write' });
    expect(await reads.linkById(QUERY, { lastWriteAtMs: Date.now() - 1_000 })).toMatchObject({ origin: 'new' });
  });

  test('comes from the old side where the flag cannot be had', async () => {
    const setup = setUp(NEW, { flag: () => Promise.reject(new Error('no flag')) });
    expect(await readTaking(setup)).toMatchObject({ origin: 'old', reason: 'flag-unreadable' });
    expect(setup.troubles).toEqual(['The flag cannot be read, so the old side answers']);
  });

  test('fails only where the old side fails', async () => {
    const { reads, sides } = setUp(NEW);
    sides.new = failing;
    sides.old = () => Promise.reject(new Error('the old table is gone'));
    await expect(reads.linkById(QUERY)).rejects.toThrow('the old table is gone');
  });
});

describe('a new side at fault', () => {
  test.each<[string, Answer, string]>([
    ['fails', failing, 'new-error'],
    [
      'throws before it begins',
      () => {
        throw new Error('at once');
      },
      'new-error',
    ],
    ['hangs', hanging, 'new-time-out'],
    ['is slow', slowly(501), 'new-time-out'],
    ['gives a row of another tenant', wrongly({ tenant_id: { S: 't2' } }), 'new-wrong'],
    ['gives another row', wrongly({ id: { S: 'l2' } }), 'new-wrong'],
    ['gives a broken row', wrongly({ person_id: { N: '1' } }), 'new-wrong'],
  ])('that %s costs no read, and after a few it is left alone', async (_, answer, reason) => {
    const setup = setUp(NEW);
    setup.sides.new = answer;
    const reasons: string[] = [];
    for (let n = 0; n < 8; n += 1) {
      const { origin, reason: given, tookMs } = await readTaking(setup);
      expect(origin).toBe('old');
      expect(tookMs).toBeLessThanOrEqual(ROUTER_DEFAULTS.newDeadlineMs);
      reasons.push(given);
    }
    expect(reasons[0]).toBe(reason);
    expect(reasons.at(-1)).toBe('breaker-open');
    expect(setup.calls.new).toBe(reason === 'new-wrong' ? 1 : 5);
    expect(setup.troubles).toHaveLength(setup.calls.new);
  });

  test('is used as long as it keeps its deadline', async () => {
    const setup = setUp(NEW);
    setup.sides.new = slowly(499);
    expect(await readTaking(setup)).toEqual({ origin: 'new', reason: 'tenant-in-percent', tookMs: 499 });
  });

  test('is probed behind the answers, and used again once it is right', async () => {
    const setup = setUp(NEW);
    setup.sides.new = failing;
    while (setup.router.breaker.state === 'closed') await readTaking(setup);
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await readTaking(setup)).reason).toBe('breaker-open');
    expect(setup.router.breaker.state).toBe('open');

    await vi.advanceTimersByTimeAsync(10_000);
    setup.sides.new = wrongly({ person_id: { S: 'stale' } });
    expect((await readTaking(setup)).reason).toBe('breaker-open');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(setup.router.breaker.state).toBe('open');

    await vi.advanceTimersByTimeAsync(10_000);
    setup.sides.new = right;
    for (let n = 0; n < 3; n += 1) expect((await readTaking(setup)).reason).toBe('breaker-open');
    expect(setup.router.breaker.state).toBe('closed');
    expect((await readTaking(setup)).origin).toBe('new');
  });

  test('that is stale in a way only the old side can show is found out by a sample', async () => {
    const setup = setUp(NEW);
    setup.sides.new = wrongly({ person_id: { S: 'stale' } });
    const { origin } = await setup.reads.linkById(QUERY);
    expect(origin).toBe('new');
    await vi.advanceTimersByTimeAsync(6_000);
    expect(setup.router.breaker.state).toBe('open');
    expect(setup.router.counters.take()).toMatchObject({ 'sample.different': 1, 'sample.different.person_id': 1 });
  });

  test('is not blamed for a process that stood still', async () => {
    const setup = setUp(NEW);
    setup.sides.new = hanging;
    for (let n = 0; n < 10; n += 1) {
      const reading = setup.reads.linkById(QUERY);
      await vi.advanceTimersByTimeAsync(0);
      vi.setSystemTime(Date.now() + 60_000);
      await vi.advanceTimersByTimeAsync(500);
      expect(await reading).toMatchObject({ origin: 'old', reason: 'new-suspended' });
    }
    expect(setup.router.breaker.state).toBe('closed');
  });
});

describe('a shadow read', () => {
  test('starts behind the answer', async () => {
    const { reads, calls } = setUp(SHADOW);
    await reads.linkById(QUERY);
    expect(calls.new).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(calls.new).toBe(1);
  });

  test.each([
    ['hangs', hanging],
    ['fails', failing],
    ['is slow', slowly(5_000)],
    ['is wrong', wrongly({ tenant_id: { S: 't2' } })],
  ])('of a side that %s slows and fails no caller, and opens nothing', async (_, answer) => {
    const setup = setUp(SHADOW);
    setup.sides.new = answer;
    for (let n = 0; n < 20; n += 1) {
      const read = await setup.reads.linkById(QUERY);
      expect(read).toMatchObject({ origin: 'old', reason: 'shadow', row: linkRow() });
    }
    expect(vi.getTimerCount()).toBeLessThanOrEqual(ROUTER_DEFAULTS.shadow.inFlightMax);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(setup.router.breaker.state).toBe('closed');
    expect(setup.router.counters.take()).toMatchObject({ 'shadow.skipped': 12, 'answers.old.shadow': 20 });
  });

  test('is not begun anew on a side that has not let go of the ones before', async () => {
    const setup = setUp(SHADOW);
    setup.sides.new = hanging;
    for (let n = 0; n < 20; n += 1) await readTaking(setup);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(setup.calls.new).toBe(ROUTER_DEFAULTS.shadow.inFlightMax);
  });

  test.each<[string, Answer, Record<string, number>]>([
    ['the same', right, { 'shadow.equal': 1 }],
    ['nothing', async () => ({ rows: [] }), { 'shadow.missing': 1 }],
    ['a row too many', async () => ({ rows: [linkRow(), linkRow({ id: { S: 'l2' } })] }), { 'shadow.extra': 1 }],
    [
      'other attributes',
      wrongly({ weight: { N: '1' }, person_id: { S: 'p2' } }),
      { 'shadow.different': 1, 'shadow.different.person_id': 1, 'shadow.different.weight': 1 },
    ],
    ['an error', failing, { 'shadow.new-error': 1 }],
    ['no answer', hanging, { 'shadow.new-time-out': 1 }],
    ['a row of another tenant', wrongly({ tenant_id: { S: 't2' } }), { 'shadow.invalid': 1 }],
  ])('that finds %s is counted by kind', async (_, answer, counts) => {
    const setup = setUp(SHADOW);
    setup.sides.new = answer;
    await setup.reads.linksByTenant({ tenantId: 't1' });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(setup.router.counters.take()).toEqual({ 'answers.old.shadow': 1, ...counts });
  });

  test.each<[string, (setup: Setup) => void]>([
    [
      'the new side has caught up',
      ({ sides }) => {
        sides.new = right;
      },
    ],
    [
      'the old side has changed again',
      ({ sides }) => {
        sides.old = wrongly({ person_id: { S: 'p3' } });
      },
    ],
  ])('holds nothing against the new side where at the second look %s', async (_, change) => {
    const setup = setUp(SHADOW);
    setup.sides.new = wrongly({ person_id: { S: 'p2' } });
    await setup.reads.linkById(QUERY);
    await vi.advanceTimersByTimeAsync(7_900);
    change(setup);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(setup.router.counters.take()).toEqual({ 'answers.old.shadow': 1, 'shadow.in-flight': 1 });
  });

  test('is made for the share of reads that is set', async () => {
    const rolls = [0.09, 0.1, 0.5, 0.0];
    const settings = { ...EVERYTHING, shadowShare: 0.1 };
    const { reads, calls } = setUp(SHADOW, { settings, random: () => rolls.shift() ?? 1 });
    for (let n = 0; n < 4; n += 1) await reads.linkById(QUERY);
    await vi.advanceTimersByTimeAsync(10);
    expect(calls.new).toBe(2);
  });
});
