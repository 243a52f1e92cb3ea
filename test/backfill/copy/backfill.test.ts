import { randomUUID } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { type BackfillOptions, runBackfill } from '../../../backfill/copy/backfill.ts';
import { planBackfill } from '../../../backfill/copy/plan.ts';
import { type Pass, readCheckpoints } from '../../../backfill/copy/run-state.ts';
import { addTallies } from '../../../backfill/copy/tally.ts';
import { acquireLease } from '../../../backfill/lease/lease.ts';
import { compareAll, scanTable } from '../../../backfill/local/rehearsal/agreement.ts';
import type { Progress } from '../../../backfill/progress.ts';
import { RECORD_SOURCES, type RecordSource, SOURCES } from '../../../functions/migration/sources.ts';
import { TABLE_ROLES, type TableNames } from '../../../functions/migration/tables.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { replicateLinks } from '../../../functions/sync/replicate-links.ts';
import { replicateRecords } from '../../../functions/sync/replicate-records.ts';
import type { Replication } from '../../../functions/sync/replication.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { dynamoTables, type Tables } from '../../../functions/tables/dynamo-tables.ts';
import type { NewTables } from '../../../functions/tables/new/new-tables.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { backfillOptions, LEASE_MS, PUT_LANDS_WITHIN_MS, silent } from '../backfill-options.ts';
import { load, oldItems, oldLink, oldRecord } from '../old-items.ts';

/** Two pages of 250 items, where there is one segment. */
const RECORDS = 280;
/** Of a table whose pages a test has nothing to do with. */
const FEW = 40;

const client = engineClient();
let names: TableNames;
let tables: Tables;
let replication: Replication;

beforeEach(async () => {
  names = await createTestTables();
  tables = dynamoTables(client, names);
  replication = {
    ...tables,
    newToken: randomUUID,
    nowMs: Date.now,
    remainingMs: () => Number.POSITIVE_INFINITY,
    heldRecords: 'hold',
    tokenRetentionDays: 30,
    recordConcurrency: 8,
  };
});

const options = (changes: Partial<BackfillOptions> = {}) =>
  backfillOptions({ replication, data: tables.data }, changes);

/** A progress that calls `then` when `pass` has done a page for the nth time. */
function atPage(pass: Pass, nth: number, then: () => void): Progress {
  let current = '';
  let pages = 0;
  return {
    ...silent,
    begin: (name) => {
      current = name;
    },
    advance: () => {
      if (current === pass && ++pages === nth) then();
    },
  };
}

async function newRows(): Promise<Record<string, Item[]>> {
  const sorted = async (role: 'kpiLinks' | 'kpiData'): Promise<Item[]> =>
    (await scanTable(client, names, role)).sort((left, right) =>
      JSON.stringify(left.id) < JSON.stringify(right.id) ? -1 : 1,
    );
  return { kpiLinks: await sorted('kpiLinks'), kpiData: await sorted('kpiData') };
}

async function expectAgreement(): Promise<void> {
  expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
}

test('a backfill brings both new tables and quarantine to what the old tables demand, and tells what it met', async () => {
  const items = oldItems(RECORDS);
  await load(client, names, items);

  const report = await runBackfill(options());

  expect(report.state).toBe('finished');
  await expectAgreement();
  const tallies = Object.fromEntries(report.passes.map(({ pass, tally }) => [pass, tally]));
  expect(tallies.links).toMatchObject({
    scanned: 14,
    copied: 13,
    quarantined: 1,
    warnings: new Map([['weight-out-of-range', 1]]),
  });
  expect(tallies.milestones).toMatchObject({ scanned: RECORDS + 1, quarantined: 1, held: 46 });
  expect(tallies.actuals).toMatchObject({ scanned: RECORDS + 1, quarantined: 1 });
  expect(tallies.readings).toMatchObject({ scanned: RECORDS, unknownAttributes: new Map([['colour', 1]]) });
  const { kpiData } = await newRows();
  expect(report.passes.reduce((rows, { pass, tally }) => rows + (pass === 'links' ? 0 : tally.copied), 0)).toBe(
    kpiData?.length,
  );
});

test('a second pass changes nothing', async () => {
  await load(client, names, oldItems(FEW, { milestones: RECORDS }));
  const first = await runBackfill(options());
  const before = await newRows();

  const second = await runBackfill(options());

  expect(second.runId).not.toBe(first.runId);
  expect(second.state).toBe('finished');
  expect(second.passes.map(({ tally }) => tally.copied)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await newRows()).toEqual(before);
});

