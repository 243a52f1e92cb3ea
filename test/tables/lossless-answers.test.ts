import {
  BatchGetItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { link, TENANT } from '../sync/fixtures.ts';

const client = engineClient();
let names: TableNames;
beforeAll(async () => {
  names = await createTestTables();
});

/** The item with one attribute more; a literal would take `__proto__` for the prototype. */
function withProto(item: Item, value: Item[string]): Item {
  return Object.fromEntries([...Object.entries(item), ['__proto__', value]]);
}

describe('an attribute named __proto__', () => {
  const nested = { M: withProto({ a: { B: new Uint8Array([1, 2]) } }, { L: [{ N: '1' }] }) };
  test.each<[string, Item[string]]>([
    ['text', { S: 'own' }],
    ['bytes', { B: new Uint8Array([0, 255]) }],
    ['a map with such an attribute', nested],
  ])('comes back whatever it holds and however it is read: %s', async (what, value) => {
    const item = withProto(link(what, 'k1'), value);
    const TableName = names.goalKpiLinks;
    await client.send(new PutItemCommand({ TableName, Item: item }));
    const key = { id: { S: what } };
    const { Item: got } = await client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
    const { Responses } = await client.send(
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key] } } }),
    );
    const { Items: queried = [] } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'tenant-index',
        KeyConditionExpression: 'tenant_id = :tenant',
        ExpressionAttributeValues: { ':tenant': { S: TENANT } },
      }),
    );
    const { Items: scanned = [] } = await client.send(new ScanCommand({ TableName, Limit: 1_000 }));
    const isMeant = (each: Item): boolean => (each.id as { S: string }).S === what;
    for (const answer of [
      got,
      Responses?.[TableName]?.[0],
      queried.find(isMeant as never),
      scanned.find(isMeant as never),
    ]) {
      expect(entriesOf(answer as Item)).toEqual(entriesOf(item));
    }
  });

  test('changes nothing about answers without it', async () => {
    const item = { ...link('plain', 'k1'), constructor: { S: 'c' }, toString: { N: '1' } };
    await client.send(new PutItemCommand({ TableName: names.goalKpiLinks, Item: item }));
    const { Item: got } = await client.send(
      new GetItemCommand({ TableName: names.goalKpiLinks, Key: { id: { S: 'plain' } } }),
    );
    expect(entriesOf(got as Item)).toEqual(entriesOf(item));
  });
});

/** Own attributes by name: `toEqual` does not look at a property named `__proto__`. */
function entriesOf(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(entriesOf);
  const entries = Object.entries(value).map(([name, part]) => [name, entriesOf(part)] as const);
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}
