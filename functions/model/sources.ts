import { type Item, textOf } from './attribute-value.ts';

/** The old tables that are migrated, in the order in which the migration meets them. */
export const SOURCES = ['links', 'milestones', 'actuals', 'readings'] as const;
export type Source = (typeof SOURCES)[number];

/** The old tables whose items fan out into KpiData, in order: the earlier one owns an id that two tables share. */
export const RECORD_SOURCES = ['milestones', 'actuals', 'readings'] as const;
export type RecordSource = (typeof RECORD_SOURCES)[number];

/** A KPI within its tenant. Nothing ever joins across tenants, so a KPI is never named by its id alone. */
export interface KpiKey {
  readonly tenantId: string;
  readonly kpiId: string;
}

/** Stands for "no usable KPI": malformed items that name none are fenced under it. No real id is empty. */
export const NO_KPI: KpiKey = { tenantId: '', kpiId: '' };

/** A link as the anchor rule sees it: its id and the exact text of its `linked_at`. */
export interface LinkReference {
  readonly id: string;
  readonly linkedAt: string;
}

/** What may become of a KPI's records while the KPI has no link (tables.md, "Held records"). */
export const HELD_RECORDS = ['hold', 'personal-link'] as const;

export type HeldRecords = (typeof HELD_RECORDS)[number];

/** The KPI an item names, or {@link NO_KPI} where it names none that could be joined on. */
export function kpiKeyOf(item: Item): KpiKey {
  const tenantId = textOf(item, 'tenant_id');
  const kpiId = textOf(item, 'kpi_id');
  return tenantId && kpiId ? { tenantId, kpiId } : NO_KPI;
}

/** A text that two KPI keys share only if they are the same, whatever signs they hold: what sets and maps of KPIs are keyed by. */
export function kpiIdentity(kpi: KpiKey): string {
  return `${kpi.tenantId.length}#${kpi.tenantId}#${kpi.kpiId}`;
}

/** The KPIs without repeats, in order of first appearance. */
export function distinctKpis(kpis: Iterable<KpiKey>): KpiKey[] {
  return [...new Map([...kpis].map((kpi) => [kpiIdentity(kpi), kpi])).values()];
}
