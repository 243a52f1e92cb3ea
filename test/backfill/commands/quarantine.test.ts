import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replayDeliveries } from '../../../backfill/commands/quarantine/quarantine-replay.ts';
import { keepDiscarded } from '../../../backfill/local/cloud/on-failure.ts';
import type { TableNames } from '../../../functions/migration/tables.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../../functions/sync/stream-batch.ts';
import { acceptQuarantined, readQuarantined } from '../../../functions/tables/control/quarantine-entries.ts';
import { imagePartKeys, type QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { bucketDeliveries, folderDeliveries } from '../../../functions/tables/failed-deliveries.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { actual, eventOf, link, putOld, replicationOver, rowsById } from '../../sync/fixtures.ts';

const client = engineClient();
let names: TableNames;
let directory: string;
beforeEach(async () => {
  names = await createTestTables();
  directory = mkdtempSync(join(tmpdir(), 'deliveries-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function change(source: 'links' | 'actuals', item: Item): Promise<void> {
  await putOld(client, names, source, item);
  await replicateStreamBatch(replicationOver(client, names), source, [eventOf('1', { newImage: item })]);
}

async function entryOf(id: string): Promise<QuarantineEntry | undefined> {
  return (await readQuarantined(replicationOver(client, names).transactions, 'actuals', id))?.entry;
}

const malformed = (text: string): Item => actual('r1', 'k1', '1', { actual_value: { S: text } });
const accepted = { by: 'Ada', at: '2026-01-01T00:00:00.000Z' };

describe('an accepted entry', () => {
  test('stays accepted when the same item is seen again, and not when it has changed', async () => {
    await change('actuals', malformed('many'));
    await acceptQuarantined(client, names, (await entryOf('r1')) as QuarantineEntry, accepted);
    await change('actuals', malformed('many'));
    expect((await entryOf('r1'))?.accepted).toEqual(accepted);
    await change('actuals', malformed('few'));
    expect(await entryOf('r1')).not.toHaveProperty('accepted');
  });

  test('keeps its image for a while only, and itself for good', async () => {
    const { transactions } = replicationOver(client, names);
    await change('actuals', malformed('many'));
    const entry = (await entryOf('r1')) as QuarantineEntry;
    await acceptQuarantined(client, names, entry, accepted, 1_800_000_000_500);
    const [part] = await transactions.read(imagePartKeys(entry));
    expect(part?.expires_at).toEqual({ N: '1800000001' });
    expect((await readQuarantined(transactions, 'actuals', 'r1'))?.image).toBeDefined();
    // What DynamoDB does once the time has come.
    for (const { key } of imagePartKeys(entry)) {
      await client.send(new DeleteItemCommand({ TableName: names.control, Key: key }));
    }
    expect(await readQuarantined(transactions, 'actuals', 'r1')).toMatchObject({
      entry: { accepted },
      image: undefined,
    });
    await change('actuals', malformed('many'));
    expect((await entryOf('r1'))?.accepted).toEqual(accepted);
    await change('actuals', malformed('few'));
    const again = await readQuarantined(transactions, 'actuals', 'r1');
    expect(again?.entry).not.toHaveProperty('accepted');
    expect(again?.image).toBeDefined();
    const [next] = again ? await transactions.read(imagePartKeys(again.entry)) : [];
    expect(next).not.toHaveProperty('expires_at');
  });

  test('without its image is damaged if nobody has accepted it', async () => {
    await change('actuals', malformed('many'));
    for (const { key } of imagePartKeys((await entryOf('r1')) as QuarantineEntry)) {
      await client.send(new DeleteItemCommand({ TableName: names.control, Key: key }));
    }
    await expect(entryOf('r1')).rejects.toMatchObject({ code: 'QUARANTINE_DAMAGED' });
  });

  test('is the one that was shown, or none', async () => {
    await change('actuals', malformed('many'));
    const shown = (await entryOf('r1')) as QuarantineEntry;
    await change('actuals', actual('r1', 'k1', '1'));
    await expect(acceptQuarantined(client, names, shown, accepted)).rejects.toMatchObject({
      code: 'QUARANTINE_CHANGED',
      nextStep: expect.stringContaining('quarantine show actuals r1'),
    });
    expect(await entryOf('r1')).toBeUndefined();
  });
});

/** Keeps the change of an item as a mapping does that has given it up. */
async function giveUp(tableName: string, item: Item): Promise<void> {
  const event = { eventID: 'e1', dynamodb: { SequenceNumber: '1', Keys: { id: item.id }, NewImage: item } };
  const streamArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}/stream/2026-01-01T00:00:00.000`;
  await keepDiscarded(
    directory,
    'Mapping',
    'Replicate',
    {
      shardId: 's',
      streamArn,
      condition: 'RetryAttemptsExhausted',
      invocations: 3,
      records: [{ sequenceNumber: '1', createdAtMs: 0, event }],
    },
    new Date('2026-01-01T12:00:00Z'),
  );
}

const filesLeft = (): number =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

describe('the replay of what a mapping gave up', () => {
  const replay = (execute: boolean) =>
    replayDeliveries(folderDeliveries(directory), replicationOver(client, names), names, execute);

  test('only plans until it is told to execute', async () => {
    await putOld(client, names, 'links', link('l1', 'k1'));
    await giveUp(names.goalKpiLinks, link('l1', 'k1'));
    expect(await replay(false)).toMatchObject([{ source: 'links', condition: 'RetryAttemptsExhausted', records: 1 }]);
    expect(filesLeft()).toBe(1);
    expect((await rowsById(replicationOver(client, names), 'kpiLinks')).size).toBe(0);
  });

  test('brings what there is now, not what the event says, and takes the delivery away', async () => {
    await change('links', link('l1', 'k1'));
    await giveUp(names.kpiActuals, actual('r1', 'k1', '1'));
    await putOld(client, names, 'actuals', actual('r1', 'k1', '2'));
    expect(await replay(true)).toMatchObject([{ source: 'actuals', failures: [] }]);
    expect((await rowsById(replicationOver(client, names), 'kpiData')).get('r1')?.post_value).toEqual({ N: '2' });
    expect(filesLeft()).toBe(0);
  });

  test('leaves what fails again where it is', async () => {
    await giveUp(names.goalKpiLinks, link('l1', 'k1'));
    const replication = replicationOver(client, { ...names, goalKpiLinks: 'vanished' });
    const [replayed] = await replayDeliveries(folderDeliveries(directory), replication, names, true);
    expect(replayed?.failures).toEqual([expect.stringContaining('ResourceNotFoundException')]);
    expect(filesLeft()).toBe(1);
  });

  test('names what it cannot read, leaves it, and replays the others', async () => {
    writeFileSync(join(directory, 'a-note.txt'), 'hello');
    await giveUp('another-table', link('l1', 'k1'));
    await giveUp(names.goalKpiLinks, link('l1', 'k1'));
    await putOld(client, names, 'links', link('l1', 'k1'));
    const planned = await replay(false);
    const replayed = await replay(true);
    for (const outcome of [planned, replayed]) {
      expect(outcome.filter(({ failures }) => failures.length > 0).map(({ failures }) => failures[0])).toEqual([
        expect.stringContaining('DELIVERY_UNREADABLE: '),
        expect.stringContaining('DELIVERY_OF_UNKNOWN_TABLE: '),
      ]);
    }
    expect(replayed.filter(({ source }) => source === 'links')).toMatchObject([{ records: 1, failures: [] }]);
    expect((await rowsById(replicationOver(client, names), 'kpiLinks')).size).toBe(1);
    expect(filesLeft()).toBe(2);
  });
});

test('a bucket is read page by page, and what was replayed is removed', async () => {
  await giveUp(names.goalKpiLinks, link('l1', 'k1'));
  const [delivery] = await Array.fromAsync(folderDeliveries(directory).list());
  if (delivery === undefined || 'unreadable' in delivery) throw new Error('The delivery can be read.');
  const content = JSON.stringify({
    requestContext: { condition: 'RecordAgeExceeded' },
    DDBStreamBatchInfo: { streamArn: delivery.streamArn },
    payload: JSON.stringify(delivery.event),
  });
  const s3 = mockClient(S3Client);
  s3.on(ListObjectsV2Command)
    .resolvesOnce({ Contents: [{ Key: 'aws/lambda/a' }], IsTruncated: true, NextContinuationToken: 'more' })
    .resolvesOnce({ Contents: [{ Key: 'aws/lambda/b' }] });
  s3.on(GetObjectCommand).callsFake(async () => ({ Body: { transformToString: async () => content } }));
  s3.on(DeleteObjectCommand).resolves({});

  const deliveries = bucketDeliveries('failures', new S3Client({ region: 'us-east-1' }));
  const listed = await Array.fromAsync(deliveries.list());
  expect(listed).toMatchObject([
    { key: 'aws/lambda/a', condition: 'RecordAgeExceeded' },
    { key: 'aws/lambda/b', condition: 'RecordAgeExceeded' },
  ]);
  await deliveries.remove('aws/lambda/a');
  expect(s3.commandCalls(DeleteObjectCommand)[0]?.args[0].input).toEqual({ Bucket: 'failures', Key: 'aws/lambda/a' });
});
