import { type Item, textOf } from '../model/attribute-value.ts';
import { type KpiKey, NO_KPI } from '../model/kpi.ts';

/** The old tables that are migrated, in the order in which the migration meets them. */
export const SOURCES = ['links', 'milestones', 'actuals', 'readings'] as const;
export type Source = (typeof SOURCES)[number];

/** The old tables whose items fan out into KpiData, in order: the earlier one owns an id that two tables share. */
export const RECORD_SOURCES = ['milestones', 'actuals', 'readings'] as const;
export type RecordSource = (typeof RECORD_SOURCES)[number];

/** The KPI an item names, or {@link NO_KPI} where it names none that could be joined on. */
export function kpiKeyOf(item: Item): KpiKey {
  const tenantId = textOf(item, 'tenant_id');
  const kpiId = textOf(item, 'kpi_id');
  return tenantId && kpiId ? { tenantId, kpiId } : NO_KPI;
}
