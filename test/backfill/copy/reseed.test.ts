import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { reseed } from '../../../backfill/copy/reseed.ts';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, idOf } from '../../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../../functions/sync/stream-batch.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { actual, eventOf, link, milestone, putOld, replicationOver } from '../../sync/fixtures.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeEach(async () => {
  client = engineClient();
  names = await createTestTables();
});

const MALFORMED: Item = { created_by: { BOOL: true }, recorded_by: { BOOL: true } };

function item(source: Source, id: string, kpiId: string, value: string, changes: Item = {}): Item {
  if (source === 'links') return link(id, kpiId, { display_order: { N: value }, ...changes });
  if (source === 'milestones') return milestone(id, kpiId, value, changes);
  if (source === 'actuals') return actual(id, kpiId, value, changes);
  const { actual_value: _, measurement_date, data_source: __, ...shared } = actual(id, kpiId, value);
  return { ...shared, reading_date: measurement_date as never, value: { N: value }, ...changes };
}

/** A write of the service, and the event of it. */
async function write(source: Source, image: Item): Promise<void> {
  await putOld(client, names, source, image);
  const { errors } = await replicateStreamBatch(replicationOver(client, names), source, [
    eventOf('1', { newImage: image }),
  ]);
  expect(errors).toEqual([]);
}

/** The same, of which no event ever comes. */
const writeUnseen = (source: Source, image: Item): Promise<void> => putOld(client, names, source, image);
const deleteUnseen = (source: Source, id: string) =>
  client.send(new DeleteItemCommand({ TableName: names[OLD_TABLE_OF[source]], Key: { id: { S: id } } }));

function run(source: Source, execute: boolean, stop = new AbortController().signal) {
  const replication = replicationOver(client, names);
  return reseed({
    copier: { replication, data: replication.data, pause: () => Promise.resolve() },
    source,
    execute,
    quarantined: () => listQuarantine(client, names, [source]),
    segments: 2,
    stop,
    progress: { note() {}, begin() {}, advance() {}, end() {} },
    itemCountEstimate: undefined,
  });
}

const differencesOf = async () => (await compareAll(client, names, 'hold')).disagreements;

test.each(SOURCES)('what the stream of %s lost comes by a reseed, and nothing else is written', async (source) => {
  for (const [id, kpi] of [
    ['first', 'k1'],
    ['second', 'k1'],
    ['third', 'k2'],
  ] as const) {
    await write('links', link(`link-${id}`, kpi));
  }
  for (const other of SOURCES) await write(other, item(other, `${other}-stays`, 'k1', '1'));
  const before = ['changes', 'goes', 'moves', 'breaks'].map((id) => item(source, id, 'k1', '1'));
  for (const image of [...before, item(source, 'mends', 'k1', '1', MALFORMED)]) await write(source, image);
  await write(source, item(source, 'broken-goes', 'k1', '1', MALFORMED));
  expect(await differencesOf()).toEqual([]);

  await writeUnseen(source, item(source, 'comes', 'k2', '2'));
  await writeUnseen(source, item(source, 'changes', 'k1', '2'));
  await writeUnseen(source, item(source, 'moves', 'k2', '2'));
  await writeUnseen(source, item(source, 'breaks', 'k1', '2', MALFORMED));
  await writeUnseen(source, item(source, 'mends', 'k1', '2'));
  await deleteUnseen(source, 'goes');
  await deleteUnseen(source, 'broken-goes');

  const plan = await run(source, false);
  expect(plan).toMatchObject({ source, state: 'finished', unfinished: [] });
  expect(plan.differing).toBeGreaterThanOrEqual(7);
  expect(await differencesOf()).not.toEqual([]);

  expect(await run(source, true)).toMatchObject({ state: 'finished', unfinished: [] });
  expect(await differencesOf()).toEqual([]);
  const left = await Array.fromAsync(listQuarantine(client, names, [source]));
  expect(left.map(({ id }) => id)).toEqual(['breaks']);

  // Only what is in quarantine is looked at again.
  const again = await run(source, true);
  expect(again.differing).toBeLessThanOrEqual(2);
  expect(await differencesOf()).toEqual([]);
});

test('a record that lost its event while its link lost its own comes by a reseed of both', async () => {
  await write('links', link('l1', 'k1'));
  await write('actuals', actual('r1', 'k1', '1'));
  await deleteUnseen('links', 'l1');
  await writeUnseen('links', link('l2', 'k1', { linked_at: { S: '2020-01-01T00:00:00Z' } }));
  await writeUnseen('actuals', actual('r2', 'k1', '2'));
  await run('actuals', true);
  expect(await run('links', true)).toMatchObject({ state: 'finished', unfinished: [] });
  expect(await differencesOf()).toEqual([]);
});

test('a reseed that is stopped has lost nothing, and the next one does the rest', async () => {
  await write('links', link('l1', 'k1'));
  const records = Array.from({ length: 30 }, (_, at) => actual(`r${at}`, 'k1', String(at)));
  for (const image of records) await writeUnseen('actuals', image);
  const stop = new AbortController();
  stop.abort();
  expect(await run('actuals', true, stop.signal)).toMatchObject({ state: 'stopped', differing: 0 });
  expect(await run('actuals', true)).toMatchObject({ state: 'finished', differing: 30 });
  expect(records.map(idOf)).toHaveLength(30);
  expect(await differencesOf()).toEqual([]);
});
