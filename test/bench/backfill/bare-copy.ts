import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { expectedRows, type OldContent } from '../../../functions/migration/expected.ts';
import { RECORD_SOURCES, SOURCES } from '../../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS, OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, idOf } from '../../../functions/model/attribute-value.ts';
import { scanPage } from '../../../functions/tables/dynamo/dynamo-reads.ts';
import { IncompleteBatchError } from '../../../functions/tables/dynamo/failure-scope.ts';
import { retryTransient } from '../../../functions/tables/dynamo/retry.ts';
import { eachItem } from '../../../functions/tables/pages.ts';
import type { Figures } from './figures.ts';

const SEGMENTS = 4;
const BATCH_ITEMS = 25;
const BATCHES_AT_ONCE = 8;

/**
 * The least that any copy does: a parallel scan of the old tables, and the same rows by BatchWriteItem, eight batches at a time. No mapping, no
 * checkpoint, no protection against anything but throttling. The rows are made before the clock starts.
 */
export async function bareCopy(
  client: DynamoDBClient,
  names: TableNames,
): Promise<() => Promise<Pick<Figures, 'rows' | 'passes'>>> {
  const rowsOf = await rowsByItem(client, names);
  return async () => {
    let rows = 0;
    for (const source of SOURCES) {
      const tableName = names[source === 'links' ? NEW_LINKS : NEW_DATA];
      const write = async (batch: readonly Item[]): Promise<void> => {
        rows += batch.length;
        let pending: WriteRequest[] = batch.map((row) => ({ PutRequest: { Item: row } }));
        await retryTransient(async () => {
          const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: pending } });
          const { UnprocessedItems } = await client.send(command);
          pending = UnprocessedItems?.[tableName] ?? [];
          if (pending.length > 0) throw new IncompleteBatchError('Part of a batch of puts was not processed.');
        });
      };
      const segments = Array.from({ length: SEGMENTS }, (_, segment) => segment);
      await Promise.all(
        segments.map((segment) => {
          const items = scanSegment(client, names[OLD_TABLE_OF[source]], segment);
          const batches = inBatches(items, (item) => rowsOf.get(`${source} ${idOf(item)}`) ?? []);
          return pMap(batches, write, { concurrency: BATCHES_AT_ONCE / SEGMENTS });
        }),
      );
    }
    return { rows, passes: {} };
  };
}

function scanSegment(client: DynamoDBClient, tableName: string, segment: number): AsyncGenerator<Item> {
  const position = { segment, totalSegments: SEGMENTS };
  return eachItem((cursor) => scanPage(client, tableName, { ...position, ...(cursor && { cursor }) }));
}

async function* inBatches(
  items: AsyncIterable<Item>,
  rowsOf: (item: Item) => readonly Item[],
): AsyncGenerator<readonly Item[]> {
  let waiting: Item[] = [];
  for await (const item of items) {
    waiting.push(...rowsOf(item));
    for (; waiting.length >= BATCH_ITEMS; waiting = waiting.slice(BATCH_ITEMS)) yield waiting.slice(0, BATCH_ITEMS);
  }
  if (waiting.length > 0) yield waiting;
}

/** The rows of each item of the old tables, by source and id. */
async function rowsByItem(client: DynamoDBClient, names: TableNames): Promise<Map<string, readonly Item[]>> {
  const all = async (tableName: string): Promise<Item[]> => {
    const position = { segment: 0, totalSegments: 1 };
    const pages = eachItem((cursor) => scanPage(client, tableName, { ...position, ...(cursor && { cursor }) }));
    return Array.fromAsync(pages);
  };
  const [links, milestones, actuals, readings] = await Promise.all(
    SOURCES.map((source) => all(names[OLD_TABLE_OF[source]])),
  );
  const content = {
    links,
    milestones,
    actuals,
    readings,
    kpis: await all(names.kpis),
    people: await all(names.people),
  };
  const { kpiLinks, kpiData } = expectedRows(content as OldContent, 'hold');
  const rows = new Map<string, Item[]>();
  for (const [id, row] of kpiLinks) rows.set(`links ${id}`, [row]);
  // Which rows go with which record does not matter to the speed: a record's own row goes with it, the others in turn.
  const records = RECORD_SOURCES.flatMap((source) => content[source]?.map((item) => `${source} ${idOf(item)}`) ?? []);
  const owners = new Set(records);
  let turn = 0;
  for (const [id, row] of kpiData) {
    const own = RECORD_SOURCES.map((source) => `${source} ${id}`).find((name) => owners.has(name));
    const name = own ?? (records[turn++ % records.length] as string);
    rows.set(name, [...(rows.get(name) ?? []), row]);
  }
  return rows;
}
