import { randomUUID } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { type RollbackOptions, runRollback } from '../../../backfill/commands/rollback/rollback.ts';
import { type BackfillOptions, runBackfill } from '../../../backfill/copy/backfill.ts';
import { readCheckpoints } from '../../../backfill/copy/run-state.ts';
import { acquireLease } from '../../../backfill/lease/lease.ts';
import { readHolder } from '../../../backfill/lease/lease-row.ts';
import { VALIDATOR_TIMEOUT_MS } from '../../../backfill/local/appconfig/validators.ts';
import { compareAll, scanTable } from '../../../backfill/local/rehearsal/agreement.ts';
import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { FlagContent } from '../../../functions/flag/document.ts';
import { RECORD_SOURCES, SOURCES } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import type { HeldRecords } from '../../../functions/model/kpi.ts';
import { replicateStreamBatch } from '../../../functions/sync/stream-batch.ts';
import { readRollback, readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { putEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { rowDeletion } from '../../../functions/tables/dynamo/row-deletion.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { eventOf, replicationOver } from '../../sync/fixtures.ts';
import { backfillOptions, silent } from '../backfill-options.ts';
import { liveService } from '../live-service.ts';
import { load, oldItems, oldLink, oldRecord } from '../old-items.ts';

const LEASE_MS = 600_000;
const RECORDS = 40;
const READS_OLD: FlagState = { deployed: { enabled: false }, inProgress: undefined, last: undefined };

const client = engineClient();
let names: TableNames;
let aheadMs: number;

beforeEach(async () => {
  names = await createTestTables();
  aheadMs = 0;
});

const nowMs = (): number => Date.now() + aheadMs;

/** Whatever is waited for is over at once; the heart of a lease does not beat, which is why leases here are long. */
const sleep: BackfillOptions['sleep'] = async (ms, signal) => {
  signal.throwIfAborted();
  if (ms === LEASE_MS / 3)
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  aheadMs += ms;
};

const tables = (heldRecords: HeldRecords = 'hold') => replicationOver(client, names, { heldRecords });

function backfill(heldRecords: HeldRecords = 'hold', changes: Partial<BackfillOptions> = {}) {
  const replication = tables(heldRecords);
  return runBackfill(
    backfillOptions({ replication, data: replication.data }, { nowMs, sleep, leaseMs: LEASE_MS, ...changes }),
  );
}

function rollback(changes: Partial<RollbackOptions> = {}) {
  const replication = changes.replication ?? tables();
  return runRollback({
    replication,
    data: tables().data,
    deleteRows: rowDeletion(client, names),
    quarantinedRecords: () => listQuarantine(client, names, RECORD_SOURCES),
    flag: async () => READS_OLD,
    segments: 2,
    owner: 'test',
    leaseMs: LEASE_MS,
    nowMs,
    newToken: randomUUID,
    sleep,
    putLandsWithinMs: 1,
    pace: async () => {},
    progress: silent,
    stop: new AbortController().signal,
    ...changes,
  });
}

async function expectAgreement(heldRecords: HeldRecords = 'hold'): Promise<void> {
  const { disagreements, rowsCompared } = await compareAll(client, names, heldRecords);
  expect(disagreements).toEqual([]);
  expect(rowsCompared.kpiData).toBeGreaterThan(0);
}

const rowsLeft = async () => ({
  kpiLinks: (await scanTable(client, names, 'kpiLinks')).length,
  kpiData: (await scanTable(client, names, 'kpiData')).length,
});
const NONE = { kpiLinks: 0, kpiData: 0 };

/** Deletes so many batches of 25, and before each one after does something else. */
function afterBatches(batches: number, then: () => Promise<void>): RollbackOptions['deleteRows'] {
  let done = 0;
  const deleteRows = rowDeletion(client, names);
  return async (table, ids, requireAllowed) => {
    for (let start = 0; start < ids.length; start += 25) {
      if (++done > batches) await then();
      await deleteRows(table, ids.slice(start, start + 25), requireAllowed);
    }
  };
}

const killed = async (): Promise<void> => {
  throw new Error('killed');
};

test('a rollback clears both new tables, the run and its checkpoints; all else stays', async () => {
  await load(client, names, oldItems(RECORDS));
  await backfill();
  const before = await rowsLeft();
  const old = async () => Promise.all(SOURCES.map((source) => scanTable(client, names, OLD_TABLE_OF[source])));
  const quarantine = () => Array.fromAsync(listQuarantine(client, names));
  const [oldBefore, quarantineBefore] = [await old(), await quarantine()];

  expect(await rollback()).toEqual({ state: 'finished', rowsDeleted: before });

  expect(await rowsLeft()).toEqual(NONE);
  expect(await readRun(tables().control)).toBeUndefined();
  expect(await readCheckpoints(tables().control)).toEqual([]);
  expect(await old()).toEqual(oldBefore);
  expect(await quarantine()).toEqual(quarantineBefore);
  expect((await tables().control.readKpis([{ tenantId: 'tenant-0', kpiId: 'kpi-0' }]))[0]?.inlineLinks.size).toBe(2);
});

test('history is then copied anew, row for row as it was', async () => {
  await load(client, names, oldItems(RECORDS));
  const first = await backfill();
  await rollback();

  const second = await backfill();

  expect(second).toMatchObject({ state: 'finished' });
  expect(second.runId).not.toBe(first.runId);
  await expectAgreement();
});

test.each([1, 2])('live writes beside backfill, rollback and backfill lose nothing (seed %i)', async (seed) => {
  const initial = oldItems(RECORDS);
  await load(client, names, initial);
  const live = liveService(client, names, tables(), { initial, seed, writes: 100 });
  await backfill();
  await rollback();
  await backfill();
  await live;
  await expectAgreement();
});

describe('a rollback that is cut off', () => {
  test('goes on when it is run again, and no backfill builds on what it left', async () => {
    await load(client, names, oldItems(RECORDS));
    await backfill();
    const before = await rowsLeft();

    await expect(rollback({ segments: 1, deleteRows: afterBatches(1, killed) })).rejects.toThrow('killed');
    await expect(backfill()).rejects.toMatchObject({
      code: 'ROLLBACK_UNFINISHED',
      nextStep: expect.stringContaining('kpi-migrate rollback --execute'),
    });
    const left = await rowsLeft();
    expect(left).toMatchObject({ kpiLinks: before.kpiLinks });

    expect(await rollback()).toEqual({ state: 'finished', rowsDeleted: left });
    await backfill();
    await expectAgreement();
  });

  test.each([0, 2])('by a kill after %i batches beside live writes loses nothing', async (batches) => {
    const initial = oldItems(RECORDS);
    await load(client, names, initial);
    const stop = new AbortController();
    const progress = { ...silent, begin: (pass: string) => pass === 'actuals' && stop.abort() };
    await backfill('hold', { stop: stop.signal, progress });
    const live = liveService(client, names, tables(), { initial, seed: batches + 10, writes: 80 });
    await expect(rollback({ segments: 1, deleteRows: afterBatches(batches, killed) })).rejects.toThrow('killed');
    await rollback();
    await backfill();
    await live;
    await expectAgreement();
  });

  test('by Ctrl-C ends after the page in hand', async () => {
    await load(client, names, oldItems(100));
    await backfill();
    const stop = new AbortController();
    const deleteRows = afterBatches(0, async () => stop.abort());
    expect(await rollback({ segments: 1, stop: stop.signal, deleteRows })).toEqual({
      state: 'stopped',
      rowsDeleted: { kpiLinks: 0, kpiData: 250 },
    });
    expect((await readRollback(tables().control))?.endedAt).toBeUndefined();
    expect(await rollback()).toMatchObject({ state: 'finished' });
  });

  test('by a halt deletes nothing when it goes on beside a later backfill', async () => {
    await load(client, names, oldItems(RECORDS));
    await backfill();
    let goOn = (): void => {};
    const halted = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const began = Promise.withResolvers<void>();
    const deleteRows = afterBatches(0, async () => {
      began.resolve();
      await halted;
    });
    const overtaken = rollback({ deleteRows });
    await began.promise;
    aheadMs += 2 * LEASE_MS;
    await rollback();
    await backfill();

    goOn();
    await expect(overtaken).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expectAgreement();
  });
});

test('a delete that the SDK sent twice has its time before the next copier may begin', async () => {
  await rollback();
  const holder = await readHolder(tables().transactions);
  expect((holder?.untilMs ?? 0) - nowMs()).toBeGreaterThan(LEASE_MS / 6);
});

describe('a rollback is refused, and nothing deleted,', () => {
  const last = { number: 3, version: 2, state: 'COMPLETE', percentageComplete: 100 } as const;
  const toNew: FlagContent = { enabled: true, stage: 'new', percent: 1, tenants: [], lagBoundMs: 1_000 };
  const shadow: FlagContent = { ...toNew, stage: 'shadow' };
  const inProgress = { ...last, state: 'BAKING', flag: { enabled: false } } as const;

  beforeEach(async () => {
    await load(client, names, oldItems(2));
    await backfill();
  });

  test.each<[string, FlagState]>([
    ['reads are on the new tables', { deployed: toNew, inProgress: undefined, last }],
    ['reads are compared with the new tables', { deployed: shadow, inProgress: undefined, last }],
    ['a deployment is in progress', { deployed: { enabled: false }, inProgress, last }],
    ['the flag cannot be read', { deployed: undefined, inProgress: undefined, last }],
  ])('while %s', async (_, flag) => {
    const before = await rowsLeft();
    await expect(rollback({ flag: async () => flag })).rejects.toMatchObject({
      code: 'READS_NOT_OLD',
      nextStep: expect.stringContaining('kpi-migrate fallback'),
    });
    expect(await rowsLeft()).toEqual(before);
    expect(await readRollback(tables().control)).toBeUndefined();
  });

  test('where a deployment shows only when it has noted its beginning; the note goes', async () => {
    const before = await rowsLeft();
    const states = [READS_OLD, READS_OLD, { deployed: toNew, inProgress: undefined, last }];
    const flag = async () => states.shift() as FlagState;
    await expect(rollback({ flag })).rejects.toMatchObject({ code: 'READS_NOT_OLD' });
    expect(await rowsLeft()).toEqual(before);
    expect(await readRollback(tables().control)).toBeUndefined();
    expect(await backfill()).toMatchObject({ state: 'finished' });
  });

  test('where the gate takes its whole time to let a deployment through, also locally', async () => {
    const before = await rowsLeft();
    const gateDoneMs = nowMs() + VALIDATOR_TIMEOUT_MS;
    const flag = async () => (nowMs() < gateDoneMs ? READS_OLD : { deployed: toNew, inProgress: undefined, last });
    await expect(rollback({ flag })).rejects.toMatchObject({ code: 'READS_NOT_OLD' });
    expect(await rowsLeft()).toEqual(before);
  });

  test('while a copier is at work', async () => {
    const before = await rowsLeft();
    const { transactions } = tables();
    const copier = { transactions, owner: 'Ada', leaseMs: LEASE_MS, nowMs, newToken: randomUUID, onWait: () => {} };
    const beats: (() => void)[] = [];
    const heart = (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        beats.push(resolve);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const held = await acquireLease({ ...copier, sleep: heart, stop: new AbortController().signal });
    const beating: RollbackOptions['sleep'] = async (ms) => {
      const until = (await readHolder(transactions))?.untilMs;
      aheadMs += ms;
      beats.shift()?.();
      await expect.poll(async () => (await readHolder(transactions))?.untilMs).not.toBe(until);
    };
    await expect(rollback({ sleep: beating })).rejects.toMatchObject({ code: 'BACKFILL_RUNNING' });
    expect(await rowsLeft()).toEqual(before);
    await held.release();
  });
});

test('it stops where somebody moves the reads all the same', async () => {
  await load(client, names, oldItems(100));
  await backfill();
  let moved = false;
  const flag = async (): Promise<FlagState> => (moved ? { ...READS_OLD, deployed: undefined } : READS_OLD);
  const deleteRows = afterBatches(0, async () => {
    if (!moved) aheadMs += 11_000;
    moved = true;
  });
  await expect(rollback({ segments: 1, flag, deleteRows })).rejects.toMatchObject({ code: 'READS_NOT_OLD' });
  expect((await rowsLeft()).kpiData).toBeGreaterThan(0);
});

test('it waits until every reader follows the flag that was deployed last', async () => {
  const waited: number[] = [];
  const completedAt = new Date(nowMs() - 20_000).toISOString();
  const last = { number: 3, version: 2, state: 'COMPLETE', percentageComplete: 100, completedAt } as const;
  const noting: RollbackOptions['sleep'] = async (ms, signal) => {
    if (ms !== LEASE_MS / 3) waited.push(ms);
    return sleep(ms, signal);
  };
  await rollback({ flag: async () => ({ ...READS_OLD, last }), sleep: noting });
  expect(waited).toEqual([expect.closeTo(40_000, -4)]);
});

describe('what a copy alone would not bring back', () => {
  test("is the row of a KPI's personal link, also when no touched record leads to it any more", async () => {
    await load(client, names, { milestones: [oldRecord('milestones', 'm-1', 10, '1')] });
    await client.send(
      new PutItemCommand({
        TableName: names.kpis,
        Item: { id: { S: 'kpi-10' }, tenant_id: { S: 'tenant-0' }, owner_id: { S: 'user' } },
      }),
    );
    await backfill('personal-link');
    await expectAgreement('personal-link');
    for (const { value, sort } of await tables().control.list('kpi#tenant-0#kpi-10')) {
      if (value.record_id !== undefined) await tables().control.delete('kpi#tenant-0#kpi-10', sort);
    }

    await rollback({ replication: tables('personal-link') });
    await backfill('personal-link');

    await expectAgreement('personal-link');
  });

  test('is that an item leaves quarantine which the mapping now takes', async () => {
    const items = {
      links: [oldLink('l-1', 1, '2024-01-01T00:00:00Z')],
      actuals: [oldRecord('actuals', 'a-1', 1, '1')],
    };
    await load(client, names, items);
    const [image] = items.actuals;
    if (image === undefined) throw new Error('There is an actual.');
    const reason = { code: 'missing-attribute', attribute: 'value', message: 'of the mapping before' } as const;
    const entry = { source: 'actuals', id: 'a-1', reason, quarantinedAt: '2026-01-01T00:00:00.000Z' } as const;
    await tables().transactions.write(putEntry(entry, image, 'whole', undefined));

    await rollback();
    await backfill();

    await expectAgreement();
    expect(await Array.fromAsync(listQuarantine(client, names))).toEqual([]);
  });
});

test('the same rows come where a live event writes them first', async () => {
  const items = { links: [oldLink('l-1', 1, '2024-01-01T00:00:00Z')], actuals: [oldRecord('actuals', 'a-1', 1, '1')] };
  await load(client, names, items);
  await backfill();
  await rollback();
  const [newImage] = items.actuals;
  await replicateStreamBatch(tables(), 'actuals', [eventOf('1', newImage ? { newImage } : {})]);
  expect(await rowsLeft()).toEqual({ kpiLinks: 0, kpiData: 1 });
  await backfill();
  await expectAgreement();
});
