import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { compareAll } from '../../backfill/local/rehearsal/agreement.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import { replicateLinks } from '../../functions/sync/replicate-links.ts';
import type { Replication, ReplicationLimits } from '../../functions/sync/replication.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import type { Write } from '../../functions/tables/dynamo/transactions.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { countCalls } from './call-counter.ts';
import { actual, eventOf, link, putOld, replicationOver, rowsById } from './fixtures.ts';
import { deleteAll, KPI, manyLinks, putAll } from './many-links.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeEach(async () => {
  client = engineClient();
  names = await createTestTables();
});

const changesOf = (links: readonly Item[]) => links.map((item) => ({ id: idOf(item), kpis: [KPI] }));
const inserts = (links: readonly Item[]) => links.map((item, at) => eventOf(String(at + 1), { newImage: item }));
const deletes = (links: readonly Item[]) => links.map((item, at) => eventOf(String(at + 1), { oldImage: item }));

async function expectAgreement(kpiLinks: number, kpiData: number): Promise<void> {
  const { disagreements, rowsCompared } = await compareAll(client, names, 'hold');
  expect(disagreements).toEqual([]);
  expect(rowsCompared).toEqual({ kpiLinks, kpiData });
}

describe('links of one KPI that change together', () => {
  test('are read and written some in one transaction', async () => {
    const links = manyLinks(60);
    await putAll(client, names, 'goalKpiLinks', links);
    const counted = engineClient();
    const counter = countCalls(counted);

    const { failed } = await replicateLinks(replicationOver(counted, names), changesOf(links), 'live');

    expect(failed).toEqual([]);
    expect(Object.fromEntries(counter.take().calls)).toMatchObject({
      TransactGetItemsCommand: 3,
      BatchGetItemCommand: 3,
      TransactWriteItemsCommand: 3,
    });
    await expectAgreement(60, 0);
  });

  test('are told apart where some are gone, some malformed and some another KPI’s by now', async () => {
    const links = manyLinks(6);
    const [gone, malformed, moved, ...others] = links as [Item, Item, Item, ...Item[]];
    await putAll(client, names, 'goalKpiLinks', [
      { ...malformed, is_primary: { S: 'no' } },
      { ...moved, kpi_id: { S: 'k2' } },
      ...others,
    ]);
    const result = await replicateLinks(replicationOver(client, names), changesOf(links), 'backfill');
    expect(new Map(result.done.map(({ change, outcome }) => [change.id, outcome]))).toEqual(
      new Map([
        [idOf(gone), 'gone'],
        [idOf(malformed), 'quarantined'],
        [idOf(moved), 'valid'],
        ...others.map((item) => [idOf(item), 'valid'] as const),
      ]),
    );
    expect(result.done.find(({ change }) => change.id === idOf(moved))?.kpis).toHaveLength(2);
    await expectAgreement(4, 0);
    const again = await replicateLinks(replicationOver(client, names), changesOf(links), 'backfill');
    expect(again.done.filter(({ changed }) => changed)).toEqual([]);
  });

  test('do not suffer where one of them is refused for its own reason', async () => {
    const links = manyLinks(5);
    const [odd, ...others] = links as [Item, ...Item[]];
    await putAll(client, names, 'goalKpiLinks', links);
    const { transactions } = replicationOver(client, names);
    const refusing: Replication['transactions'] = {
      ...transactions,
      async write(writes) {
        if (writes.some((write) => isRowOf(write, odd))) throw new RefusedError('no such row');
        return transactions.write(writes);
      },
    };
    const { done, failed } = await replicateLinks(
      replicationOver(client, names, { transactions: refusing }),
      changesOf(links),
      'live',
    );
    expect(failed).toEqual([]);
    expect(done.filter(({ outcome }) => outcome === 'quarantined').map(({ change }) => change.id)).toEqual([idOf(odd)]);
    const rows = await rowsById(replicationOver(client, names), 'kpiLinks');
    expect([...rows.keys()].sort()).toEqual(others.map(idOf).sort());
  });

  test('are not refused for one another where several segments of a copy meet at their KPI', async () => {
    const links = manyLinks(120);
    await putAll(client, names, 'goalKpiLinks', links);
    const { transactions } = replicationOver(client, names);
    const answers: boolean[] = [];
    const telling: Replication['transactions'] = {
      ...transactions,
      async write(writes) {
        const answer = await transactions.write(writes);
        answers.push(answer);
        return answer;
      },
    };
    const replication = replicationOver(client, names, { transactions: telling });
    const turns = new KpiTurns();
    const pages = [0, 30, 60, 90].map((start) => changesOf(links.slice(start, start + 30)));
    await Promise.all(pages.map((page) => replicateLinks(replication, page, 'backfill', turns)));
    expect(new Set(answers)).toEqual(new Set([true]));
    await expectAgreement(120, 0);
  });

  test('are written one by one where they are too large for one transaction', async () => {
    const long = `2024-01-01T00:00:00.${'1'.repeat(350_000)}Z`;
    const ids = ['a', '__proto__', 'x'.repeat(512), 'é'.repeat(256), '/#%'.repeat(170)];
    const links = ids.map((id, at) =>
      link(id, KPI.kpiId, { goal_id: { S: `goal-${at}` }, linked_at: { S: long.replace('Z', `${at}Z`) } }),
    );
    for (const item of links) await putOld(client, names, 'links', item);
    const replication = replicationOver(client, names);
    expect((await replicateStreamBatch(replication, 'links', inserts(links))).errors).toEqual([]);
    const record = actual('r1', KPI.kpiId, '1');
    await putOld(client, names, 'actuals', record);
    await replicateStreamBatch(replication, 'actuals', [eventOf('1', { newImage: record })]);
    await expectAgreement(5, 5);

    // The anchor goes: the link that is later by one digit of 350,001 takes its place.
    await deleteAll(client, names, 'goalKpiLinks', ['a']);
    const { errors } = await replicateStreamBatch(replication, 'links', deletes(links.slice(0, 1)));
    expect(errors).toEqual([]);
    await expectAgreement(4, 4);
    const anchorRow = (await rowsById(replication, 'kpiData')).get('r1');
    expect(anchorRow?.kpi_link_id).toEqual({ S: '__proto__' });
  });
});

