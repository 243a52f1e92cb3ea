import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { runBackfill } from '../../backfill/copy/backfill.ts';
import { planBackfill } from '../../backfill/copy/plan.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { decodeQuarantineEntry, quarantineKey } from '../../functions/tables/control/quarantine-rows.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { backfillOptions, silent } from '../backfill/backfill-options.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { countCalls } from '../sync/call-counter.ts';
import { actual, eventOf, link, putOld, replicationOver, rowsById, TENANT } from '../sync/fixtures.ts';
import { freely } from './freely.ts';
import { IMPOSSIBLE, POSSIBLE, READS, type Readers, rowKey } from './reads-by-key.ts';

const client = engineClient();

async function reasonOf(names: TableNames, source: 'links' | 'actuals', id: string): Promise<string | undefined> {
  const [item] = await dynamoTables(client, names).transactions.read([quarantineKey(source, id)]);
  return item && decodeQuarantineEntry(item).reason.code;
}

describe('a link whose created_by is empty and whose KPI has no owner', () => {
  const nobodys = link('l1', 'k1', { created_by: { S: '' } });
  let names: TableNames;
  beforeAll(async () => {
    names = await createTestTables();
    await putOld(client, names, 'links', nobodys);
    await putOld(client, names, 'links', link('l2', 'k1'));
    await putOld(client, names, 'actuals', actual('r1', 'k1', '1'));
  });

  test('is counted by the plan', async () => {
    const plan = await planBackfill({
      old: dynamoTables(client, names).old,
      heldRecords: 'hold',
      segments: 1,
      concurrency: 2,
      progress: silent,
      itemCountEstimates: {},
      stop: new AbortController().signal,
    });
    expect(plan.quarantineReasons).toEqual(new Map([['no-person', 1]]));
    expect(plan.rows).toEqual({ kpiLinks: 1, kpiData: 1 });
  });

  test('goes to quarantine by its event', async () => {
    const result = await replicateStreamBatch(replicationOver(client, names), 'links', [
      eventOf('1', { newImage: nobodys }),
    ]);
    expect(result).toMatchObject({ errors: [], outcomes: { quarantined: 1 } });
    expect(await reasonOf(names, 'links', 'l1')).toBe('no-person');
  });

  test('goes to quarantine by the backfill, which goes on', async () => {
    const replication = replicationOver(client, names);
    const report = await runBackfill(backfillOptions({ replication, data: replication.data }));
    expect(report.state).toBe('finished');
    expect(await reasonOf(names, 'links', 'l1')).toBe('no-person');
    expect([...(await rowsById(replication, 'kpiData')).keys()]).toEqual(['r1']);
  });
});

function readersOf(of: DynamoDBClient, names: TableNames): Readers {
  return {
    ...dynamoTables(of, names),
    oldReads: dynamoOldReads(of, names),
    newReads: dynamoNewReads(of, names),
    validation: dynamoValidationReads(of, names, async () => {}),
  };
}

