import { type Item, textOf } from '../model/attribute-value.ts';
import { ownerOf } from '../model/link-mapping.ts';
import { type HeldRecords, type KpiKey, RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
import { OLD_TABLE_OF } from '../tables/table-names.ts';
import type { ValidationReads } from '../tables/validation-reads.ts';
import type { Content } from './memory-reads.ts';
import { migratedContent } from './self-proof.ts';

/** Records of each table that are taken of a KPI. */
const RECORDS_MAX = 5;

/** Copies a few KPIs with some of their records, and the rows that these have, as both sides are now. */
export async function readSample(
  reads: ValidationReads,
  kpis: readonly { readonly kpi: KpiKey; readonly linkIds: readonly string[] }[],
  heldRecords: HeldRecords,
): Promise<Content> {
  const linkIds = kpis.flatMap((each) => each.linkIds);
  const links = [...(await reads.readItems('goalKpiLinks', linkIds)).values()];
  const kpiItems = await reads.readItems(
    'kpis',
    kpis.map(({ kpi }) => kpi.kpiId),
  );
  const users = new Set<string>();
  for (const { kpi } of kpis) users.add(ownerOf(kpi, kpiItems.get(kpi.kpiId)) ?? '');
  for (const link of links) users.add(textOf(link, 'created_by') ?? '');
  users.delete('');
  const people: Item[] = [];
  for (const user of users) people.push(...(await reads.listPeople(user)));

  const records: Record<RecordSource, Item[]> = { milestones: [], actuals: [], readings: [] };
  const ids: string[] = [];
  for (const { kpi } of kpis) {
    for (const source of RECORD_SOURCES) {
      const page = await reads.listIds(OLD_TABLE_OF[source], 'kpi_id', kpi.kpiId);
      ids.push(...page.items.slice(0, RECORDS_MAX));
    }
  }
  for (const source of RECORD_SOURCES) {
    records[source].push(...(await reads.readItems(OLD_TABLE_OF[source], ids)).values());
  }
  const demanded = migratedContent({ ...records, links, people, kpis: [...kpiItems.values()] }, heldRecords);
  return {
    ...demanded,
    tables: {
      ...demanded.tables,
      kpiLinks: await reads.readItems('kpiLinks', [...demanded.tables.kpiLinks.keys()]),
      kpiData: await reads.readItems('kpiData', [...demanded.tables.kpiData.keys()]),
    },
  };
}
