import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  ScanCommand,
  TransactGetItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Item } from '../../model/attribute-value.ts';
import type { Page, ScanPosition } from '../old/old-tables.ts';
import { IncompleteBatchError } from './failure-scope.ts';
import { batchesOfKeys, canExist, distinctKeys, keyIdentity } from './possible-keys.ts';
import { outlasting, retryTransient } from './retry.ts';

/** Items a scan page examines unless told. Always sent: DynamoDB Local slows down without a limit. */
const SCAN_LIMIT = 1_000;

/** What a read of part of a table narrows down to. */
export interface ScanFilter {
  readonly FilterExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

/** One page of a segmented scan, strongly consistent unless the position says otherwise. */
export async function scanPage(
  client: DynamoDBClient,
  tableName: string,
  position: ScanPosition,
  filter: ScanFilter = {},
): Promise<Page<Item>> {
  const input = {
    TableName: tableName,
    ConsistentRead: position.isEventual !== true,
    Limit: position.limit ?? SCAN_LIMIT,
    Segment: position.segment,
    TotalSegments: position.totalSegments,
    ExclusiveStartKey: position.cursor,
    ...filter,
  };
  const { Items = [], LastEvaluatedKey } = await outlasting(client, () => client.send(new ScanCommand(input)));
  return { items: Items as Item[], ...(LastEvaluatedKey && { cursor: LastEvaluatedKey as Item }) };
}

/** An item's whole primary key, and the name of its table. */
export interface ItemKey {
  readonly tableName: string;
  readonly key: Item;
}

/** One item, read strongly. */
export async function getItem(
  client: DynamoDBClient,
  { tableName, key }: ItemKey,
  signal?: AbortSignal,
): Promise<Item | undefined> {
  if (!canExist(key)) return undefined;
  const { Item: item } = await outlasting(client, () => {
    const command = new GetItemCommand({ TableName: tableName, Key: key, ConsistentRead: true });
    return client.send(command, { abortSignal: signal });
  });
  return item as Item | undefined;
}

/** Items as of one instant, in the order of the keys; these may come twice, and there may be none for them. */
export async function transactGet(
  client: DynamoDBClient,
  keys: readonly ItemKey[],
): Promise<readonly (Item | undefined)[]> {
  const sent = distinctKeys(keys, ({ tableName }) => tableName);
  if (sent.length === 0) return keys.map(() => undefined);
  const TransactItems = sent.map(({ tableName, key }) => ({ Get: { TableName: tableName, Key: key } }));
  const { Responses = [] } = await retryTransient(() => client.send(new TransactGetItemsCommand({ TransactItems })));
  if (sent.length === keys.length) return Responses.map(({ Item }) => Item as Item | undefined);
  const found = new Map(sent.map(({ tableName, key }, at) => [keyIdentity(tableName, key), Responses[at]?.Item]));
  return keys.map(({ tableName, key }) => found.get(keyIdentity(tableName, key)) as Item | undefined);
}

/** Strong reads by key over several tables, in any number; absent items are left out. */
export async function batchGet(
  client: DynamoDBClient,
  keys: readonly ItemKey[],
): Promise<{ tableName: string; item: Item }[]> {
  const found: { tableName: string; item: Item }[] = [];
  for (const batch of batchesOfKeys(keys, ({ tableName }) => tableName)) {
    let pending = batch;
    await retryTransient(async () => {
      const byTable = Object.groupBy(pending, ({ tableName }) => tableName);
      const { Responses = {}, UnprocessedKeys = {} } = await client.send(
        new BatchGetItemCommand({
          RequestItems: Object.fromEntries(
            Object.entries(byTable).map(([tableName, group = []]) => [
              tableName,
              { Keys: group.map(({ key }) => key), ConsistentRead: true },
            ]),
          ),
        }),
      );
      for (const [tableName, items] of Object.entries(Responses)) {
        for (const item of items) found.push({ tableName, item: item as Item });
      }
      pending = Object.entries(UnprocessedKeys).flatMap(([tableName, { Keys = [] }]) =>
        Keys.map((key) => ({ tableName, key: key as Item })),
      );
      // The answer is also cut at 16 MB; either way the rest is requested again.
      if (pending.length > 0) throw new IncompleteBatchError('Part of a batch of reads was not processed.');
    });
  }
  return found;
}
