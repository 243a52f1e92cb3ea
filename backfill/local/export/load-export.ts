import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import type { TableNames } from '../../../functions/migration/tables.ts';
import { SERVICE_TABLES } from '../../../functions/migration/tables.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { openTableExport, type TableExport } from './export-reader.ts';

/** Items that BatchWriteItem takes at once. */
const BATCH_ITEMS = 25;
const CONCURRENCY = 8;

/** The exports of all old and look-up tables, found whole, by table name. */
export type OpenExport = ReadonlyMap<string, TableExport>;

/**
 * Opens the exports of all old and look-up tables before anything is written.
 *
 * @throws MigrationError EXPORT_UNREADABLE
 */
export async function openExport(directory: string, names: TableNames): Promise<OpenExport> {
  const entries = SERVICE_TABLES.map(
    async (role) => [names[role], await openTableExport(directory, names[role])] as const,
  );
  return new Map(await Promise.all(entries));
}

/** Puts all items of an export into their tables. Doing so again changes nothing. */
export async function loadExport(client: DynamoDBClient, opened: OpenExport): Promise<void> {
  for (const [tableName, { items }] of opened) {
    await pMap(batches(items()), (batch) => writeBatch(client, tableName, batch), { concurrency: CONCURRENCY });
  }
}

async function* batches(items: AsyncIterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length === BATCH_ITEMS) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function writeBatch(client: DynamoDBClient, tableName: string, batch: readonly Item[]): Promise<void> {
  let requests: WriteRequest[] = batch.map((item) => ({ PutRequest: { Item: item } }));
  while (requests.length > 0) {
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }),
    );
    requests = UnprocessedItems?.[tableName] ?? [];
  }
}