describe('a key that no item can have', () => {
  let names: TableNames;
  beforeAll(async () => {
    names = await createTestTables();
  });

  test.each(READS)('gives nothing, without a call: %s', async (_, read, nothing) => {
    const counted = engineClient();
    const counter = countCalls(counted);
    const readers = readersOf(counted, names);
    for (const [what, key] of IMPOSSIBLE) {
      expect(await read(readers, key), what).toEqual(nothing(key));
      expect(counter.take().total, what).toBe(0);
    }
    for (const [what, key] of POSSIBLE) {
      expect(await read(readers, key), what).toEqual(nothing(key));
      expect(counter.take().total, what).toBe(1);
    }
  });

  test('has no quarantine entry either', async () => {
    const counted = engineClient();
    const counter = countCalls(counted);
    expect(await dynamoTables(counted, names).transactions.read([quarantineKey('links', '')])).toEqual([undefined]);
    expect(await readersOf(counted, names).validation.readQuarantine('links', '')).toBeUndefined();
    expect(counter.take().total).toBe(0);
    // Longer ids have an entry under a digest.
    expect(await readersOf(counted, names).validation.readQuarantine('links', 'x'.repeat(3_000))).toBeUndefined();
    expect(counter.take().total).toBe(1);
  });

  test('is not looked for beside others, which are', async () => {
    await putOld(client, names, 'links', link('l1', 'k1'));
    const wanted = ['', 'l1', 'x'.repeat(2_049), 'l1'];
    expect([...(await dynamoOldReads(client, names).readLinks(wanted)).keys()]).toEqual(['l1']);
    const { transactions } = dynamoTables(client, names);
    await transactions.write([{ kind: 'put', table: 'kpiLinks', item: { id: { S: 'row' } } }]);
    const row = { id: { S: 'row' } };
    const rows = await transactions.read(['', 'row', 'y'.repeat(2_049), 'row'].map(rowKey));
    expect(rows).toEqual([undefined, row, undefined, row]);
  });

  test('is deleted without a call, and demanded to be absent without one', async () => {
    const counted = engineClient();
    const counter = countCalls(counted);
    const { transactions } = dynamoTables(counted, names);
    expect(await transactions.write([{ kind: 'delete', ...rowKey('') }])).toBe(true);
    expect(await transactions.write([{ kind: 'absent', ...rowKey('x'.repeat(2_049)) }])).toBe(true);
    expect(counter.take().total).toBe(0);
    const beside = { kind: 'put', table: 'kpiLinks', item: { id: { S: 'beside' } } } as const;
    expect(await transactions.write([{ kind: 'absent', ...rowKey('') }, beside])).toBe(true);
    expect(await transactions.read([rowKey('beside')])).toEqual([beside.item]);
  });

  test('is refused where a row is to be put under it', async () => {
    const { transactions } = dynamoTables(client, names);
    const put = { kind: 'put', table: 'kpiLinks', item: { id: { S: '' } } } as const;
    await expect(transactions.write([put])).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('holds up no batch of a stream whose event names it', async () => {
    const replication = replicationOver(client, names);
    const ids = ['', 'x'.repeat(3_000), 'good'];
    for (const source of ['links', 'actuals'] as const) {
      const itemOf = (id: string): Item => (source === 'links' ? link(id, 'k2') : actual(id, 'k2', '1'));
      await putOld(client, names, source, itemOf('good'));
      const events = ids.map((id, at) => eventOf(String(at + 1), { newImage: itemOf(id) }));
      const result = await replicateStreamBatch(replication, source, events);
      expect(result.errors).toEqual([]);
      expect(result.failedSequenceNumbers).toEqual([]);
    }
    expect((await rowsById(replication, 'kpiLinks')).has('good')).toBe(true);
    expect((await rowsById(replication, 'kpiData')).has('good')).toBe(true);
  });
});

test('of keys that come twice each is read once, also where they are more than a batch takes', async () => {
  const names = await createTestTables();
  await putOld(client, names, 'links', link('l1', 'k1'));
  const counted = engineClient();
  const counter = countCalls(counted);
  const ids = Array.from({ length: 250 }, (_, at) => (at % 2 === 0 ? 'l1' : 'l2'));
  expect(await dynamoTables(counted, names).data.readRows('kpiData', ids)).toEqual(new Map());
  expect(await dynamoTables(counted, names).old.readRecords(ids)).toEqual(new Map());
  expect(await readersOf(counted, names).validation.readItems('goalKpiLinks', ids)).toEqual(
    new Map([['l1', link('l1', 'k1')]]),
  );
  expect(await dynamoTables(counted, names).control.readKpis([kpi('k1'), kpi('k1')])).toMatchObject([{}, {}]);
  expect(counter.take().total).toBe(4);
});

test('of rows that are to be put and come twice the first is, also where they are more than a batch takes', async () => {
  const names = await createTestTables();
  const { data } = dynamoTables(client, names);
  const rows = Array.from({ length: 60 }, (_, at) => ({ id: { S: `r${at % 40}` }, at: { N: String(at) } }));
  expect(await data.putData(rows, freely)).toEqual({ written: 40, refused: [] });
  const stored = await rowsById({ data }, 'kpiData');
  expect(stored.get('r19')?.at).toEqual({ N: '19' });
  expect(stored.get('r39')?.at).toEqual({ N: '39' });
});

function kpi(kpiId: string) {
  return { tenantId: TENANT, kpiId };
}