describe.each<[string, ReplicationLimits]>([
  [
    'every link is spilled',
    {
      inlineBytesMax: 0,
      unsettledMax: 0,
      rowsPerTransactionMax: 3,
      linksPerTransactionMax: 2,
      recordsPerTransactionMax: 1,
    },
  ],
  [
    'some links are spilled',
    {
      inlineBytesMax: 200,
      unsettledMax: 2,
      rowsPerTransactionMax: 100,
      linksPerTransactionMax: 25,
      recordsPerTransactionMax: 2,
    },
  ],
])('where %s', (_, limits) => {
  test('links come, change, move and go, and the records’ rows follow', async () => {
    const replication = replicationOver(client, names, { limits });
    const deliver = async (source: 'links' | 'actuals', events: ReturnType<typeof eventOf>[]): Promise<void> => {
      for (const { newImage } of events) if (newImage) await putOld(client, names, source, newImage);
      expect((await replicateStreamBatch(replication, source, events)).errors).toEqual([]);
    };
    const links = manyLinks(12);
    const [first, second, third] = links as [Item, Item, Item];
    await deliver('actuals', [eventOf('1', { newImage: actual('r1', KPI.kpiId, '1') })]);
    await deliver('links', inserts(links));
    await deliver('actuals', [
      eventOf('2', { newImage: actual('r2', KPI.kpiId, '2') }),
      eventOf('3', { newImage: actual('r3', 'k2', '3') }),
    ]);
    await expectAgreement(12, 24);

    await client.send(new DeleteItemCommand({ TableName: names.goalKpiLinks, Key: { id: third.id as { S: string } } }));
    await deliver('links', [
      eventOf('4', { oldImage: first, newImage: { ...first, linked_at: { S: '2030-01-01' } } }),
      eventOf('5', { oldImage: second, newImage: { ...second, kpi_id: { S: 'k2' } } }),
      eventOf('6', { oldImage: third }),
    ]);
    await expectAgreement(11, 21);
    const [head] = await replication.control.readKpis([KPI]);
    expect(head?.spilled?.present).toBe(10 - (head?.inlineLinks.size ?? 0));

    await deleteAll(client, names, 'goalKpiLinks', links.map(idOf));
    await deliver('links', deletes(links));
    await deliver('links', [eventOf('9', { oldImage: { ...second, kpi_id: { S: 'k2' } } })]);
    await expectAgreement(0, 0);
    await deliver('links', inserts([third]));
    await expectAgreement(1, 2);
  });
});

/** What DynamoDB answers to a request that it will never take. */
class RefusedError extends Error {
  override readonly name = 'ValidationException';
}

function isRowOf(write: Write, item: Item): boolean {
  return write.kind === 'put' && write.table === 'kpiLinks' && idOf(write.item) === idOf(item);
}
