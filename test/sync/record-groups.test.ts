import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { recordsThatDiffer } from '../../backfill/copy/records-that-differ.ts';
import { compareAll } from '../../backfill/local/rehearsal/agreement.ts';
import { fanOutRowId } from '../../functions/migration/ids.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { countCalls } from './call-counter.ts';
import { actual, eventOf, link, milestone, putOld, replicationOver, rowsById } from './fixtures.ts';
import { deleteAll, KPI, putAll } from './many-links.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeEach(async () => {
  client = engineClient();
  names = await createTestTables();
  const item = link('l1', KPI.kpiId);
  await putOld(client, names, 'links', item);
  await replicateStreamBatch(replicationOver(client, names), 'links', [eventOf('1', { newImage: item })]);
});

const records = (count: number, changes: Item = {}): Item[] =>
  Array.from({ length: count }, (_, at) => actual(`r${at}`, KPI.kpiId, String(at), changes));
const changesOf = (items: readonly Item[], sources: readonly 'actuals'[] = []) =>
  items.map((item) => ({ id: idOf(item), kpis: [KPI], sources }));

async function expectAgreement(kpiData: number): Promise<void> {
  const { disagreements, rowsCompared } = await compareAll(client, names, 'hold');
  expect(disagreements).toEqual([]);
  expect(rowsCompared).toMatchObject({ kpiData });
}

/** Storage that shows the ids of each transaction's data rows before it is sent. */
function watching(write: (ids: readonly string[]) => void): Pick<Replication, 'transactions'> {
  const { transactions } = replicationOver(client, names);
  const idsOf = (item: Item): string[] => (item.id && 'S' in item.id ? [item.id.S] : []);
  return {
    transactions: {
      ...transactions,
      write: async (writes) => {
        write(writes.flatMap((each) => (each.kind === 'put' && each.table === 'kpiData' ? idsOf(each.item) : [])));
        return transactions.write(writes);
      },
    },
  };
}

class RefusedError extends Error {
  override readonly name = 'ValidationException';
}

class ThrottledError extends Error {
  override readonly name = 'ThrottlingException';
}

describe('records that change together', () => {
  test('are read and written some in one transaction', async () => {
    const items = records(60);
    await putAll(client, names, 'kpiActuals', items);
    const counted = engineClient();
    const counter = countCalls(counted);

    const result = await replicateRecords(replicationOver(counted, names), changesOf(items, ['actuals']));

    expect(result.failed).toEqual([]);
    expect(result.done.map(({ rowsWritten }) => rowsWritten)).toEqual(items.map(() => 1));
    const { TransactGetItemsCommand, TransactWriteItemsCommand } = Object.fromEntries(counter.take().calls);
    expect([TransactGetItemsCommand, TransactWriteItemsCommand]).toEqual([4, 4]);
    await expectAgreement(60);
  });

  test('are told apart where some are gone, malformed, moved or in two tables', async () => {
    const [gone, malformed, moved, shared, ...others] = records(10);
    await putOld(client, names, 'links', link('l2', 'k2'));
    await putAll(client, names, 'kpiActuals', [
      { ...malformed, recorded_by: { BOOL: true } },
      { ...(moved as Item), kpi_id: { S: 'k2' } },
      shared as Item,
      ...others,
    ]);
    await putOld(client, names, 'milestones', milestone(idOf(shared as Item), KPI.kpiId, '1'));
    const changes = changesOf([gone, malformed, moved, shared, ...others] as Item[], ['actuals']);
    const { done, failed } = await replicateRecords(replicationOver(client, names), changes);
    expect(failed).toEqual([]);
    const outcomes = new Map(done.map(({ change, outcome }) => [change.id, outcome]));
    expect([gone, malformed].map((item) => outcomes.get(idOf(item as Item)))).toEqual(['gone', 'quarantined']);
    const events = [eventOf('2', { newImage: link('l2', 'k2') })];
    await replicateStreamBatch(replicationOver(client, names), 'links', events);
    const { disagreements } = await compareAll(client, names, 'hold');
    expect(disagreements).toEqual([]);
  });

  test('do not suffer where one of them is refused for its own reason', async () => {
    const items = records(12);
    await putAll(client, names, 'kpiActuals', items);
    const refusing = watching((ids) => {
      if (ids.includes('r5')) throw new RefusedError('no such row');
    });
    const { done, failed } = await replicateRecords(replicationOver(client, names, refusing), changesOf(items));
    expect(failed).toEqual([]);
    expect(done.filter(({ outcome }) => outcome === 'quarantined').map(({ change }) => change.id)).toEqual(['r5']);
    const rows = await rowsById(replicationOver(client, names), 'kpiData');
    expect([...rows.keys()].sort()).toEqual(
      items
        .map(idOf)
        .filter((id) => id !== 'r5')
        .sort(),
    );
  });

  test('are each tried alone where the store has no capacity for all, and fail each for itself', async () => {
    const items = records(12);
    await putAll(client, names, 'kpiActuals', items);
    let calls = 0;
    const throttled = watching((ids) => {
      calls += 1;
      if (ids.includes('r7')) throw new ThrottledError('Rate exceeded');
    });
    const { done, failed } = await replicateRecords(replicationOver(client, names, throttled), changesOf(items));
    expect([done.length, failed.map(({ change }) => change.id), calls]).toEqual([11, ['r7'], 13]);
  });

  test('come through where others change them at the same time', async () => {
    const items = records(20);
    await putAll(client, names, 'kpiActuals', items);
    const replication = replicationOver(client, names);
    const results = await Promise.all([1, 2, 3].map(() => replicateRecords(replication, changesOf(items))));
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    await expectAgreement(20);
  });

  test('are parted where they are too large for one transaction', async () => {
    const items = records(14, { override_comment: { S: 'x'.repeat(300_000) } });
    await putAll(client, names, 'kpiActuals', items);
    const replication = replicationOver(client, names);
    const sizes: number[] = [];
    const watched = watching((ids) => sizes.push(ids.length));
    expect((await replicateRecords({ ...replication, ...watched }, changesOf(items))).failed).toEqual([]);
    expect(Math.max(...sizes)).toBeLessThan(14);
    // Now the rows are there, and one transaction cannot even read them.
    await deleteAll(client, names, 'kpiActuals', items.slice(0, 2).map(idOf));
    expect((await replicateRecords(replication, changesOf(items))).failed).toEqual([]);
    await expectAgreement(12);
  });
});

