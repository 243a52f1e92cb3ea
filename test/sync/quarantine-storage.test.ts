import { randomBytes } from 'node:crypto';
import { DeleteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Source } from '../../functions/migration/sources.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { itemDigest } from '../../functions/model/digest.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { fromJson, toJson } from '../../functions/tables/control/packed-image.ts';
import {
  acceptQuarantined,
  listQuarantine,
  readQuarantined,
} from '../../functions/tables/control/quarantine-entries.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, eventOf, link, putOld, replicationOver, TENANT } from './fixtures.ts';

const client = engineClient();
let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

const OLD_TABLE = { links: 'goalKpiLinks', readings: 'kpiReadings', actuals: 'kpiActuals' } as const;

/** A reading without its value. */
function reading(changes: Item = {}): Item {
  return {
    id: { S: 'r1' },
    tenant_id: { S: TENANT },
    kpi_id: { S: 'k1' },
    reading_date: { S: '2024-02-01' },
    recorded_by: { S: 'user-1' },
    recorded_at: { S: '2024-02-01T00:00:00Z' },
    ...changes,
  };
}

/** Puts the item as it is and replicates its event; the answer is the item as DynamoDB gives it back. */
async function quarantine(source: keyof typeof OLD_TABLE, item: Item): Promise<Item> {
  await putOld(client, names, source, item);
  await replicate(source, item);
  const { Item: stored } = await client.send(
    new GetItemCommand({ TableName: names[OLD_TABLE[source]], Key: { id: item.id as { S: string } } }),
  );
  return stored as Item;
}

async function replicate(source: Source, newImage: Item): Promise<void> {
  const result = await replicateStreamBatch(replicationOver(client, names), source, [eventOf('1', { newImage })]);
  expect(result.errors).toEqual([]);
}

const kept = (source: Source | 'events', id: string) =>
  readQuarantined(replicationOver(client, names).transactions, source, id);

/** Sort keys of all rows that hold images. */
async function imageRows(): Promise<string[]> {
  const { Items = [] } = await client.send(
    new ScanCommand({
      TableName: names.control,
      FilterExpression: 'begins_with(pk, :prefix)',
      ExpressionAttributeValues: { ':prefix': { S: 'quarantine-image#' } },
      Limit: 1_000,
    }),
  );
  return Items.map(({ sk }) => (sk as { S: string }).S).sort();
}

function nested(depth: number, wrap: (value: AttributeValue) => AttributeValue): AttributeValue {
  let value: AttributeValue = { S: 'x' };
  for (let at = 0; at < depth; at += 1) value = wrap(value);
  return value;
}

function withProto(item: Item, value: AttributeValue): Item {
  return Object.fromEntries([...Object.entries(item), ['__proto__', value]]);
}

/** Random bytes that fill the item up to the last that DynamoDB takes. */
function filled(item: Item): Item {
  const spare = ITEM_BYTES_MAX - itemBytes({ ...item, odd: { B: new Uint8Array() } });
  return { ...item, odd: { B: new Uint8Array(randomBytes(spare)) } };
}

const ODD = {
  set_of_bytes: { BS: [new Uint8Array([0]), new Uint8Array(), new Uint8Array([255, 254])] },
  set_of_texts: { SS: ['', 'b', 'a'] },
  set_of_numbers: { NS: ['1E-130', '9.9999999999999999999999999999999999999E+125', '-0.10'] },
  digits: { L: [{ N: '1.10' }, { N: '-0' }, { N: '1E5' }] },
  empty: { M: { text: { S: '' }, bytes: { B: new Uint8Array() }, list: { L: [] }, map: { M: {} } } },
  names: { M: { B: { M: { base64: { S: 'no' } } }, S: { S: '' }, constructor: { S: '' }, toString: { NULL: true } } },
  texts: { L: [{ S: 'lone \ud800 and \udfff' }, { S: 'a\u0000b\u2028\u2029' }, { S: 'e\u0301 \u202e \ufeff' }] },
} as const satisfies Item;

describe('every item that DynamoDB can hold goes into quarantine and comes out the same', () => {
  test.each<[string, () => Item]>([
    ['31 maps deep', () => reading({ odd: nested(31, (value) => ({ M: { a: value } })) })],
    ['31 lists deep', () => reading({ odd: nested(31, (value) => ({ L: [value] })) })],
    ['409,300 random bytes', () => reading({ odd: { B: new Uint8Array(randomBytes(409_300)) } })],
    ['400 KB to the last byte', () => filled(reading())],
    ['395,000 characters', () => reading({ odd: { S: 'x'.repeat(395_000) } })],
    ['a text of characters that no UTF-8 has', () => reading({ odd: { S: '\ud800\udbff'.repeat(60_000) } })],
    ['every type, empty and odd', () => reading(ODD)],
    ['an attribute named __proto__', () => withProto(reading(), { M: withProto({ a: { N: '1' } }, { S: 'b' }) })],
  ])('%s', async (_, item) => {
    const stored = await quarantine('readings', item());

    const found = await kept('readings', 'r1');
    expect(found?.entry.reason).toMatchObject({ code: 'missing-attribute', attribute: 'value' });
    expect(JSON.stringify(toJson(found?.image as Item))).toBe(JSON.stringify(toJson(stored)));
    expect(found?.entry.image?.digest).toBe(itemDigest(stored));
  });

  test('a link of 400 KB that lacks an attribute', async () => {
    const { goal_id: _, ...malformed } = link('l1', 'k1');
    const stored = await quarantine('links', filled(malformed));
    expect((await kept('links', 'l1'))?.image).toEqual(stored);
  });

  test('two images of one id, which two tables have', async () => {
    const large = filled(reading({ kpi_id: { S: 'k2' } }));
    await putOld(client, names, 'readings', large);
    const malformed = filled(actual('r1', 'k1', '1', { actual_value: { S: 'many' } }));
    await quarantine('actuals', malformed);
    await replicate('readings', large);
    expect((await kept('actuals', 'r1'))?.image).toEqual(malformed);
    expect((await kept('readings', 'r1'))?.entry.reason.code).toBe('id-collision');
    expect((await kept('readings', 'r1'))?.image).toEqual(large);
  });

  test('an event with two images of 400 KB', async () => {
    const image = { odd: { B: randomBytes(400_000).toString('base64') } };
    const whole = { event: { S: JSON.stringify({ dynamodb: { OldImage: image, NewImage: image, Other: ODD } }) } };
    const event = { eventId: 'e1', sequenceNumber: '1', keys: {}, whole };
    const result = await replicateStreamBatch(replicationOver(client, names), 'actuals', [event]);
    expect(result).toMatchObject({ errors: [], failedSequenceNumbers: [], outcomes: { unreadable: 1 } });
    expect((await kept('events', 'e1'))?.image).toEqual(whole);
  });
});

