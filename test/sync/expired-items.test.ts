import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import type { Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { parseStreamEvent } from '../../functions/sync/stream-event.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, link, putOld, replicationOver, rowsById } from './fixtures.ts';

const client = engineClient();
let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

/**
 * The record of an item that its time to live has deleted (DynamoDB Developer Guide, "DynamoDB Streams and Time to Live"):
 * a REMOVE by the service itself. Any other deletion has no `userIdentity`.
 */
function expiry(item: Item, sequenceNumber: string) {
  return {
    eventID: `expiry-${sequenceNumber}`,
    eventName: 'REMOVE',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'eu-west-1',
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
    dynamodb: {
      ApproximateCreationDateTime: 1_714_557_600,
      Keys: { id: item.id },
      OldImage: item,
      SequenceNumber: sequenceNumber,
      SizeBytes: 100,
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: 'arn:aws:dynamodb:eu-west-1:123456789012:table/old/stream/2026-05-01T00:00:00.000',
  };
}

async function arrive(source: Source, item: Item): Promise<void> {
  await putOld(client, names, source, item);
  const events = parseStreamEvent({ Records: [{ ...expiry(item, '1'), eventName: 'INSERT' }] });
  await replicateStreamBatch(replicationOver(client, names), source, events);
}

async function expire(source: Source, item: Item) {
  const id = { S: textOf(item, 'id') ?? '' };
  await client.send(new DeleteItemCommand({ TableName: names[OLD_TABLE_OF[source]], Key: { id } }));
  const events = parseStreamEvent({ Records: [expiry(item, '2')] });
  return replicateStreamBatch(replicationOver(client, names), source, events);
}

const LINK = link('l1', 'k1', { expires: { N: '1714557600' } });
const RECORD = actual('r1', 'k1', '1', { expires: { N: '1714557600' } });

async function rows(): Promise<string[]> {
  const tables = replicationOver(client, names);
  const [links, data] = await Promise.all([rowsById(tables, 'kpiLinks'), rowsById(tables, 'kpiData')]);
  return [...links.keys(), ...data.keys()];
}

test('a record that expires goes from the new side', async () => {
  await arrive('links', LINK);
  await arrive('actuals', RECORD);
  expect(await rows()).toEqual(['l1', 'r1']);
  expect(await expire('actuals', RECORD)).toMatchObject({ failedSequenceNumbers: [], unfinished: [] });
  expect(await rows()).toEqual(['l1']);
});

test('a link that expires goes with the rows of its records', async () => {
  await arrive('links', LINK);
  await arrive('actuals', RECORD);
  expect(await expire('links', LINK)).toMatchObject({ failedSequenceNumbers: [], unfinished: [] });
  expect(await rows()).toEqual([]);
});

test('an item that was written again before its expiry arrives stays', async () => {
  await arrive('links', LINK);
  await arrive('actuals', RECORD);
  const events = parseStreamEvent({ Records: [expiry(RECORD, '2')] });
  await replicateStreamBatch(replicationOver(client, names), 'actuals', events);
  expect(await rows()).toEqual(['l1', 'r1']);
});