test('a second pass, beside which somebody may read, brings what is missing as it is then, and never as it was', async () => {
  await load(client, names, oldItems(FEW));
  await runBackfill(options());
  const before = await newRows();
  for (const id of ['milestones-1', 'actuals-2']) {
    await client.send(new DeleteItemCommand({ TableName: names.kpiData, Key: { id: { S: id } } }));
  }

  // A copier has read the record and its KPI's links; before it writes, the record changes and its event is worked on.
  const changed = oldRecord('milestones', 'milestones-1', 1, '99');
  let raced = false;
  const racing: NewTables = {
    ...tables.data,
    putData: () => Promise.reject(new Error('A row was put past the protocol.')),
    async readRows(table, ids) {
      const found = await tables.data.readRows(table, ids);
      if (ids.includes('milestones-1') && !found.has('milestones-1') && !raced) {
        raced = true;
        await load(client, names, { milestones: [changed] });
        const kpi = { tenantId: 'tenant-1', kpiId: 'kpi-1' };
        await replicateRecords(replication, [{ id: 'milestones-1', kpis: [kpi], sources: ['milestones'] }]);
      }
      return found;
    },
  };
  const second = await runBackfill(options({ data: racing }));

  expect([raced, second.state]).toEqual([true, 'finished']);
  expect(second.passes.map(({ tally }) => tally.copied)).toEqual([0, 0, 1, 0, 0, 0]);
  expect((await newRows()).kpiData).toHaveLength(before.kpiData?.length ?? 0);
  await expectAgreement();
});