describe('the sweep compares first', () => {
  const differing = async (items: readonly Item[]): Promise<string[]> => {
    const replication = replicationOver(client, names);
    const due = await recordsThatDiffer({ replication, data: replication.data }, changesOf(items));
    return due.map(({ id }) => id).sort();
  };

  test('and finds each kind of difference, and nothing else', async () => {
    const items = records(120);
    await putAll(client, names, 'kpiActuals', items);
    const replication = replicationOver(client, names);
    await replicateRecords(replication, changesOf(items));
    expect(await differing(items)).toEqual([]);

    const put = (item: Item) => ({ kind: 'put', table: 'kpiData', item }) as const;
    const rows = await rowsById(replication, 'kpiData');
    await replication.transactions.write([
      put({ ...rows.get('r1'), value: { N: '99' } }),
      put({ ...rows.get('r2'), id: { S: fanOutRowId('r2', 'l1') } }),
      { kind: 'delete', table: 'kpiData', key: { id: { S: 'r3' } } },
    ]);
    await deleteAll(client, names, 'kpiActuals', ['r4']);
    await putOld(client, names, 'actuals', { ...(items[5] as Item), recorded_by: { BOOL: true } });
    await putOld(client, names, 'actuals', { ...(items[6] as Item), kpi_id: { S: 'k9' } });
    expect(await differing(items)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
  });

  test('a record in quarantine is left to the protocol though its rows are right', async () => {
    const [item] = records(1) as [Item];
    await putOld(client, names, 'actuals', { ...item, recorded_by: { BOOL: true } });
    const replication = replicationOver(client, names);
    await replicateRecords(replication, changesOf([item], ['actuals']));
    await putOld(client, names, 'actuals', item);
    expect(await differing([item])).toEqual(['r0']);
    const kpiData = await rowsById(replication, 'kpiData');
    expect(kpiData.size).toBe(0);
  });

  test('what cannot be read is left to the protocol', async () => {
    const replication = replicationOver(client, names);
    const refusing = { ...replication.data, readRows: () => Promise.reject(new RefusedError('no such key')) };
    const items = records(3);
    expect(await recordsThatDiffer({ replication, data: refusing }, changesOf(items))).toHaveLength(3);
    const throttled = { ...replication.data, readRows: () => Promise.reject(new ThrottledError('Rate exceeded')) };
    await expect(recordsThatDiffer({ replication, data: throttled }, changesOf(items))).rejects.toThrow(
      'Rate exceeded',
    );
  });
});
