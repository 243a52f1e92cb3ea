import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import { runBackfill } from '../../backfill/backfill.ts';
import { planBackfill } from '../../backfill/plan.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { dynamoNewReads } from '../../functions/tables/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/dynamo-old-reads.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import { decodeQuarantineEntry, quarantineKey } from '../../functions/tables/quarantine-rows.ts';
import type { TableNames } from '../../functions/tables/table-names.ts';
import type { RowKey } from '../../functions/tables/transactions.ts';
import { backfillOptions, silent } from '../backfill/backfill-options.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { countCalls } from '../sync/call-counter.ts';
import { actual, eventOf, link, putOld, replicationOver, rowsById, TENANT } from '../sync/fixtures.ts';

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

/** Values that a partition key cannot have (Developer Guide, "Constraints in Amazon DynamoDB", partition key length). */
const IMPOSSIBLE = [
  ['empty', ''],
  ['2,049 bytes', 'x'.repeat(2_049)],
  ['2,050 bytes in 1,025 characters', 'é'.repeat(1_025)],
  ['2,049 bytes in 683 characters', '\u2028'.repeat(683)],
  ['2,052 bytes in 513 characters of two units', '\u{1F4C8}'.repeat(513)],
  ['3,000 bytes', 'id'.repeat(1_500)],
] as const;

/** The longest that it can have, and others that only look odd. */
const POSSIBLE = [
  ['2,048 bytes', 'x'.repeat(2_048)],
  ['2,048 bytes in 1,024 characters', 'é'.repeat(1_024)],
  ['NUL', '\u0000'],
  ['a lone surrogate', 'a\uD800'],
  ['signs that mean something elsewhere', 'a#b/c%25 "d"'],
] as const;

const range = { descending: false, limit: 10 };

type Read = (client: DynamoDBClient, names: TableNames, key: string) => Promise<unknown>;

const validationReads = (of: DynamoDBClient, names: TableNames) => dynamoValidationReads(of, names, async () => {});
const [none, empty, emptyPage]: [undefined, unknown[], { items: unknown[] }] = [undefined, [], { items: [] }];

/** Every read that is told a key, and its answer where nothing has that key. */
const READS: readonly (readonly [string, Read, unknown])[] = [
  ['readLink', (of, names, key) => dynamoTables(of, names).old.readLink(key), none],
  ['readKpi', (of, names, key) => dynamoTables(of, names).old.readKpi(key), none],
  ['readRecords', (of, names, key) => dynamoTables(of, names).old.readRecords([key, key]), new Map()],
  ['queryPeople', (of, names, key) => dynamoTables(of, names).old.queryPeople(key), empty],
  [
    'queryRecordIds',
    (of, names, key) => dynamoTables(of, names).old.queryRecordIds('actuals', { tenantId: TENANT, kpiId: key }),
    emptyPage,
  ],
  ['absentData', (of, names, key) => dynamoTables(of, names).data.absentData([key, key]), 'the key'],
  ['transactional read', (of, names, key) => dynamoTables(of, names).transactions.read([rowKey(key)]), [none]],
  ['control row', (of, names, key) => dynamoTables(of, names).control.get(key, 'sort'), none],
  ['control rows', (of, names, key) => dynamoTables(of, names).control.list(key), empty],
  ['old link ids', (of, names, key) => dynamoOldReads(of, names).queryLinkIds('goal-index', key), empty],
  ['old links', (of, names, key) => dynamoOldReads(of, names).readLinks([key, key]), new Map()],
  [
    'old records',
    (of, names, key) => dynamoOldReads(of, names).readRecords([{ source: 'actuals', id: key }]),
    new Map(),
  ],
  ['old records by KPI', (of, names, key) => dynamoOldReads(of, names).queryRecords('actuals', key, range), emptyPage],
  [
    'old records by tenant',
    (of, names, key) => dynamoOldReads(of, names).queryRecordIdsOfTenant('actuals', key),
    empty,
  ],
  ['new link', (of, names, key) => dynamoNewReads(of, names).getLink(key), none],
  ['new row', (of, names, key) => dynamoNewReads(of, names).getData(key), none],
  ['new links', (of, names, key) => dynamoNewReads(of, names).queryLinks('kpi-index', key, TENANT), empty],
  ['new links of a tenant', (of, names, key) => dynamoNewReads(of, names).queryLinks('tenant-index', key, key), empty],
  [
    'new rows',
    (of, names, key) => dynamoNewReads(of, names).queryData('kpi-link-index', key, TENANT, range),
    emptyPage,
  ],
  ['validated items', (of, names, key) => validationReads(of, names).readItems('kpis', [key, key]), new Map()],
  ['validated ids', (of, names, key) => validationReads(of, names).listIds('kpiActuals', 'kpi_id', key), emptyPage],
  ['validated people', (of, names, key) => validationReads(of, names).listPeople(key), empty],
];

function rowKey(id: string): RowKey {
  return { table: 'kpiLinks', key: { id: { S: id } } };
}

describe('a key that no item can have', () => {
  let names: TableNames;
  beforeAll(async () => {
    names = await createTestTables();
  });

  test.each(READS)('gives nothing, without a call: %s', async (_, read, nothing) => {
    const counted = engineClient();
    const counter = countCalls(counted);
    for (const [what, key] of IMPOSSIBLE) {
      expect(await read(counted, names, key), what).toEqual(nothing === 'the key' ? new Set([key]) : nothing);
      expect(counter.take().total, what).toBe(0);
    }
    for (const [what, key] of POSSIBLE) {
      expect(await read(counted, names, key), what).toEqual(nothing === 'the key' ? new Set([key]) : nothing);
      expect(counter.take().total, what).toBe(1);
    }
  });

  test('has no quarantine entry either', async () => {
    const counted = engineClient();
    const counter = countCalls(counted);
    expect(await dynamoTables(counted, names).transactions.read([quarantineKey('links', '')])).toEqual([undefined]);
    expect(await validationReads(counted, names).readQuarantine('links', '')).toBeUndefined();
    expect(counter.take().total).toBe(0);
    // Longer ids have an entry under a digest.
    expect(await validationReads(counted, names).readQuarantine('links', 'x'.repeat(3_000))).toBeUndefined();
    expect(counter.take().total).toBe(1);
  });

  test('is not looked for beside others, which are', async () => {
    await putOld(client, names, 'links', link('l1', 'k1'));
    const wanted = ['', 'l1', 'x'.repeat(2_049), 'l1'];
    expect([...(await dynamoOldReads(client, names).readLinks(wanted)).keys()]).toEqual(['l1']);
    const { transactions } = dynamoTables(client, names);
    await transactions.write([{ kind: 'put', table: 'kpiLinks', item: { id: { S: 'row' } } }]);
    const row = { id: { S: 'row' } };
    expect(await transactions.read(['', 'row', 'y'.repeat(2_049), 'row'].map(rowKey))).toEqual([none, row, none, row]);
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
  expect(await dynamoTables(counted, names).data.absentData(ids)).toEqual(new Set(['l1', 'l2']));
  expect(await dynamoTables(counted, names).old.readRecords(ids)).toEqual(new Map());
  expect(await validationReads(counted, names).readItems('goalKpiLinks', ids)).toEqual(
    new Map([['l1', link('l1', 'k1')]]),
  );
  expect(await dynamoTables(counted, names).control.readKpis([kpi('k1'), kpi('k1')])).toMatchObject([{}, {}]);
  expect(counter.take().total).toBe(4);
});

function kpi(kpiId: string) {
  return { tenantId: TENANT, kpiId };
}
