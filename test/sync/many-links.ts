import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pMap from 'p-map';
import { expectedRows } from '../../functions/migration/expected.ts';
import type { TableNames, TableRole } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { encodeKpiRow, encodeSpilledLink, encodeSpilledTombstone } from '../../functions/tables/control/kpi-rows.ts';
import { link, TENANT } from './fixtures.ts';

export const KPI = { tenantId: TENANT, kpiId: 'k1' };

/** Items that BatchWriteItem takes at once. */
const BATCH_ITEMS = 25;
const CONCURRENCY = 8;

/** The id of one of very many links, as long as a GUID. */
export function linkId(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** Links of one KPI. The later the number, the later its link was made. */
export function manyLinks(count: number): Item[] {
  return Array.from({ length: count }, (_, at) =>
    link(linkId(at), KPI.kpiId, {
      linked_at: { S: new Date(Date.UTC(2024, 0, 1) + at * 60_000).toISOString().replace('.000Z', '.1234567Z') },
    }),
  );
}

/**
 * Fills the tables as if the KPI's links, and so many more that went, had been replicated: old links, their rows, K, and an item for every link and
 * tombstone.
 */
export async function primeLinks(
  client: DynamoDBClient,
  names: TableNames,
  links: readonly Item[],
  goneIds: readonly string[],
): Promise<void> {
  const nothing = { milestones: [], actuals: [], readings: [], kpis: [], people: [] };
  const rows = expectedRows({ ...nothing, links }, 'hold').kpiLinks;
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const head = {
    kpi: KPI,
    token: 'primed',
    linksToken: 'primed',
    inlineLinks: new Map(),
    inlineTombstones: new Map(),
    spilled: { present: links.length, unsettled: [] },
  };
  await putAll(client, names, 'goalKpiLinks', links);
  await putAll(client, names, 'kpiLinks', [...rows.values()]);
  await putAll(client, names, 'control', [
    encodeKpiRow(head),
    ...links.map(({ id, linked_at }) => encodeSpilledLink(KPI, textIn(id), textIn(linked_at))),
    ...goneIds.map((id) => encodeSpilledTombstone(KPI, id, nowSeconds, nowSeconds + 86_400)),
  ]);
}

function textIn(value: Item[string] | undefined): string {
  return value !== undefined && 'S' in value ? value.S : '';
}

export async function putAll(
  client: DynamoDBClient,
  names: TableNames,
  table: TableRole,
  items: readonly Item[],
): Promise<void> {
  await inBatches(client, names, table, items, (item) => ({ PutRequest: { Item: item } }));
}

export async function deleteAll(
  client: DynamoDBClient,
  names: TableNames,
  table: TableRole,
  ids: readonly string[],
): Promise<void> {
  await inBatches(client, names, table, ids, (id) => ({ DeleteRequest: { Key: { id: { S: id } } } }));
}

async function inBatches<T>(
  client: DynamoDBClient,
  names: TableNames,
  table: TableRole,
  all: readonly T[],
  requestOf: (each: T) => object,
): Promise<void> {
  const starts = Array.from({ length: Math.ceil(all.length / BATCH_ITEMS) }, (_, at) => at * BATCH_ITEMS);
  await pMap(
    starts,
    (start) => {
      const requests = all.slice(start, start + BATCH_ITEMS).map(requestOf);
      return client.send(new BatchWriteItemCommand({ RequestItems: { [names[table]]: requests } }));
    },
    { concurrency: CONCURRENCY },
  );
}
