import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { demandOfRecord } from '../../functions/migration/demand.ts';
import { fanOutRowId } from '../../functions/migration/ids.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { fanOut } from '../../functions/sync/fan-out.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import { OutOfTimeError } from '../../functions/sync/replication.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { readQuarantined } from '../../functions/tables/control/quarantine-entries.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { freely } from '../tables/freely.ts';
import { countCalls } from './call-counter.ts';
import { actual, eventOf, link, milestone, putOld, replicationOver, rowsById, TENANT } from './fixtures.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeEach(async () => {
  client = engineClient();
  names = await createTestTables();
});

/** Puts the item into its old table and replicates the event of its insertion. */
async function insert(source: 'links' | 'milestones' | 'actuals' | 'readings', item: Item): Promise<void> {
  await putOld(client, names, source, item);
  const result = await replicateStreamBatch(replicationOver(client, names), source, [eventOf('1', { newImage: item })]);
  expect(result.errors).toEqual([]);
}

async function quarantined(source: 'links' | 'milestones' | 'actuals' | 'readings' | 'events', id: string) {
  const found = await readQuarantined(replicationOver(client, names).transactions, source, id);
  return found && { reason: found.entry.reason, image: found.image };
}

describe('bounds', () => {
  test('a change of a record with one link takes five calls', async () => {
    await insert('links', link('l1', 'k1'));
    await insert('actuals', actual('r1', 'k1', '1'));
    const changed = actual('r1', 'k1', '2');
    await putOld(client, names, 'actuals', changed);
    const counted = engineClient();
    const counter = countCalls(counted);
    const event = eventOf('2', { oldImage: actual('r1', 'k1', '1'), newImage: changed });

    await replicateStreamBatch(replicationOver(counted, names), 'actuals', [event]);

    const { calls } = counter.take();
    // The two strong reads of the KPI row, before and after, are one call each for the whole batch.
    expect(Object.fromEntries(calls)).toEqual({
      BatchGetItemCommand: 3,
      TransactGetItemsCommand: 1,
      TransactWriteItemsCommand: 1,
    });
    const rows = await rowsById(replicationOver(client, names), 'kpiData');
    expect(rows.get('r1')?.post_value).toEqual({ N: '2' });
  });

  test('an event that changes nothing writes no row, only the token', async () => {
    await insert('links', link('l1', 'k1'));
    await insert('actuals', actual('r1', 'k1', '1'));
    const result = await replicateRecords(replicationOver(client, names), [
      { id: 'r1', kpis: [{ tenantId: TENANT, kpiId: 'k1' }], sources: ['actuals'] },
    ]);
    expect(result.done.map(({ outcome, rowsWritten }) => ({ outcome, rowsWritten }))).toEqual([
      { outcome: 'mapped', rowsWritten: 0 },
    ]);
  });

  test('many events of one item cost what one does', async () => {
    await insert('links', link('l1', 'k1'));
    const last = actual('r1', 'k1', '99');
    await putOld(client, names, 'actuals', last);
    const events = Array.from({ length: 50 }, (_, at) =>
      eventOf(String(at), { newImage: actual('r1', 'k1', `${at}`) }),
    );
    const counted = engineClient();
    const counter = countCalls(counted);

    await replicateStreamBatch(replicationOver(counted, names), 'actuals', events);

    expect(counter.take().total).toBe(5);
  });
});

describe('a first touch that is held up while a copier brings a later version', () => {
  test.each<[string, Item | undefined, Item | undefined]>([
    ['does not put the version it read', actual('r1', 'k1', '1'), undefined],
    ['does not delete the row, though it found the record gone', undefined, undefined],
    ['does not leave a row that was as it should be', actual('r1', 'k1', '1'), actual('r1', 'k1', '1')],
    ['does not put the version it read over another', actual('r1', 'k1', '1'), actual('r1', 'k1', '0')],
    ['does not delete another row than it has seen', undefined, actual('r1', 'k1', '0')],
  ])('%s', async (_, found, copiedBefore) => {
    await insert('links', link('l1', 'k1'));
    if (found) await putOld(client, names, 'actuals', found);
    const later = actual('r1', 'k1', '2');
    const { transactions, data } = replicationOver(client, names);
    if (copiedBefore) await data.putData([copiedRow(copiedBefore)], freely);
    const answers: boolean[] = [];
    const heldUp = replicationOver(client, names, {
      transactions: {
        ...transactions,
        async write(writes) {
          if (answers.length === 0) {
            await putOld(client, names, 'actuals', later);
            await data.putData([copiedRow(later)], freely);
          }
          const answer = await transactions.write(writes);
          answers.push(answer);
          return answer;
        },
      },
    });

    await replicateStreamBatch(heldUp, 'actuals', [eventOf('1', { oldImage: actual('r1', 'k1', '1') })]);

    expect(answers).toEqual([false, true]);
    expect([...(await rowsById(replicationOver(client, names), 'kpiData')).values()]).toEqual([copiedRow(later)]);
  });
});

