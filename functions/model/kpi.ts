/**
 * A KPI within its tenant: the group of links and records that belong together, and that share a token. Nothing ever joins across tenants, so a KPI is
 * never named by its id alone. Which attributes of an item say it is up to `kpiKeyOf` (functions/migration/sources.ts).
 */
export interface KpiKey {
  readonly tenantId: string;
  readonly kpiId: string;
}

/** Stands for "no usable KPI": malformed items that name none are fenced under it. No real id is empty. */
export const NO_KPI: KpiKey = { tenantId: '', kpiId: '' };

/** A link as the anchor rule sees it: its id and the exact text of the date it is ordered by. */
export interface LinkReference {
  readonly id: string;
  readonly linkedAt: string;
}

/** What may become of a KPI's records while the KPI has no link. */
export const HELD_RECORDS = ['hold', 'personal-link'] as const;

export type HeldRecords = (typeof HELD_RECORDS)[number];

/** A text that two KPI keys share only if they are the same, whatever signs they hold: what sets and maps of KPIs are keyed by. */
export function kpiIdentity(kpi: KpiKey): string {
  return `${kpi.tenantId.length}#${kpi.tenantId}#${kpi.kpiId}`;
}

/** The KPIs without repeats, in order of first appearance. */
export function distinctKpis(kpis: Iterable<KpiKey>): KpiKey[] {
  return [...new Map([...kpis].map((kpi) => [kpiIdentity(kpi), kpi])).values()];
}

/** Whether the KPI is one that items can name. */
export function isNamed(kpi: KpiKey): boolean {
  return kpiIdentity(kpi) !== kpiIdentity(NO_KPI) && kpi.kpiId !== '';
}
