import { beforeEach, describe, expect, test, vi } from 'vitest';
import { readEvidence } from '../../functions/gate/evidence.ts';
import { mappingHash } from '../../functions/migration/mapping-hash.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { writeRun } from '../../functions/tables/control/documents.ts';
import {
  acceptQuarantined,
  listQuarantine,
  listUnaccepted,
} from '../../functions/tables/control/quarantine-entries.ts';
import type { QuarantineEntry } from '../../functions/tables/control/quarantine-rows.ts';
import { keepReport } from '../../functions/tables/control/validation-report.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { LagRecorder, readLagMs } from '../../functions/tables/replication-lag.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, eventOf, putOld, replicationOver } from '../sync/fixtures.ts';
import { AGREEING } from './agreeing-summary.ts';
import { FINISHED_RUN } from './finished-run.ts';

const client = engineClient();
let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');
const quarantine = () => listQuarantine(client, names);
const evidence = () =>
  readEvidence(
    { control: dynamoTables(client, names).control, quarantine: () => listUnaccepted(client, names) },
    NOW_MS,
  );

test('before anything has been done there is no report, no quarantine and no lag', async () => {
  expect(await evidence()).toEqual({
    report: undefined,
    run: undefined,
    rollback: undefined,
    killSwitch: undefined,
    unaccepted: [],
    unfinished: [],
    lagMs: { links: 0, milestones: 0, actuals: 0, readings: 0 },
    replication: undefined,
    mappingHash: mappingHash(),
  });
});

test('the last run of the backfill is read', async () => {
  await writeRun(dynamoTables(client, names).control, FINISHED_RUN);
  expect(await evidence()).toMatchObject({ run: FINISHED_RUN });
});

test('the last report is read, and quarantine until it is accepted by name', async () => {
  await keepReport(dynamoTables(client, names).control, AGREEING, true);
  const malformed = actual('r1', 'k1', '1', { actual_value: { S: 'many' } });
  await putOld(client, names, 'actuals', malformed);
  await replicateStreamBatch(replicationOver(client, names), 'actuals', [eventOf('1', { newImage: malformed })]);
  expect(await evidence()).toMatchObject({ report: AGREEING, unaccepted: ['actuals r1'] });

  const [entry] = await Array.fromAsync(quarantine());
  await acceptQuarantined(client, names, entry as QuarantineEntry, { by: 'Ada', at: '2026-05-01T11:40:00.000Z' });
  expect((await evidence()).unaccepted).toEqual([]);
});

describe('what is open in quarantine', () => {
  const [malformed, changed] = ['many', 'few'].map((text) => actual('r1', 'k1', '1', { actual_value: { S: text } }));
  const bring = async (item: ReturnType<typeof actual>) => {
    await putOld(client, names, 'actuals', item);
    await replicateStreamBatch(replicationOver(client, names), 'actuals', [eventOf('1', { newImage: item })]);
  };
  const acceptAll = async () => {
    for await (const entry of quarantine()) {
      await acceptQuarantined(client, names, entry, { by: 'Ada', at: '2026-05-01T11:40:00.000Z' });
    }
  };

  test('is open again when an accepted item changes, and no more when it can be migrated', async () => {
    await bring(malformed as Item);
    await acceptAll();
    expect((await evidence()).unaccepted).toEqual([]);
    await bring(changed as Item);
    expect((await evidence()).unaccepted).toEqual(['actuals r1']);
    await bring(actual('r1', 'k1', '1'));
    expect((await evidence()).unaccepted).toEqual([]);
  });

  test('stays open where the item changed before it was accepted', async () => {
    await bring(malformed as Item);
    const [seen] = await Array.fromAsync(quarantine());
    await bring(changed as Item);
    const accepted = acceptQuarantined(client, names, seen as QuarantineEntry, {
      by: 'Ada',
      at: '2026-05-01T11:40:00Z',
    });
    await expect(accepted).rejects.toMatchObject({ code: 'QUARANTINE_CHANGED' });
    expect((await evidence()).unaccepted).toEqual(['actuals r1']);
  });

  test('is read without anything that was accepted, and not beyond a thousand', async () => {
    const { control } = dynamoTables(client, names);
    // As many accepted entries as would take several pages.
    const filling = 'x'.repeat(50_000);
    for (let at = 0; at < 60; at += 1) {
      await control.put('quarantine#actuals', `accepted-${at}`, { id: `accepted-${at}`, source: 'actuals', filling });
    }
    for (let at = 0; at < 1_005; at += 1)
      await control.put('quarantine-open#readings', `open-${at}`, { id: `open-${at}` });
    const counted = engineClient();
    let requests = 0;
    counted.middlewareStack.add(
      (next) => (args) => {
        requests += 1;
        return next(args);
      },
      { step: 'initialize' },
    );
    const open = await Array.fromAsync(listUnaccepted(counted, names));
    expect(open).toHaveLength(1_000);
    // One for each source, and one that shows that there is more.
    expect(requests).toBeLessThanOrEqual(6);
  });
});