/** The row that a copier makes of the record for link `l1`. */
function copiedRow(item: Item): Item {
  const demand = demandOfRecord('actuals', { actuals: item }, () => [{ id: 'l1', linkedAt: '2024-01-01' }]);
  if (demand.kind !== 'mapped') throw new Error('The record is whole.');
  return demand.rows[0] as Item;
}

describe('fan-out', () => {
  const kpi = { tenantId: TENANT, kpiId: 'k1' };

  test('records held until a link comes get their rows from it, page by page, and resume where time ran out', async () => {
    const ids = Array.from({ length: 250 }, (_, at) => `r${String(at).padStart(3, '0')}`);
    for (const id of ids) await putOld(client, names, 'actuals', actual(id, 'k1', '1'));
    const item = link('l1', 'k1');
    await putOld(client, names, 'links', item);
    let listings = 0;
    // Time for the two listings that are empty and one page of actuals, then no more: as a function near its end.
    const impatient = replicationOver(client, names, { remainingMs: () => (listings++ < 3 ? 900_000 : 0) });

    const first = await replicateStreamBatch(impatient, 'links', [eventOf('1', { newImage: item })]);
    const afterFirst = await rowsById(replicationOver(client, names), 'kpiData');
    expect(first.failedSequenceNumbers).toEqual(['1']);
    expect(first.errors[0]).toBeInstanceOf(OutOfTimeError);
    expect(afterFirst.size).toBeGreaterThan(0);
    expect(afterFirst.size).toBeLessThan(250);

    const second = await replicateStreamBatch(replicationOver(client, names), 'links', [
      eventOf('1', { newImage: item }),
    ]);
    const rows = await rowsById(replicationOver(client, names), 'kpiData');
    expect(second.failedSequenceNumbers).toEqual([]);
    expect([...rows.keys()].sort()).toEqual(ids);
    const [row] = await replicationOver(client, names).control.readKpis([kpi]);
    expect(row?.fanOutPending).toBeUndefined();
    expect(row?.sweepPending).toBeDefined();
  });

  test('an earlier link takes the anchor over, and gives it back when it goes', async () => {
    await insert('links', link('l2', 'k1', { linked_at: { S: '2024-05-01T00:00:00Z' } }));
    await insert('actuals', actual('r1', 'k1', '1'));
    const earlier = link('l1', 'k1', { linked_at: { S: '2024-05-01T01:00:00+02:00' } });
    await insert('links', earlier);

    const linkOfRow = async () =>
      new Map(
        [...(await rowsById(replicationOver(client, names), 'kpiData'))].map(([id, row]) => [id, row.kpi_link_id]),
      );
    expect(await linkOfRow()).toEqual(
      new Map([
        ['r1', { S: 'l1' }],
        [fanOutRowId('r1', 'l2'), { S: 'l2' }],
      ]),
    );

    await client.send(new DeleteItemCommand({ TableName: names.goalKpiLinks, Key: { id: { S: 'l1' } } }));
    await replicateStreamBatch(replicationOver(client, names), 'links', [eventOf('2', { oldImage: earlier })]);
    expect(await linkOfRow()).toEqual(new Map([['r1', { S: 'l2' }]]));
  });

  test('rows of 50 links, each as large as an item can be, are read and written in parts', async () => {
    const rationale = { S: 'x'.repeat(350_000) };
    for (let at = 0; at < 14; at += 1) await putOld(client, names, 'links', link(`l${at}`, 'k1'));
    const events = Array.from({ length: 14 }, (_, at) => eventOf(String(at), { newImage: link(`l${at}`, 'k1') }));
    await replicateStreamBatch(replicationOver(client, names), 'links', events);

    await insert('milestones', milestone('r1', 'k1', '1', { rationale }));
    await insert('milestones', milestone('r1', 'k1', '2', { rationale }));

    const rows = await rowsById(replicationOver(client, names), 'kpiData');
    expect(rows.size).toBe(14);
    expect(new Set([...rows.values()].map((row) => JSON.stringify(row.post_value)))).toEqual(new Set(['{"N":"2"}']));
  });

  test('a KPI without the mark is left alone', async () => {
    const counted = engineClient();
    const counter = countCalls(counted);
    await fanOut(replicationOver(counted, names), [kpi], 'fan_out_pending');
    expect(Object.fromEntries(counter.take().calls)).toEqual({ BatchGetItemCommand: 1 });
  });
});

