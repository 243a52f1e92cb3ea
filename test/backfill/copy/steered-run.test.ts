import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BackfillOptions, runBackfill } from '../../../backfill/copy/backfill.ts';
import type { SteeringOptions } from '../../../backfill/copy/steered-run.ts';
import { WritePace } from '../../../backfill/copy/write-pace.ts';
import { readHolder } from '../../../backfill/lease/lease-row.ts';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { readSpent } from '../../../functions/tables/control/spent-units.ts';
import { readSteering, writeBound, writePause } from '../../../functions/tables/control/steering.ts';
import { meterUnits, unitsOfCall } from '../../../functions/tables/dynamo/consumed-units.ts';
import { dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { backfillOptions, silent } from '../backfill-options.ts';
import { load, oldItems, oldLink } from '../old-items.ts';

const FEW = 40;
const AT = '2026-05-01T12:00:00.000Z';
const LOOK_EVERY_MS = 20;

let client: DynamoDBClient;
let names: TableNames;
let tables: Tables;

beforeEach(async () => {
  client = engineClient();
  names = await createTestTables();
  tables = dynamoTables(client, names);
});

const replication = () => ({
  ...{ old: tables.old, control: tables.control, transactions: tables.transactions, newToken: randomUUID },
  ...{ nowMs: Date.now, remainingMs: () => Number.POSITIVE_INFINITY },
  ...({ heldRecords: 'hold', tokenRetentionDays: 30, recordConcurrency: 8 } as const),
});

/** A backfill of one process, which counts what it takes at a dollar a unit of writing. */
function backfill(changes: Partial<BackfillOptions> = {}, steering: Partial<SteeringOptions> = {}, ceiling?: number) {
  const writes = new WritePace(ceiling, Date.now, (ms) => sleep(ms));
  const given: SteeringOptions = {
    settings: ceiling === undefined ? {} : { writeUnitsPerSecond: ceiling },
    used: meterUnits(client, (units) => writes.used(units)),
    usdOf: ({ writeUnits }) => writeUnits,
    apply: ({ writeUnitsPerSecond }) => writes.change(writeUnitsPerSecond),
    lookEveryMs: LOOK_EVERY_MS,
    ...steering,
  };
  return runBackfill(
    backfillOptions(
      { replication: replication(), data: tables.data },
      { pace: writes.pace, steering: given, ...changes },
    ),
  );
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(LOOK_EVERY_MS);
}

const pause = (isPaused: boolean, by = 'Ada') => writePause(tables.control, { isPaused, by, at: AT });

describe('a backfill that is paused', () => {
  test('finishes the pages in hand, keeps its lease, says so once, and goes on when it is resumed', async () => {
    await load(client, names, oldItems(FEW));
    const notes: string[] = [];
    const pausedBy: (string | undefined)[] = [];
    let pages = 0;
    const progress = {
      ...silent,
      note: (message: string) => notes.push(message),
      pause: (by: string | undefined) => pausedBy.push(by),
      advance: () => {
        pages += 1;
        if (pages === 1) void pause(true);
      },
    };
    // Slow enough that the order is seen before the end.
    const running = backfill({ progress, segments: 1 }, {}, 400);
    await until(() => pausedBy.at(-1) === 'Ada');
    // From here on only the pause holds it. Pages in hand are finished.
    await writeBound(tables.control, 'writeUnitsPerSecond', {
      ...{ runId: (await readRun(tables.control))?.runId ?? '', value: 1_000_000, by: 'Bob', at: AT },
    });
    let pagesThen: number;
    do {
      pagesThen = pages;
      await sleep(50 * LOOK_EVERY_MS);
    } while (pages > pagesThen);
    expect((await readHolder(tables.transactions))?.untilMs).toBeGreaterThan(Date.now());
    expect(await readRun(tables.control)).not.toHaveProperty('finishedAt');

    await pause(false, 'Bob');
    expect((await running).state).toBe('finished');
    expect(pages).toBeGreaterThan(pagesThen);
    expect(notes.filter((note) => /^Paused/.test(note))).toEqual([expect.stringContaining('Paused by Ada')]);
    expect(notes.filter((note) => /^Resumed|^From now on/.test(note))).toHaveLength(2);
    expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
  });

  test('when it starts says so and waits, and stops at once when it is told to', async () => {
    await load(client, names, oldItems(FEW));
    await pause(true);
    const stop = new AbortController();
    const notes: string[] = [];
    const running = backfill({ stop: stop.signal, progress: { ...silent, note: (note) => notes.push(note) } });
    await until(() => notes.some((note) => note.startsWith('Paused by Ada')));
    await sleep(5 * LOOK_EVERY_MS);
    stop.abort();
    const { state, passes } = await running;
    expect(state).toBe('stopped');
    expect(passes.reduce((sum, { tally }) => sum + tally.scanned, 0)).toBe(0);
  });
});

describe('a ceiling on write units', () => {
  /** Write units by the time at which the call was sent. */
  function watchWrites(): { atMs: number; units: number }[] {
    const sent: { atMs: number; units: number }[] = [];
    client.middlewareStack.add(
      (next, context) => async (call) => {
        const atMs = Date.now();
        const result = await next(call);
        const units = unitsOfCall(call.input, result.output);
        if (/Put|Write|Update|Delete/.test(String(context.commandName))) sent.push({ atMs, units });
        return result;
      },
      { step: 'initialize', priority: 'high', name: 'watch' },
    );
    return sent;
  }

  /** The most that was sent in any second. */
  function mostInASecond(sent: readonly { atMs: number; units: number }[]): number {
    return Math.max(
      ...sent.map(({ atMs: from }) =>
        sent.filter(({ atMs }) => atMs >= from && atMs < from + 1_000).reduce((sum, { units }) => sum + units, 0),
      ),
    );
  }

  /** Each of a KPI of its own. */
  const manyLinks = Array.from({ length: 150 }, (_, at) => oldLink(`many-${at}`, 100 + at, '2024-01-01T00:00:00Z'));

  test.each([
    ['the transactions of links', { phase: 'links' } as const, manyLinks],
    ['all that a backfill writes', {}, []],
  ])('holds for %s, as the store counts it', async (_name, changes, more) => {
    const ceiling = 200;
    const items = oldItems(FEW);
    await load(client, names, { ...items, links: [...items.links, ...more] });
    const sent = watchWrites();
    const startMs = Date.now();
    const { spent } = await backfill(changes, {}, ceiling);
    const seconds = (Date.now() - startMs) / 1_000;

    const total = sent.reduce((sum, { units }) => sum + units, 0);
    const largest = Math.max(...sent.map(({ units }) => units));
    // What one second brings may be used at once.
    expect(total).toBeLessThanOrEqual(ceiling * (seconds + 1) + largest);
    expect(mostInASecond(sent)).toBeLessThanOrEqual(2 * ceiling + largest);
    expect(total).toBeGreaterThan(2.5 * ceiling);
    // All but the lease's own writes and the last row were counted for the run.
    expect(spent?.writeUnits).toBeGreaterThan(total - 10);
    expect(spent?.writeUnits).toBeLessThanOrEqual(total);
  });
});

describe('a budget', () => {
  test('stops a run before it is exceeded, in all processes together, and a higher one lets it go on', async () => {
    await load(client, names, oldItems(FEW, { milestones: 600 }));
    const budget = 2_600;
    const first = await backfill({ segments: 1 }, { settings: { budgetUsd: budget } });
    expect(first).toMatchObject({ state: 'stopped', spent: { isBudgetSpent: true, budgetUsd: budget } });
    expect(first.spent?.usd).toBeGreaterThan(budget / 3);
    expect(first.spent?.usd).toBeLessThanOrEqual(budget);
    const stored = await readSpent(tables.control, first.runId);
    expect(stored).toMatchObject({ stoppedAtBudgetUsd: budget });
    // The note itself, and the lease, come after it.
    expect(stored.writeUnits).toBeGreaterThan((first.spent?.writeUnits ?? 0) - 5);

    const again = await backfill({}, { settings: { budgetUsd: budget } });
    expect(again.state).toBe('stopped');
    expect(again.passes).toEqual(first.passes);

    const last = await backfill({}, { budget: { value: 100_000, by: 'Ada', reason: 'approved' } });
    expect(last).toMatchObject({ state: 'finished', runId: first.runId, spent: { isBudgetSpent: false } });
    expect(last.spent?.usd).toBeGreaterThan((first.spent?.usd ?? 0) + 300);
    const { bounds } = await readSteering(tables.control);
    expect(bounds.budgetUsd).toMatchObject({ value: 100_000, by: 'Ada', reason: 'approved', runId: first.runId });
    expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
  });
});
