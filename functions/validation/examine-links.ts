import { type Item, textOf } from '../model/attribute-value.ts';
import { mapLink, userOfLink } from '../model/link-mapping.ts';
import { type OldLink, parseLink } from '../model/old-records.ts';
import type { QuarantineReason } from '../model/quarantine-reason.ts';
import { type KpiKey, kpiIdentity, kpiKeyOf, type LinkReference } from '../model/sources.ts';
import type { ListedBy, ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { compareRows, type Finding } from './findings.ts';

/** A KPI's links as both sides have them, read strongly: the old side first. */
export interface ExaminedLinks {
  /** What the KPI's records fan out to. */
  readonly inForce: readonly LinkReference[];
  /** Every link under which the KPI may have rows: those in force, and those that are only, or still, on the new side. */
  readonly ids: readonly string[];
  readonly kpiItem: Item | undefined;
  readonly findings: readonly Finding[];
}

/** @param knownIds links of the KPI that a scan has met: an index may not have them yet, or no longer. */
export async function examineLinks(
  reads: ValidationReads,
  kpi: KpiKey,
  knownIds: readonly string[],
): Promise<ExaminedLinks> {
  const candidates = new Set(knownIds);
  for (const table of ['goalKpiLinks', 'kpiLinks'] as const) {
    for (const id of await listAll(reads, table, 'kpi_id', kpi.kpiId)) candidates.add(id);
  }
  const old = await reads.readItems('goalKpiLinks', [...candidates]);
  const kpiItem = (await reads.readItems('kpis', [kpi.kpiId])).get(kpi.kpiId);
  const expected = new Map<string, Item>();
  const inForce: LinkReference[] = [];
  const elsewhere = new Set<string>();
  for (const item of old.values()) {
    const resolved = await resolveOldLink(reads, item, kpiItem);
    if (resolved.kind === 'quarantined') continue;
    if (kpiIdentity(resolved.link.kpi) !== kpiIdentity(kpi)) {
      elsewhere.add(resolved.link.id);
      continue;
    }
    expected.set(resolved.link.id, resolved.row);
    inForce.push({ id: resolved.link.id, linkedAt: resolved.link.linkedAt });
  }

  const found = await reads.readItems('kpiLinks', [...candidates]);
  const claimed = [...found].filter(([, row]) => kpiIdentity(kpiKeyOf(row)) === kpiIdentity(kpi)).map(([id]) => id);
  // A link that is another KPI's is looked at there, with all rows under it, whatever its own row claims.
  const ids = [...new Set([...expected.keys(), ...claimed, ...knownIds])].filter((id) => !elsewhere.has(id));
  const findings = ids.flatMap((id) => {
    if (!expected.has(id) && !claimed.includes(id)) return [];
    const demandedBy = expected.has(id) && { source: 'links' as const, id };
    const about = { table: 'kpiLinks', id, rowClass: 'links', kpi, ...(demandedBy && { demandedBy }) } as const;
    return compareRows(about, expected.get(id), found.get(id)) ?? [];
  });
  return { inForce, ids, kpiItem, findings };
}

export type ResolvedLink =
  | { readonly kind: 'valid'; readonly link: OldLink; readonly row: Item }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };

/** What an old link and its look-ups make of it. `kpiItem` is that of the link's KPI. */
export async function resolveOldLink(
  reads: ValidationReads,
  item: Item,
  kpiItem: Item | undefined,
): Promise<ResolvedLink> {
  const parsed = parseLink(item);
  if (parsed.kind === 'quarantined') return parsed;
  const link = parsed.record;
  const own = textOf(kpiItem, 'id') === link.kpi.kpiId ? kpiItem : undefined;
  const userId = userOfLink(link, own);
  const result = mapLink(link, userId, userId === '' ? [] : await reads.listPeople(userId));
  return result.kind === 'mapped' ? { kind: 'valid', link, row: result.row } : result;
}

/** All ids of a listing, page after page. */
export async function listAll(
  reads: ValidationReads,
  table: ReadTable,
  by: ListedBy,
  value: string,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: Item | undefined;
  do {
    const page = await reads.listIds(table, by, value, cursor);
    ids.push(...page.items);
    cursor = page.cursor;
  } while (cursor);
  return ids;
}