describe('the lag of a stream', () => {
  let processes = 0;
  const recorder = () =>
    new LagRecorder('links', `process-${++processes}`, dynamoTables(client, names).control, () => NOW_MS);
  const lagOfLinks = async () => (await readLagMs(dynamoTables(client, names).control, NOW_MS + 1_000)).links;
  const done = async () => ({ result: 'done', leftSinceMs: undefined });

  test('is the age of the oldest change while its batch is at work, and goes with it', async () => {
    const lags: number[] = [];
    const result = await recorder().during(NOW_MS - 30_000, async () => {
      lags.push(await lagOfLinks());
      return done();
    });
    expect(result).toBe('done');
    expect([...lags, await lagOfLinks()]).toEqual([31_000, 0]);
  });

  test('is nothing where all keeps up', async () => {
    await recorder().during(NOW_MS - 5_000, async () => ({ result: undefined, leftSinceMs: NOW_MS - 5_000 }));
    expect(await lagOfLinks()).toBe(0);
  });

  test('is that of what a batch leaves behind', async () => {
    await recorder().during(NOW_MS - 30_000, async () => ({ result: undefined, leftSinceMs: NOW_MS - 20_000 }));
    expect(await lagOfLinks()).toBe(21_000);
  });

  test('stays where a batch failed, until the same process has done a later one', async () => {
    const survivor = recorder();
    const failed = survivor.during(NOW_MS - 30_000, () => Promise.reject(new Error('failed')));
    await expect(failed).rejects.toThrow('failed');
    expect(await lagOfLinks()).toBe(31_000);
    await survivor.during(NOW_MS, done);
    expect(await lagOfLinks()).toBe(0);
  });

  test('is not taken away by a process that keeps up with another shard', async () => {
    const [behind, other] = [recorder(), recorder()];
    await behind.during(NOW_MS - 30_000, async () => {
      await other.during(NOW_MS - 20_000, done);
      await other.during(NOW_MS, done);
      expect(await lagOfLinks()).toBe(31_000);
      return done();
    });
    expect(await lagOfLinks()).toBe(0);
  });

  test('that a process noted before it died counts until no batch of its time can be under way', async () => {
    await recorder().during(NOW_MS - 30_000, async () => ({ result: undefined, leftSinceMs: NOW_MS - 30_000 }));
    const lagAt = async (minutes: number) =>
      (await readLagMs(dynamoTables(client, names).control, NOW_MS + minutes * 60_000)).links;
    expect(await lagAt(15)).toBe(15 * 60_000 + 30_000);
    expect(await lagAt(16)).toBe(0);
  });

  test('is noted in the midst of a batch that takes long', async () => {
    let nowMs = NOW_MS;
    const slow = new LagRecorder('links', 'slow', dynamoTables(client, names).control, () => nowMs);
    await slow.during(NOW_MS - 9_990, async () => {
      nowMs += 11;
      await vi.waitUntil(async () => (await lagOfLinks()) > 0, { timeout: 10_000 });
      return done();
    });
    expect(await lagOfLinks()).toBe(0);
  });
});
