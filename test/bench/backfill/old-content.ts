import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { loadExport, openExport } from '../../../backfill/local/export/load-export.ts';
import type { OldContent } from '../../../functions/migration/expected.ts';
import { SOURCES } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { inChunks } from '../../../functions/model/chunks.ts';
import { scanPage } from '../../../functions/tables/dynamo/dynamo-reads.ts';
import { eachItem } from '../../../functions/tables/pages.ts';
import { generatedContent } from '../generated-content.ts';
import { meterUnits } from './unit-meter.ts';

/** As many records as a KPI of the export has, about. */
const RECORDS_OF_KPI = 90;
/** Links a KPI has on average: generated-content.ts. */
const LINKS_OF_KPI = 1.6;
/** KPIs that are generated at a time, so that large tables need no large memory. */
const KPIS_AT_ONCE = 50;
const BATCH_ITEMS = 25;
const BATCHES_AT_ONCE = 8;

/**
 * Fills the old and look-up tables, which are there and empty.
 *
 * @returns the items of the four old tables, and the read units of one strong scan of each of them.
 */
export async function fillOldTables(
  client: DynamoDBClient,
  names: TableNames,
  { items, exportDirectory }: { readonly items: number; readonly exportDirectory?: string },
): Promise<{ items: number; scanUnits: number }> {
  if (exportDirectory === undefined) await generate(client, names, items);
  else await loadExport(client, await openExport(exportDirectory, names));
  const meter = meterUnits(client);
  let found = 0;
  for (const source of SOURCES) {
    const position = { segment: 0, totalSegments: 1 };
    const tableName = names[OLD_TABLE_OF[source]];
    const all = eachItem((cursor) => scanPage(client, tableName, { ...position, ...(cursor && { cursor }) }));
    for await (const _ of all) found += 1;
  }
  client.middlewareStack.remove('meterUnits');
  return { items: found, scanUnits: meter.readUnits };
}

async function generate(client: DynamoDBClient, names: TableNames, items: number): Promise<void> {
  const kpis = Math.max(1, Math.round(items / (RECORDS_OF_KPI + LINKS_OF_KPI)));
  for (let from = 0; from < kpis; from += KPIS_AT_ONCE) {
    await putOldItems(client, names, generatedContent(from, Math.min(from + KPIS_AT_ONCE, kpis), RECORDS_OF_KPI));
  }
}

/** Puts items of the service into its tables. */
export async function putOldItems(client: DynamoDBClient, names: TableNames, content: OldContent): Promise<void> {
  const tables: [string, readonly Item[]][] = [
    ...SOURCES.map((source): [string, readonly Item[]] => [names[OLD_TABLE_OF[source]], content[source]]),
    [names.kpis, content.kpis],
    [names.people, content.people],
  ];
  const batches = tables.flatMap(([tableName, all]) =>
    inChunks(all, BATCH_ITEMS).map((batch) => ({ [tableName]: batch.map((Item) => ({ PutRequest: { Item } })) })),
  );
  await pMap(batches, (RequestItems) => client.send(new BatchWriteItemCommand({ RequestItems })), {
    concurrency: BATCHES_AT_ONCE,
  });
}
