import { BatchWriteItemCommand, type DynamoDBClient, type WriteRequest } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { demandOfLink, demandOfRecord, type ValidLink } from '../../../functions/migration/demand.ts';
import { answer, LookUpsInMemory } from '../../../functions/migration/look-ups.ts';
import { bySource, RECORD_SOURCES, SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS, OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, idOf } from '../../../functions/model/attribute-value.ts';
import { kpiIdentity } from '../../../functions/model/kpi.ts';
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
 * checkpoint, no protection against anything but throttling. The rows are made before the clock starts, and only parsed then.
 */
export async function bareCopy(
  client: DynamoDBClient,
  names: TableNames,
): Promise<() => Promise<Pick<Figures, 'rows' | 'passes'>>> {
  const rowsOf = await makeRows(client, names);
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
          const batches = inBatches(items, (item) => rowsOf(source, item));
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

type RowsOf = (source: Source, item: Item) => readonly Item[];

/**
 * Makes the rows of each item of the old tables. They are kept as JSON: as objects, those of a million items would not fit into Node's heap.
 */
async function makeRows(client: DynamoDBClient, names: TableNames): Promise<RowsOf> {
  const all = (tableName: string): AsyncGenerator<Item> => {
    const position = { segment: 0, totalSegments: 1 };
    return eachItem((cursor) => scanPage(client, tableName, { ...position, ...(cursor && { cursor }) }));
  };
  const lookUps = new LookUpsInMemory();
  for await (const kpi of all(names.kpis)) lookUps.addKpis([kpi]);
  for await (const person of all(names.people)) lookUps.addPeople([person]);
  const rows = bySource(() => new Map<string, string>());
  const linksOfKpi = new Map<string, ValidLink[]>();
  for await (const item of all(names[OLD_TABLE_OF.links])) {
    const demand = answer(demandOfLink(item), lookUps);
    if (demand.kind !== 'valid') continue;
    rows.links.set(idOf(item), JSON.stringify([demand.row]));
    const kpi = kpiIdentity(demand.kpi);
    linksOfKpi.set(kpi, [...(linksOfKpi.get(kpi) ?? []), demand]);
  }
  for (const [at, source] of RECORD_SOURCES.entries()) {
    const before = RECORD_SOURCES.slice(0, at);
    for await (const item of all(names[OLD_TABLE_OF[source]])) {
      const demand = demandOfRecord(source, { [source]: item }, ({ kpi }) => linksOfKpi.get(kpiIdentity(kpi)) ?? []);
      // An id that an earlier table has is that table's (tables.md, "Ids").
      const isMapped = demand.kind === 'mapped' && before.every((earlier) => !rows[earlier].has(idOf(item)));
      rows[source].set(idOf(item), isMapped ? JSON.stringify(demand.rows) : '[]');
    }
  }
  return (source, item) => JSON.parse(rows[source].get(idOf(item)) ?? '[]');
}