describe('the rows of an image', () => {
  test('are those of the entry and no others, whatever the entry was before', async () => {
    await quarantine('readings', filled(reading()));
    const first = await imageRows();
    expect(first).toHaveLength(2);
    await quarantine('readings', filled(reading()));
    const second = await imageRows();
    expect(second).toHaveLength(2);
    expect(second).not.toEqual(first);
    await quarantine('readings', reading());
    expect(await imageRows()).toHaveLength(1);
    await quarantine('readings', reading({ value: { N: '1' } }));
    expect(await imageRows()).toEqual([]);
    expect(await kept('readings', 'r1')).toBeUndefined();
  });

  test('stay where the same image gets another reason', async () => {
    const item = filled(reading());
    await quarantine('readings', item);
    const rows = await imageRows();
    await putOld(client, names, 'actuals', actual('r1', 'k1', '1'));
    await replicate('readings', item);
    expect((await kept('readings', 'r1'))?.entry.reason.code).toBe('id-collision');
    expect(await imageRows()).toEqual(rows);
    expect((await kept('readings', 'r1'))?.image).toEqual(item);
  });

  test('are not read by a list', async () => {
    await quarantine('readings', filled(reading()));
    const counted = engineClient();
    const consumed: number[] = [];
    counted.middlewareStack.add(
      (next) => async (args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } as never });
        consumed.push(
          (result.output as { ConsumedCapacity?: { CapacityUnits?: number } }).ConsumedCapacity?.CapacityUnits ?? 0,
        );
        return result;
      },
      { step: 'initialize' },
    );
    const entries = await Array.fromAsync(listQuarantine(counted, names, ['readings']));
    expect(entries).toMatchObject([{ id: 'r1', image: { parts: 2 } }]);
    expect(consumed).toEqual([1]);
  });

  test('that were lost are told, not made up for', async () => {
    await quarantine('readings', filled(reading()));
    const [sort] = await imageRows();
    const key = { pk: { S: 'quarantine-image#readings#r1' }, sk: { S: sort as string } };
    await client.send(new DeleteItemCommand({ TableName: names.control, Key: key }));
    await expect(kept('readings', 'r1')).rejects.toMatchObject({ code: 'QUARANTINE_DAMAGED' });
  });

  test('that hold another image are told', async () => {
    await quarantine('readings', reading());
    const [sort] = await imageRows();
    const key = { pk: { S: 'quarantine-image#readings#r1' }, sk: { S: sort as string } };
    const { Item: row } = await client.send(new GetItemCommand({ TableName: names.control, Key: key }));
    await quarantine('readings', reading({ note: { S: 'other' } }));
    const [other] = await imageRows();
    const Item = { ...row, sk: { S: other as string } };
    await client.send(new PutItemCommand({ TableName: names.control, Item }));
    await expect(kept('readings', 'r1')).rejects.toMatchObject({ code: 'QUARANTINE_DAMAGED' });
  });
});

test('the entry of an event stays accepted when the event is delivered again', async () => {
  const event = { eventId: 'e1', sequenceNumber: '1', keys: {}, whole: { event: { S: '{}' } } };
  await replicateStreamBatch(replicationOver(client, names), 'actuals', [event]);
  const accepted = { by: 'Ada', at: '2026-01-01T00:00:00.000Z' };
  const found = await kept('events', 'e1');
  if (found) await acceptQuarantined(client, names, found.entry, accepted);
  await replicateStreamBatch(replicationOver(client, names), 'actuals', [event]);
  expect((await kept('events', 'e1'))?.entry.accepted).toEqual(accepted);
});

test('ids of 2,048 bytes and of any character have entries of their own', async () => {
  const ids = ['#/%'.repeat(682), '\u20ac'.repeat(682), 'r\ud800', 'r\ud801', 'r\ufffd', '__proto__'];
  for (const id of ids) await quarantine('readings', reading({ id: { S: id } }));
  const entries = await Array.fromAsync(listQuarantine(client, names, ['readings']));
  expect(entries.map(({ id }) => id).sort()).toEqual([...ids].sort());
  for (const id of ids) expect((await kept('readings', id))?.image?.id).toEqual({ S: id });
});

test("DynamoDB's JSON is read back as the item it was made of", () => {
  const item = withProto(reading(ODD), { BS: [new Uint8Array([1])] });
  const text = JSON.stringify(toJson(item));
  expect(text).toContain('"__proto__":{"BS":["AQ=="]}');
  expect(JSON.stringify(toJson(fromJson(JSON.parse(text))))).toBe(text);
  expect(itemDigest(fromJson(JSON.parse(text)))).toBe(itemDigest(item));
});
