import { type Item, textOf } from '../model/attribute-value.ts';
import { type KpiKey, NO_KPI } from '../model/kpi.ts';

/** The old tables whose records fan out to links, in order: the earlier one owns an id that two tables share. */
export const RECORD_SOURCES = ['milestones', 'actuals', 'readings'] as const;
export type RecordSource = (typeof RECORD_SOURCES)[number];

/** The old tables that are migrated, in the order in which the migration meets them: the one of links is the first. */
export const SOURCES = ['links', ...RECORD_SOURCES] as const;
export type Source = (typeof SOURCES)[number];

/** One of a kind for each source. */
export function bySource<T>(make: (source: Source) => T): Readonly<Record<Source, T>> {
  return Object.fromEntries(SOURCES.map((source) => [source, make(source)])) as Record<Source, T>;
}

/** One of a kind for each source of records. */
export function byRecordSource<T>(make: (source: RecordSource) => T): Readonly<Record<RecordSource, T>> {
  return Object.fromEntries(RECORD_SOURCES.map((source) => [source, make(source)])) as Record<RecordSource, T>;
}

/** The tenant that an item of any table but the control table names. */
export function tenantOf(item: Item | undefined): string | undefined {
  return textOf(item, 'tenant_id');
}

/** The id of the KPI that an item of any table but the control table names, in whichever tenant. */
export function kpiIdOf(item: Item | undefined): string | undefined {
  return textOf(item, 'kpi_id');
}

/** The KPI an item names, or {@link NO_KPI} where it names none that could be joined on. */
export function kpiKeyOf(item: Item): KpiKey {
  const tenantId = tenantOf(item);
  const kpiId = kpiIdOf(item);
  return tenantId && kpiId ? { tenantId, kpiId } : NO_KPI;
}

/** The attributes by which an item names its KPI: what {@link kpiKeyOf} reads. */
export function kpiAttributes(kpi: KpiKey): Item {
  return { tenant_id: { S: kpi.tenantId }, kpi_id: { S: kpi.kpiId } };
}
