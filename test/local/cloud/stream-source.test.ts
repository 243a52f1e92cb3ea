import { DescribeTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { beforeAll, describe, expect, test } from 'vitest';
import { dynamoStreamSource } from '../../../backfill/local/cloud/stream-source.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { sameItem } from '../../../functions/model/compare.ts';
import { parseStreamEvent } from '../../../functions/sync/stream-event.ts';
import { readProtoAttributes } from '../../../functions/tables/dynamo/lossless-answers.ts';
import { createTestTables, engineClient, engineUrl } from '../../engine-client.ts';
import { ODD_NAMES, withNames } from '../../odd-names.ts';

const client = engineClient();
const Key = { id: { S: 'odd' } };
const item = withNames(Key, ODD_NAMES);
let TableName: string;

beforeAll(async () => {
  TableName = (await createTestTables({ streams: true })).kpiReadings;
  await client.send(new PutItemCommand({ TableName, Item: item }));
});

describe('attributes named like members of every object', () => {
  test('come by the stream whole, and are kept whole where their event cannot be read', async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    const streams = new DynamoDBStreamsClient(localClientConfig(engineUrl()));
    readProtoAttributes(streams);
    const source = dynamoStreamSource(streams, Table?.LatestStreamArn ?? '');
    const [shard] = await source.shards();
    const { records } = await source.read(shard?.id ?? '', undefined, 10);
    const change = records[0]?.event.dynamodb as { readonly NewImage: Item };
    expect(sameItem(change.NewImage, item)).toBe(true);

    const received = { Records: records.map(({ event }) => JSON.parse(JSON.stringify(event))) };
    const [event] = parseStreamEvent(received);
    const whole = textOf(event?.whole, 'event') ?? '';
    expect(JSON.parse(whole)).toEqual(received.Records[0]);
    expect(whole).toContain('"__proto__":{"S":"value of __proto__"}');
  });

  test('lose a value in the SDK as it is: once this fails, lossless-answers.ts can go', async () => {
    const plain = new DynamoDBClient(localClientConfig(engineUrl()));
    const { Item: found = {} } = await plain.send(new GetItemCommand({ TableName, Key }));
    expect(Object.getOwnPropertyDescriptor(found, '__proto__')).toMatchObject({ value: undefined });
  });
});
