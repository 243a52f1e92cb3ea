import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TableNames } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';
import { createTestTables, engineClient } from '../engine-client.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeAll(async () => {
  client = engineClient();
  names = await createTestTables();
});

function put(table: 'kpiLinks' | 'kpiData', item: Item): Promise<unknown> {
  return client.send(new PutItemCommand({ TableName: names[table], Item: { id: { S: 'row' }, ...item } }));
}

describe('what the model quarantines because no table can hold it, the engine refuses', () => {
  test.each<[string, 'kpiLinks' | 'kpiData', Item]>([
    ['an empty date', 'kpiData', { kpi_link_id: { S: 'link' }, post_date: { S: '' } }],
    ['a date of 1,025 bytes', 'kpiData', { kpi_link_id: { S: 'link' }, post_date: { S: 'x'.repeat(1_025) } }],
    ['an empty person', 'kpiLinks', { person_id: { S: '' } }],
    ['an empty tenant', 'kpiLinks', { tenant_id: { S: '' } }],
    ['a row of more than 400 KB', 'kpiData', padded({}, ITEM_BYTES_MAX + 1)],
  ])('%s', async (_, table, item) => {
    await expect(put(table, item)).rejects.toThrow(expect.objectContaining({ name: 'ValidationException' }));
  });
});

describe('what the model lets pass, the engine takes', () => {
  const numbers = Object.fromEntries(
    [
      '1',
      '-1',
      '12.3',
      '-0.1',
      '1E-130',
      '-9.9999999999999999999999999999999999999E+125',
      '99999999999999999999999999999999999999',
      '100',
      '0',
    ].flatMap((digits, at) => Array.from({ length: 20 }, (_, more) => [`n${at}_${more}`, { N: digits }])),
  );

  test.each<[string, 'kpiLinks' | 'kpiData', Item]>([
    ['a date of 1,024 bytes', 'kpiData', { kpi_link_id: { S: 'link' }, post_date: { S: 'x'.repeat(1_024) } }],
    [
      'keys made of the longest ids',
      'kpiLinks',
      {
        person_id: { S: 'x'.repeat(1_024) },
        uniqueness_key: { S: `${'k'.repeat(512)}#PERSON#${'x'.repeat(1_024)}#${'0'.repeat(36)}` },
      },
    ],
    ['a row of 400 KB of text', 'kpiData', padded({}, ITEM_BYTES_MAX)],
    ['a row of 400 KB with many numbers', 'kpiData', padded(numbers, ITEM_BYTES_MAX)],
  ])('%s', async (_, table, item) => {
    await expect(put(table, item)).resolves.toBeDefined();
  });
});

/** The item with a text that makes it as large as wanted, by the model's count, the id of `put` included. */
function padded(item: Item, bytes: number): Item {
  const withoutText = itemBytes({ ...item, id: { S: 'row' }, rationale: { S: '' } });
  return { ...item, rationale: { S: 'x'.repeat(bytes - withoutText) } };
}