describe('the sweep waits until no put that nobody saw answered can land any more', () => {
  /** Passes and waits, as they come; the lease need not be renewed. */
  function toldBy(changes: Partial<BackfillOptions>) {
    const told: string[] = [];
    const watched = options({
      progress: { ...silent, begin: (pass) => told.push(pass) },
      nowMs: () => NOW_MS,
      sleep: async (ms, signal) => {
        if (ms !== LEASE_MS / 3) told.push(`${ms} ms`);
        else await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      ...changes,
    });
    return { told, watched };
  }
  const NOW_MS = Date.now();
  const SWEEPS = ['sweep-records', 'sweep-kpis'];

  test('which there is none of where all were answered', async () => {
    await load(client, names, oldItems(1));
    const { told, watched } = toldBy({});
    await runBackfill(watched);
    expect(told).toEqual([...SOURCES, ...SWEEPS]);
  });

  test('of its own process', async () => {
    await load(client, names, oldItems(1));
    const { told, watched } = toldBy({ data: sendingTwice() });
    await runBackfill(watched);
    expect(told).toEqual([...SOURCES, `${PUT_LANDS_WITHIN_MS} ms`, ...SWEEPS]);
  });

  test('of a process before that was stopped', async () => {
    await load(client, names, oldItems(1));
    for (const phase of ['links', 'milestones'] as const) {
      await runBackfill(toldBy({ phase, data: sendingTwice() }).watched);
    }
    const { told, watched } = toldBy({});
    await runBackfill(watched);
    expect(told).toEqual(['actuals', 'readings', `${PUT_LANDS_WITHIN_MS} ms`, ...SWEEPS]);
  });

  test('of a process before that was killed, and held the lease to its end', async () => {
    await load(client, names, oldItems(1));
    const { transactions } = replication;
    await acquireLease({ ...options(), transactions, onWait: () => {}, nowMs: () => NOW_MS - LEASE_MS - 1 });
    const { told, watched } = toldBy({});
    await runBackfill(watched);
    expect(told).toEqual([...SOURCES, `${PUT_LANDS_WITHIN_MS - 1} ms`, ...SWEEPS]);
  });
});

/** The SDK does not see a put answered, and sends it again. */
function sendingTwice(): NewTables {
  return {
    ...tables.data,
    async putData(rows, attempts) {
      attempts.unanswered();
      return tables.data.putData(rows, attempts);
    },
  };
}

describe('a run that was interrupted goes on where it was and ends as if it had not been', () => {
  test('by Ctrl-C, in the midst of a source', async () => {
    await load(client, names, oldItems(FEW, { milestones: RECORDS }));
    const stop = new AbortController();
    const progress = atPage('milestones', 1, () => stop.abort());

    const stopped = await runBackfill(options({ segments: 1, stop: stop.signal, progress }));
    const resumed = await runBackfill(options());

    expect(stopped.state).toBe('stopped');
    // The pages in hand are finished, and then no other source is begun.
    expect(stopped.passes.map(({ tally }) => tally.scanned).slice(0, 4)).toEqual([14, RECORDS + 1, 0, 0]);
    expect(resumed).toMatchObject({ runId: stopped.runId, state: 'finished' });
    expect(resumed.passes.map(({ tally }) => tally.scanned).slice(0, 4)).toEqual([14, RECORDS + 1, FEW + 1, FEW]);
    expect(resumed.passes.map(({ tally }) => tally.present)).toEqual([0, 0, 0, 0, 0, 0]);
    await expectAgreement();
  });

  test('by Ctrl-C, while the sweep is waited for', async () => {
    await load(client, names, oldItems(1));
    const stop = new AbortController();
    const sleep: BackfillOptions['sleep'] = async (ms, signal) => {
      if (ms < LEASE_MS / 3) stop.abort();
      await new Promise((_, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    };

    const stopped = await runBackfill(options({ stop: stop.signal, sleep, data: sendingTwice() }));
    expect(stopped).toMatchObject({ state: 'stopped' });
    expect(await runBackfill(options())).toMatchObject({ state: 'finished' });
    await expectAgreement();
  });

  test('by a crash between a page and its checkpoint', async () => {
    await load(client, names, oldItems(FEW, { actuals: RECORDS }));
    const crashing: Replication = {
      ...replication,
      control: {
        ...replication.control,
        async put(partition, sort, value) {
          if (value.pass === 'actuals' && value.cursor) throw new Error('crash');
          await replication.control.put(partition, sort, value);
        },
      },
    };

    await expect(runBackfill(options({ segments: 1, replication: crashing }))).rejects.toThrow('crash');
    const afterTheReserve = () => Date.now() + LEASE_MS;
    const resumed = await runBackfill(options({ nowMs: afterTheReserve }));

    const actuals = resumed.passes.find(({ pass }) => pass === 'actuals');
    expect(actuals?.tally.scanned).toBe(RECORDS + 1);
    // The page that was written and not noted is met again, and counted once.
    const copied = resumed.passes.slice(1).reduce((sum, { tally }) => sum + tally.copied, 0);
    expect((await newRows()).kpiData).toHaveLength(copied);
    await expectAgreement();
  });

  test('with another number of segments in the settings: the run keeps its own', async () => {
    await load(client, names, oldItems(FEW, { readings: RECORDS }));
    const stop = new AbortController();
    await runBackfill(options({ stop: stop.signal, progress: atPage('readings', 1, () => stop.abort()) }));

    const resumed = await runBackfill(options({ segments: 5 }));

    expect(resumed.state).toBe('finished');
    expect(await readRun(tables.control)).toMatchObject({ totalSegments: 2 });
    await expectAgreement();
  });
});

test('phases one at a time, in the wrong order: the sweep waits for all four and then puts all right', async () => {
  await load(client, names, oldItems(FEW));
  for (const phase of ['readings', 'actuals', 'milestones'] as const) {
    expect(await runBackfill(options({ phase }))).toMatchObject({ state: 'sweep-due' });
  }
  expect((await newRows()).kpiData).toEqual([]);

  const last = await runBackfill(options({ phase: 'links' }));

  expect(last.state).toBe('finished');
  await expectAgreement();
});

test('the sweep puts right what a copier wrote beside live changes', async () => {
  await load(client, names, oldItems(FEW));
  const deleted = oldRecord('milestones', 'deleted', 4, '7');
  await load(client, names, { milestones: [deleted] });

  // A copier has read the record and the KPI's links; before its insert lands, the record is deleted and another KPI gets
  // an earlier link, and both events are worked on.
  const racing = {
    ...tables.data,
    async putData(...[rows, attempts]: Parameters<NewTables['putData']>) {
      if (rows.some((row) => row.id && 'S' in row.id && row.id.S === 'deleted')) {
        await client.send(new DeleteItemCommand({ TableName: names.kpiMilestones, Key: { id: { S: 'deleted' } } }));
        const kpi = { tenantId: 'tenant-0', kpiId: 'kpi-4' };
        await replicateRecords(replication, [{ id: 'deleted', kpis: [kpi], sources: ['milestones'] }]);
        await load(client, names, { links: [oldLink('late-link', 5, '2020-01-01T00:00:00Z')] });
        await replicateLinks(
          replication,
          [{ id: 'late-link', kpis: [{ tenantId: 'tenant-1', kpiId: 'kpi-5' }] }],
          'live',
        );
      }
      return tables.data.putData(rows, attempts);
    },
  };
  await runBackfill(options({ data: racing }));

  await expectAgreement();
});

test('a plan foretells what the backfill does and writes nothing at all', async () => {
  const items = oldItems(FEW);
  const secondToGoal = { ...oldLink('link-twice', 1, '2024-02-01T00:00:00Z'), goal_id: { S: 'goal-link-1' } };
  await load(client, names, { ...items, links: [...items.links, secondToGoal] });
  const count = async (): Promise<number[]> =>
    Promise.all(TABLE_ROLES.map(async (role) => (await scanTable(client, names, role)).length));
  const before = await count();

  const plan = await planBackfill({
    old: tables.old,
    heldRecords: 'hold',
    segments: 3,
    concurrency: 8,
    progress: silent,
    itemCountEstimates: {},
    stop: new AbortController().signal,
  });

  expect(await count()).toEqual(before);
  const report = await runBackfill(options());
  const rows = await newRows();
  expect(plan.rows).toEqual({ kpiLinks: rows.kpiLinks?.length, kpiData: rows.kpiData?.length });
  expect(Object.fromEntries(plan.quarantineReasons)).toEqual({ 'missing-attribute': 2, 'id-collision': 1 });
  expect(Object.fromEntries(plan.sources.links.warnings)).toEqual({
    'weight-out-of-range': 1,
    'second-link-to-goal': 1,
  });
  expect(report.passes[0]?.tally.warnings).toEqual(plan.sources.links.warnings);
  const heldIn = (source: RecordSource) => plan.heldKpis.reduce((sum, kpi) => sum + kpi.records[source], 0);
  expect(RECORD_SOURCES.map(heldIn)).toEqual(RECORD_SOURCES.map((source) => plan.sources[source].held));
  expect(plan.heldKpis.map(({ tenantId, kpiId }) => `${tenantId} ${kpiId}`)).toEqual([
    'tenant-0 kpi-10',
    'tenant-1 kpi-11',
  ]);
  const named = plan.heldRecords.map(({ tenantId, kpiId, source }) => `${tenantId} ${kpiId} ${source}`);
  expect(named).toEqual(
    plan.heldKpis.flatMap(({ tenantId, kpiId, records }) =>
      RECORD_SOURCES.flatMap((source) => Array(records[source]).fill(`${tenantId} ${kpiId} ${source}`)),
    ),
  );
  expect(plan.heldRecords.every(({ id, date }) => id !== '' && date !== undefined)).toBe(true);
  const copies = report.passes.slice(0, 4);
  // A link's row, and a record that goes through the protocol, are in neither.
  expect(addTallies(copies.map(({ tally }) => tally)).dataWriteUnits).toBe(plan.dataWriteUnits);
  expect(plan.dataWriteUnits).toBeGreaterThan(0);
  expect(Object.entries(plan.sources).map(([source, { held, quarantined }]) => [source, held, quarantined])).toEqual(
    copies.map(({ pass, tally }) => [pass, tally.held, tally.quarantined]),
  );
});

test('a copier that has lost its lease stops writing', async () => {
  await load(client, names, oldItems(FEW, { milestones: RECORDS }));
  let aheadMs = 0;
  let sentAfter = 0;
  const progress = atPage('milestones', 1, () => {
    aheadMs = 2 * LEASE_MS;
  });
  const data: NewTables = {
    ...tables.data,
    putData: (rows, attempts) =>
      tables.data.putData(rows, {
        ...attempts,
        requireAllowed() {
          attempts.requireAllowed();
          if (aheadMs > 0) sentAfter += 1;
        },
      }),
  };

  const overtaken = runBackfill(options({ segments: 1, progress, data, nowMs: () => Date.now() + aheadMs }));

  await expect(overtaken).rejects.toMatchObject({ code: 'LEASE_LOST', retryable: true });
  const checkpoints = await readCheckpoints(tables.control);
  const scanned = Object.fromEntries(checkpoints.map(({ pass, tally }) => [pass, tally.scanned]));
  expect(scanned.milestones).toBeLessThan(RECORDS + 1);
  expect(scanned.actuals).toBeUndefined();
  expect(sentAfter).toBe(0);
});