describe('quarantine', () => {
  test('a malformed record goes there whole, loses its rows, and leaves when it is mended', async () => {
    await insert('links', link('l1', 'k1'));
    await insert('actuals', actual('r1', 'k1', '1'));
    const malformed = actual('r1', 'k1', '1', { actual_value: { S: 'many' } });
    await insert('actuals', malformed);
    expect(await quarantined('actuals', 'r1')).toMatchObject({ reason: { code: 'wrong-type' }, image: malformed });
    expect((await rowsById(replicationOver(client, names), 'kpiData')).size).toBe(0);

    await insert('actuals', actual('r1', 'k1', '3'));
    expect(await quarantined('actuals', 'r1')).toBeUndefined();
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.post_value).toEqual({ N: '3' });
  });

  test('a link without a KPI goes there and its KpiLink row does not come', async () => {
    const { kpi_id: _, ...malformed } = link('l1', 'k1');
    await insert('links', malformed);
    expect(await quarantined('links', 'l1')).toMatchObject({ reason: { code: 'missing-attribute' }, image: malformed });
    await insert('links', link('l1', 'k1'));
    expect(await quarantined('links', 'l1')).toBeUndefined();
    expect((await rowsById(replicationOver(client, names), 'kpiLinks')).has('l1')).toBe(true);
  });

  test('of an id in two tables the earlier source has the row, and the other gets it when that one goes', async () => {
    await insert('links', link('l1', 'k1'));
    await insert('actuals', actual('r1', 'k1', '1'));
    const target = milestone('r1', 'k1', '2');
    await insert('milestones', target);
    expect(await quarantined('actuals', 'r1')).toMatchObject({ reason: { code: 'id-collision' } });
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.data_category).toEqual({
      S: 'Target',
    });

    await client.send(new DeleteItemCommand({ TableName: names.kpiMilestones, Key: { id: { S: 'r1' } } }));
    await replicateStreamBatch(replicationOver(client, names), 'milestones', [eventOf('3', { oldImage: target })]);
    expect(await quarantined('actuals', 'r1')).toBeUndefined();
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.data_category).toEqual({
      S: 'Actual',
    });
  });

  test('an event that names no item is kept whole and the rest of its batch goes on', async () => {
    await insert('links', link('l1', 'k1'));
    await putOld(client, names, 'actuals', actual('r1', 'k1', '1'));
    const result = await replicateStreamBatch(replicationOver(client, names), 'actuals', [
      eventOf('1', {}),
      eventOf('2', { newImage: actual('r1', 'k1', '1') }),
    ]);
    expect(result).toMatchObject({ failedSequenceNumbers: [], outcomes: { unreadable: 1, mapped: 1 } });
    expect(await quarantined('events', 'event-1')).toMatchObject({ reason: { code: 'unreadable-event' } });
  });
});

describe('held records', () => {
  test('with personal-link a KPI gets one, until a real one comes', async () => {
    const settings = { heldRecords: 'personal-link' as const };
    const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
    const kpi = { id: { S: 'k1' }, tenant_id: { S: TENANT }, name: { S: 'KPI' }, owner_id: { S: 'user-1' } };
    await client.send(new PutItemCommand({ TableName: names.kpis, Item: kpi }));
    const record = actual('r1', 'k1', '1');
    await putOld(client, names, 'actuals', record);
    await replicateStreamBatch(replicationOver(client, names, settings), 'actuals', [
      eventOf('1', { newImage: record }),
    ]);
    const [personal] = (await rowsById(replicationOver(client, names), 'kpiLinks')).values();
    expect(personal).toMatchObject({ linked_at: { S: '2024-02-01' }, person_id: { S: 'user-1' } });
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.kpi_link_id).toEqual(personal?.id);

    const real = link('l1', 'k1');
    await putOld(client, names, 'links', real);
    await replicateStreamBatch(replicationOver(client, names, settings), 'links', [eventOf('2', { newImage: real })]);
    expect([...(await rowsById(replicationOver(client, names), 'kpiLinks')).keys()]).toEqual(['l1']);
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.kpi_link_id).toEqual({ S: 'l1' });
  });
});
