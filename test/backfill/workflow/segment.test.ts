import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { runBackfill } from '../../../backfill/copy/backfill.ts';
import { readCheckpoints, readRunState } from '../../../backfill/copy/run-state.ts';
import { GroupLease, membersLandUntilMs } from '../../../backfill/lease/group-lease.ts';
import { acquireLease } from '../../../backfill/lease/lease.ts';
import { readHolder } from '../../../backfill/lease/lease-row.ts';
import { compareAll, scanTable } from '../../../backfill/local/rehearsal/agreement.ts';
import { type CoordinateOptions, coordinate } from '../../../backfill/workflow/coordinate.ts';
import { acquireMemberLease, groupLease } from '../../../backfill/workflow/member.ts';
import type { LastStep, NextStep, Order } from '../../../backfill/workflow/orders.ts';
import { type SegmentOptions, workOnSegment } from '../../../backfill/workflow/segment.ts';
import { writeStopMark } from '../../../backfill/workflow/stop-mark.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import type { NewTables } from '../../../functions/tables/new/new-tables.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { backfillOptions } from '../backfill-options.ts';
import { load, oldItems } from '../old-items.ts';
import { driveWorkflow } from './drive.ts';

const LEASE_MS = 60_000;
const LANDS_WITHIN_MS = 960_000;
const RECORDS = 40;

const client = engineClient();
let names: TableNames;
let tables: Tables;
let nowMs: number;

beforeEach(async () => {
  names = await createTestTables();
  tables = dynamoTables(client, names);
  nowMs = 1_800_000_000_000;
  await load(client, names, oldItems(RECORDS));
});

/** Nobody renews, and nobody looks again. */
const endless: SegmentOptions['sleep'] = (_, signal) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

function replicationOf() {
  return {
    ...tables,
    newToken: randomUUID,
    nowMs: () => nowMs,
    remainingMs: () => Number.POSITIVE_INFINITY,
    heldRecords: 'hold' as const,
    tokenRetentionDays: 30,
    recordConcurrency: 8,
  };
}

function options(changes: Partial<CoordinateOptions> = {}): CoordinateOptions & SegmentOptions {
  return {
    group: 'one',
    replication: replicationOf(),
    data: tables.data,
    leaseMs: LEASE_MS,
    leaseMaxMs: LEASE_MS,
    nowMs: () => nowMs,
    steadyMs: () => nowMs,
    newToken: randomUUID,
    sleep: endless,
    pace: async () => {},
    putLandsWithinMs: LANDS_WITHIN_MS,
    stop: new AbortController().signal,
    note: () => {},
    onScanned: () => {},
    segments: 2,
    maxConcurrency: 2,
    toleratedFailurePercent: 0,
    ...changes,
  };
}

type Segments = Extract<NextStep, { kind: 'segments' }>;

/** Runs the workflow up to the pass that is named, or to the end. */
const drive = (until?: Order['pass'], group = 'one', seen: NextStep[] = []): Promise<NextStep> =>
  driveWorkflow(options({ group }), {
    ...(until && { until }),
    seen,
    wait: (seconds) => {
      nowMs += seconds * 1_000;
    },
  });

async function expectAgreement(): Promise<void> {
  expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
}

const rowCount = async (): Promise<number> => (await scanTable(client, names, 'kpiData')).length;

/** A worker whose first batch of rows waits until it is let go, and then tells whether it was sent. */
function halted() {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const sent = vi.fn();
  const data: NewTables = {
    ...tables.data,
    putData: async (rows, attempts) => {
      reached.resolve();
      await released.promise;
      attempts?.requireAllowed();
      sent();
      return tables.data.putData(rows, attempts);
    },
  };
  return { data, reached: reached.promise, release: () => released.resolve(), sent };
}

test('segments apart bring the new tables to what one process does, and the last step gives the lease up', async () => {
  expect(await drive()).toMatchObject({ kind: 'finished' });
  await expectAgreement();
  expect(await readHolder(tables.transactions)).toMatchObject({ owner: 'workflow one', untilMs: 0 });
  expect((await readRunState(tables.control)).members.every(({ untilMs }) => untilMs === 0)).toBe(true);
});

test('a second execution changes nothing', async () => {
  await drive();
  const before = await scanTable(client, names, 'kpiData');
  expect(await drive(undefined, 'two')).toMatchObject({ kind: 'finished' });
  expect(await scanTable(client, names, 'kpiData')).toEqual(before);
});

