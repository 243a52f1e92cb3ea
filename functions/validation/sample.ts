import { linkIn, recordIn } from '../migration/demand.ts';
import { ownerOf } from '../migration/link-mapping.ts';
import { RECORD_SOURCES, type RecordSource } from '../migration/sources.ts';
import { OLD_TABLE_OF } from '../migration/tables.ts';
import { type Item, textOf } from '../model/attribute-value.ts';
import type { HeldRecords, KpiKey } from '../model/kpi.ts';
import { attempt, attemptLater, valuesOf } from '../tables/dynamo/attempt.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { readApart } from './examine-links.ts';
import type { Content } from './memory-reads.ts';
import { migratedContent } from './self-proof.ts';

/** Records of each table that are taken of a KPI. */
const RECORDS_MAX = 5;

/** An item that is named elsewhere as one that could not be examined is none to prove anything on. */
const canBeRead =
  (parse: (item: Item) => unknown) =>
  (item: Item): boolean =>
    !('error' in attempt(() => parse(item)));

/** Copies a few KPIs with some of their records, and the rows that these have, as both sides are now. */
export async function readSample(
  reads: ValidationReads,
  kpis: readonly { readonly kpi: KpiKey; readonly linkIds: readonly string[] }[],
  heldRecords: HeldRecords,
): Promise<Content> {
  const linkIds = kpis.flatMap((each) => each.linkIds);
  const read = async (table: ReadTable, ids: readonly string[]) => (await readApart(reads, table, ids, [])).items;
  const links = [...(await read('goalKpiLinks', linkIds)).values()].filter(canBeRead(linkIn));
  const kpiItems = await read(
    'kpis',
    kpis.map(({ kpi }) => kpi.kpiId),
  );
  const users = new Set<string>();
  for (const { kpi } of kpis) users.add(ownerOf(kpi, kpiItems.get(kpi.kpiId)) ?? '');
  for (const link of links) users.add(textOf(link, 'created_by') ?? '');
  users.delete('');
  const people: Item[] = [];
  for (const user of users) people.push(...valuesOf([await attemptLater(() => reads.listPeople(user))]).flat());

  const records: Record<RecordSource, Item[]> = { milestones: [], actuals: [], readings: [] };
  const ids: string[] = [];
  for (const { kpi } of kpis) {
    for (const source of RECORD_SOURCES) {
      const page = await attemptLater(() => reads.listIds(OLD_TABLE_OF[source], 'kpi', kpi.kpiId));
      ids.push(...valuesOf([page]).flatMap(({ items }) => items.slice(0, RECORDS_MAX)));
    }
  }
  for (const source of RECORD_SOURCES) {
    const items = [...(await read(OLD_TABLE_OF[source], ids)).values()];
    records[source].push(...items.filter(canBeRead((item) => recordIn({ [source]: item }))));
  }
  const demanded = migratedContent({ ...records, links, people, kpis: [...kpiItems.values()] }, heldRecords);
  return {
    ...demanded,
    tables: {
      ...demanded.tables,
      kpiLinks: await read('kpiLinks', [...demanded.tables.kpiLinks.keys()]),
      kpiData: await read('kpiData', [...demanded.tables.kpiData.keys()]),
    },
  };
}
