import {
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeAll, expect, test } from 'vitest';
import type { TableNames } from '../../functions/migration/tables.ts';
import { TABLES } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { KeySchema } from '../../functions/model/key-schema.ts';
import {
  brokenBy,
  REQUEST_RULES,
  type Request,
  type WriteRequest,
} from '../../functions/tables/dynamo/request-rules.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { REQUESTS } from './request-cases.ts';

let client: DynamoDBClient;
let names: TableNames;

beforeAll(async () => {
  client = engineClient();
  names = await createTestTables();
});

function writeOf(write: WriteRequest) {
  const TableName = names[write.table];
  if (write.kind === 'put') return { Put: { TableName, Item: write.item } };
  if (write.kind === 'delete') return { Delete: { TableName, Key: write.key } };
  return { ConditionCheck: { TableName, Key: write.key, ConditionExpression: 'attribute_not_exists(#none)', ...NONE } };
}
const NONE = { ExpressionAttributeNames: { '#none': 'none' } };

function send(request: Request): Promise<unknown> {
  switch (request.operation) {
    case 'GetItem':
      return client.send(new GetItemCommand({ TableName: names[request.table], Key: request.key }));
    case 'BatchGetItem': {
      const byTable = Map.groupBy(request.keys, ({ table }) => names[table]);
      const asked = [...byTable].map(([table, keys]) => [table, { Keys: keys.map(({ key }) => key) }]);
      return client.send(new BatchGetItemCommand({ RequestItems: Object.fromEntries(asked) }));
    }
    case 'TransactGetItems': {
      const TransactItems = request.keys.map(({ table, key }) => ({ Get: { TableName: names[table], Key: key } }));
      return client.send(new TransactGetItemsCommand({ TransactItems }));
    }
    case 'Query':
      return client.send(new QueryCommand(queryOf(request)));
    case 'Scan': {
      const { table, segment, totalSegments, limit } = request;
      const input = { TableName: names[table], Segment: segment, TotalSegments: totalSegments, Limit: limit };
      return client.send(new ScanCommand(input));
    }
    case 'Write': {
      const { Put, Delete } = writeOf(request.write);
      const condition = request.values && {
        ConditionExpression: 'attribute_not_exists(#none) OR #none <> :value',
        ...NONE,
        ExpressionAttributeValues: request.values,
      };
      if (Put) return client.send(new PutItemCommand({ ...Put, ...condition }));
      return client.send(new DeleteItemCommand({ ...Delete, ...condition } as never));
    }
    case 'BatchWriteItem': {
      const byTable = Map.groupBy(request.writes, ({ table }) => names[table]);
      const asked = [...byTable].map(([table, writes]) => [
        table,
        writes.map((write) =>
          write.kind === 'put' ? { PutRequest: { Item: write.item } } : { DeleteRequest: { Key: write.key } },
        ),
      ]);
      return client.send(new BatchWriteItemCommand({ RequestItems: Object.fromEntries(asked) }));
    }
    case 'TransactWriteItems':
      return client.send(new TransactWriteItemsCommand({ TransactItems: request.writes.map(writeOf) }));
    case 'BatchExecuteStatement': {
      const Statements = request.inserts.map(({ table, item }) => ({
        Statement: `INSERT INTO "${names[table]}" VALUE {${Object.keys(item).map((name) => `'${name}': ?`)}}`,
        Parameters: Object.values(item),
      }));
      return client.send(new BatchExecuteStatementCommand({ Statements }));
    }
    case 'UpdateItem':
      return client.send(new UpdateItemCommand(updateOf(request)));
  }
}

function queryOf({ table, index, partition, from, to, limit }: Extract<Request, { operation: 'Query' }>) {
  const { key, indexes } = TABLES[table];
  const known: Readonly<Record<string, KeySchema>> = indexes;
  const [partitionName, sortName = 'none'] = index === undefined ? key : (known[index] ?? ['none']);
  const conditions = ['#partition = :partition'];
  if (from && to) conditions.push('#sort BETWEEN :from AND :to');
  else if (from) conditions.push('#sort >= :from');
  else if (to) conditions.push('#sort <= :to');
  return {
    TableName: names[table],
    IndexName: index,
    KeyConditionExpression: conditions.join(' AND '),
    ExpressionAttributeNames: { '#partition': partitionName, ...((from ?? to) && { '#sort': sortName }) },
    ExpressionAttributeValues: { ':partition': partition, ...(from && { ':from': from }), ...(to && { ':to': to }) },
    Limit: limit,
  };
}

function updateOf({ table, key, set, remove }: Extract<Request, { operation: 'UpdateItem' }>) {
  const [setNames, removed] = [Object.keys(set ?? {}), remove ?? []];
  const placeholders = new Map([...setNames, ...removed].map((name, at) => [name, `#n${at}`]));
  const parts = [
    ...(setNames.length > 0 ? [`SET ${setNames.map((name, at) => `${placeholders.get(name)} = :v${at}`)}`] : []),
    ...(removed.length > 0 ? [`REMOVE ${removed.map((name) => placeholders.get(name))}`] : []),
  ];
  return {
    TableName: names[table],
    Key: key,
    UpdateExpression: parts.join(' ') || 'REMOVE nothing_of_that_name',
    ...(placeholders.size > 0 && {
      ExpressionAttributeNames: Object.fromEntries([...placeholders].map(([name, placeholder]) => [placeholder, name])),
    }),
    ...(set && {
      ExpressionAttributeValues: Object.fromEntries(setNames.map((name, at) => [`:v${at}`, set[name]])) as Item,
    }),
  };
}

/** Whether the engine refuses a request for what it says. */
async function isRefused(request: Request): Promise<boolean> {
  try {
    await send(request);
    return false;
  } catch (error) {
    const { name } = error as Error;
    if (name !== 'ValidationException' && name !== 'InternalFailure') throw error;
    return true;
  }
}

test.each(REQUESTS.map(([name, ...rest]) => [name, rest] as const))('%s', async (_, [request, rule, local]) => {
  expect(brokenBy(request)).toBe(rule);
  expect(await isRefused(request)).toBe(local === undefined ? rule !== undefined : local.refuses);
});

test('every rule has a request that breaks it, and one at its limit that does not', () => {
  const broken = new Set(REQUESTS.map(([, , rule]) => rule));
  // Only an answer breaks that one; its test is with the transactions.
  expect(Object.keys(REQUEST_RULES).filter((rule) => !broken.has(rule as never))).toEqual(['answer-too-large']);
  expect(REQUESTS.filter(([, , rule]) => rule === undefined).length).toBeGreaterThan(40);
});