describe('one lease for both hosts', () => {
  test('a backfill here is refused while the workflow holds it, and told how to stop that', async () => {
    await drive('milestones');
    let renewed = false;
    const here = runBackfill(
      backfillOptions(
        { replication: replicationOf(), data: tables.data },
        {
          leaseMs: LEASE_MS,
          nowMs: () => nowMs,
          sleep: async (ms) => {
            nowMs += ms;
            if (!renewed) await new GroupLease(tables.transactions, 'one', 'w').hold(nowMs + LEASE_MS);
            renewed = true;
          },
        },
      ),
    );
    await expect(here).rejects.toMatchObject({
      code: 'BACKFILL_RUNNING',
      message: expect.stringContaining('workflow one'),
      nextStep: expect.stringContaining('backfill --on workflow --stop --execute'),
    });
  });

  test('the workflow ends at once while a backfill runs here', async () => {
    const { transactions } = tables;
    const sleep: CoordinateOptions['sleep'] = async (ms) => {
      nowMs += ms;
      await here.release();
      here = await acquireLease({ ...options(), transactions, owner: 'alice', onWait: () => {} });
    };
    let here = await acquireLease({ ...options(), transactions, owner: 'alice', onWait: () => {} });
    expect(await coordinate(options({ sleep }), {})).toMatchObject({
      kind: 'failed',
      code: 'BACKFILL_RUNNING',
      message: expect.stringContaining('alice'),
    });
    here.requireHeld();
  });

  test('a backfill here takes over from a workflow that nobody runs, and its workers write nothing more', async () => {
    const { order } = (await drive('milestones')) as Segments;
    const worker = halted();
    const late = workOnSegment(options({ data: worker.data }), order, 0);
    await worker.reached;
    nowMs += LEASE_MS + 1;
    // It waits for what the workers may have sent, and no longer than it keeps its lease.
    const putLandsWithinMs = LEASE_MS / 6;
    const waited: number[] = [];
    const sleep: SegmentOptions['sleep'] = async (ms, signal) => {
      if (ms > putLandsWithinMs) await endless(ms, signal);
      waited.push(ms);
      nowMs += ms;
    };
    const here = await runBackfill(
      backfillOptions(
        { replication: replicationOf(), data: tables.data },
        { leaseMs: LEASE_MS, nowMs: () => nowMs, sleep, putLandsWithinMs },
      ),
    );
    expect(waited).not.toEqual([]);
    expect(here).toMatchObject({ state: 'finished', runId: order.runId });
    await expectAgreement();
    const before = await readCheckpoints(tables.control);

    worker.release();
    expect(await late).toEqual({ outcome: 'fenced' });
    expect(worker.sent).not.toHaveBeenCalled();
    expect(await readCheckpoints(tables.control)).toEqual(before);
    expect(await workOnSegment(options(), order, 1)).toEqual({ outcome: 'fenced' });
  });
});

test('a backfill here waits for puts of workers that nobody saw answered, though the workflow ended in order', async () => {
  const putLandsWithinMs = LEASE_MS / 6;
  const { order } = (await drive('milestones')) as Segments;
  const data: NewTables = {
    ...tables.data,
    putData: async (rows, attempts) => {
      attempts?.unanswered();
      return tables.data.putData(rows, attempts);
    },
  };
  await workOnSegment(options({ data, putLandsWithinMs }), order, 0);
  await groupLease(options()).giveUp();
  const sentAtMs = nowMs;
  const sleep: SegmentOptions['sleep'] = async (ms, signal) => {
    if (ms > putLandsWithinMs) await endless(ms, signal);
    nowMs += ms;
  };
  const here = backfillOptions(
    { replication: replicationOf(), data: tables.data },
    { leaseMs: LEASE_MS, nowMs: () => nowMs, sleep, putLandsWithinMs },
  );
  expect(await runBackfill(here)).toMatchObject({ state: 'finished', runId: order.runId });
  expect(nowMs).toBe(sentAtMs + putLandsWithinMs);
});

