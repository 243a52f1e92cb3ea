import type { Item } from '../model/attribute-value.ts';
import { textOf } from '../model/attribute-value.ts';
import { bucketOf } from '../model/digest.ts';
import { type HeldRecords, type KpiKey, kpiIdentity, kpiKeyOf, NO_KPI } from '../model/sources.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import type { Finding } from './findings.ts';
import { type Patience, type Settled, settle } from './settle.ts';
import type { Suspect } from './suspects.ts';

export interface PartOptions extends Patience {
  readonly reads: ValidationReads;
  readonly heldRecords: HeldRecords;
  /** Which part of the key space, from 0, of how many. */
  readonly part: number;
  readonly parts: number;
}

/** What the validation of one part came to. */
export interface PartReport {
  readonly part: number;
  readonly parts: number;
  readonly kpis: number;
  /** Rows that were there or should have been. */
  readonly rowsCompared: number;
  readonly proven: readonly Finding[];
  readonly inFlight: Settled['inFlight'];
  /** KPIs that were not looked at, because enough differed before. */
  readonly unopened: number;
}

/**
 * Validates one part of the key space, row by row: the KPIs whose hash falls into it, and a segment of KpiData for rows that no link
 * accounts for. Takes a scan of both link tables, the part's records by their indexes, and one segment of KpiData; all parts
 * together have seen every KPI that has a link, and every row.
 */
export async function validatePart(options: PartOptions): Promise<PartReport> {
  const { reads, part, parts } = options;
  const kpiOfLink = new Map<string, KpiKey>();
  const linksOfKpi = new Map<string, { readonly kpi: KpiKey; readonly linkIds: Set<string> }>();
  for (const table of ['kpiLinks', 'goalKpiLinks'] as const) {
    await scanSegment(options, table, 0, 1, (item) => {
      const kpi = kpiKeyOf(item);
      const id = textOf(item, 'id') ?? '';
      if (kpiIdentity(kpi) === kpiIdentity(NO_KPI)) return;
      kpiOfLink.set(id, kpi);
      if (bucketOf(kpi, parts) !== part) return;
      const known = linksOfKpi.get(kpiIdentity(kpi)) ?? { kpi, linkIds: new Set() };
      linksOfKpi.set(kpiIdentity(kpi), known);
      known.linkIds.add(id);
    });
  }
  const suspects: Suspect[] = [...linksOfKpi.values()].map(({ kpi, linkIds }) => ({
    kind: 'kpi',
    kpi,
    linkIds: [...linkIds],
  }));
  const kpis = suspects.length;
  await scanSegment(options, 'kpiData', part, parts, (row) => {
    const known = kpiOfLink.has(textOf(row, 'kpi_link_id') ?? '') && textOf(row, 'post_date') !== undefined;
    if (!known) suspects.push({ kind: 'row', table: 'kpiData', id: textOf(row, 'id') ?? '' });
  });
  const { proven, inFlight, unopened, rows } = await settle(
    { reads, heldRecords: options.heldRecords },
    suspects,
    options,
  );
  return { part, parts, kpis, rowsCompared: rows, proven, inFlight, unopened };
}

async function scanSegment(
  { reads, stop }: PartOptions,
  table: ReadTable,
  segment: number,
  totalSegments: number,
  see: (item: Item) => void,
): Promise<void> {
  let cursor: Item | undefined;
  do {
    stop.throwIfAborted();
    const page = await reads.scan(table, { segment, totalSegments, ...(cursor && { cursor }) });
    for (const item of page.items) see(item);
    cursor = page.cursor;
  } while (cursor);
}