describe('a worker', () => {
  test('that was frozen for longer than its lease writes nothing when it is thawed, beside the one that took over', async () => {
    const { order } = (await drive('milestones')) as Segments;
    const worker = halted();
    const frozen = workOnSegment(options({ data: worker.data }), order, 0);
    await worker.reached;

    nowMs += LEASE_MS + 1;
    expect(await workOnSegment(options(), order, 0)).toEqual({ outcome: 'done' });
    const rows = await rowCount();
    worker.release();
    await expect(frozen).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(worker.sent).not.toHaveBeenCalled();
    expect(await rowCount()).toBe(rows);
    const { checkpoints, members } = await readRunState(tables.control);
    expect(checkpoints.find(({ pass, segment }) => pass === order.pass && segment === 0)?.done).toBe(true);
    // What it may have sent before it was frozen is waited for before the sweep.
    expect(membersLandUntilMs(members, LANDS_WITHIN_MS)).toBeGreaterThan(nowMs);
  });

  test('refuses what an ended invocation left behind, whatever the clocks say', async () => {
    await drive('milestones');
    const group = groupLease(options());
    const lease = await acquireMemberLease(options(), group, 'milestones#0');
    lease.requireHeld();
    await lease.release();
    expect(lease.requireHeld).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }));
  });

  test('loses its term with the first renewal after the group has lost its lease', async () => {
    await drive('milestones');
    let beat = (): void => {};
    const sleep: SegmentOptions['sleep'] = (_, signal) =>
      Promise.race([
        new Promise<void>((resolve) => {
          beat = resolve;
        }),
        endless(0, signal),
      ]);
    const group = groupLease(options());
    const lease = await acquireMemberLease(options({ sleep }), group, 'milestones#0');
    await group.giveUp();
    lease.requireHeld();
    beat();
    await vi.waitFor(() => expect(lease.requireHeld).toThrow(expect.objectContaining({ code: 'LEASE_LOST' })));
  });

  test('is refused while another one works on the same segment', async () => {
    const { order } = (await drive('milestones')) as Segments;
    const worker = halted();
    const first = workOnSegment(options({ data: worker.data }), order, 0);
    await worker.reached;
    const second = workOnSegment(
      options({
        sleep: async (ms, signal) => {
          if (signal.aborted) return;
          nowMs += ms;
          // As the first one would by its own clock.
          await tables.control.put('backfill', 'lease#milestones#0', { token: 'renewed', held_until_ms: nowMs + 1 });
        },
      }),
      order,
      0,
    );
    await expect(second).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    nowMs += LEASE_MS;
    worker.release();
    await expect(first).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  test('that runs out of time or is to stop notes how far it came, and another one continues', async () => {
    const { order } = (await drive('milestones')) as Segments;
    expect(await workOnSegment(options({ stop: AbortSignal.abort() }), order, 0)).toEqual({ outcome: 'more' });
    await writeStopMark(tables.control, { group: 'another', at: new Date().toISOString(), by: 'test' });
    expect(await workOnSegment(options(), order, 0)).toEqual({ outcome: 'done' });
    await writeStopMark(tables.control, { group: 'one', at: new Date().toISOString(), by: 'test' });
    expect(await workOnSegment(options(), order, 1)).toEqual({ outcome: 'stopped' });
    expect(await coordinate(options(), { kind: 'segments', order })).toMatchObject({ kind: 'failed', code: 'STOPPED' });
    expect(await drive(undefined, 'two')).toMatchObject({ kind: 'finished' });
    await expectAgreement();
  });
});

test('a put that nobody saw answered is waited for before the sweep, and the group keeps its lease meanwhile', async () => {
  const { order } = (await drive('milestones')) as Segments;
  const data: NewTables = {
    ...tables.data,
    putData: async (rows, attempts) => {
      attempts?.unanswered();
      return tables.data.putData(rows, attempts);
    },
  };
  expect(await workOnSegment(options({ data }), order, 0)).toEqual({ outcome: 'done' });
  const sentAtMs = nowMs;
  const seen: NextStep[] = [];
  // Another execution, which the first one leaves its lease to.
  await new GroupLease(tables.transactions, 'one', 'w').giveUp();
  expect(await drive(undefined, 'two', seen)).toMatchObject({ kind: 'finished' });
  const waits = seen.filter(({ kind }) => kind === 'wait');
  expect(waits.length).toBeGreaterThan(1);
  expect(nowMs).toBeGreaterThanOrEqual(sentAtMs + LANDS_WITHIN_MS);
  await expectAgreement();
});

test('puts of a process here that was killed are waited for, even if the one that took over from it dies at once', async () => {
  const { transactions } = tables;
  // Neither renewed nor given up.
  await acquireLease({ ...options(), transactions, owner: 'alice', onWait: () => {} });
  nowMs += LEASE_MS + 1;
  const killedAtMs = nowMs;
  const dying = {
    ...transactions,
    write: async (...given: Parameters<typeof transactions.write>): Promise<boolean> => {
      await transactions.write(...given);
      throw new Error('died');
    },
  };
  const replication = { ...replicationOf(), transactions: dying };
  await expect(coordinate(options({ replication }), {})).rejects.toThrow('died');
  expect(await readHolder(transactions)).toMatchObject({ owner: 'workflow one' });
  expect(await drive()).toMatchObject({ kind: 'finished' });
  expect(nowMs).toBeGreaterThanOrEqual(killedAtMs - 1 + LANDS_WITHIN_MS);
});

test('segments that failed end the workflow when nobody works any more, and the next one brings them to their end', async () => {
  const { order } = (await drive('milestones')) as Segments;
  await workOnSegment(options(), order, 0);
  const group = groupLease(options());
  const live = await acquireMemberLease(options(), group, 'milestones#1');
  const worked = { kind: 'segments', order } as const;
  const wait = await coordinate(options(), worked);
  expect(wait).toMatchObject({ kind: 'wait', error: { Error: 'BACKFILL_FAILED' } });
  await live.release();
  expect(await coordinate(options(), wait as LastStep)).toMatchObject({
    kind: 'failed',
    code: 'BACKFILL_FAILED',
    message: expect.stringContaining('1 segments of milestones'),
  });
  expect(await drive(undefined, 'two')).toMatchObject({ kind: 'finished' });
  await expectAgreement();
});
