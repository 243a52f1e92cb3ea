import { demandOfLink, type LinkDemand, quarantined } from '../migration/demand.ts';
import { answerLater } from '../migration/look-ups.ts';
import { kpiKeyOf } from '../migration/sources.ts';
import { LOOK_UP_TABLE_OF, NEW_LINKS, OLD_TABLE_OF } from '../migration/tables.ts';
import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import { type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import { apart } from '../tables/dynamo/apart.ts';
import { attemptLater } from '../tables/dynamo/attempt.ts';
import { eachItem } from '../tables/pages.ts';
import type { ListedBy, ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { compareRows, type Finding } from './findings.ts';
import { type RefusedItems, refusalOf } from './refused-items.ts';
import { type Unexamined, unexaminedItem } from './unexamined.ts';

/** A KPI's links as both sides have them, read strongly: the old side first. */
export interface ExaminedLinks {
  /** What the KPI's records fan out to. */
  readonly inForce: readonly LinkReference[];
  /** Every link under which the KPI may have rows: those in force, and those that are only, or still, on the new side. */
  readonly ids: readonly string[];
  readonly kpiItem: Item | undefined;
  readonly findings: readonly Finding[];
  /** Links of which it could not be told what they demand. */
  readonly unexamined: readonly Unexamined[];
}

/**
 * @param knownIds links of the KPI that a scan has met: an index may not have them yet, or no longer.
 * @param refused items that have no rows because the store refused them as they are.
 */
export async function examineLinks(
  reads: ValidationReads,
  kpi: KpiKey,
  knownIds: readonly string[],
  refused: RefusedItems,
): Promise<ExaminedLinks> {
  const candidates = new Set(knownIds);
  for (const table of [OLD_TABLE_OF.links, NEW_LINKS] as const) {
    for (const id of await listAll(reads, table, 'kpi', kpi.kpiId)) candidates.add(id);
  }
  const unexamined: Unexamined[] = [];
  const old = await readApart(reads, OLD_TABLE_OF.links, [...candidates], unexamined);
  const unknown = new Set(old.unread);
  const kpiItem = (await reads.readItems(LOOK_UP_TABLE_OF.kpi, [kpi.kpiId])).get(kpi.kpiId);
  const expected = new Map<string, Item>();
  const inForce: LinkReference[] = [];
  const elsewhere = new Set<string>();
  for (const item of old.items.values()) {
    const attempted = await attemptLater(() => demandOfOldLink(reads, item, kpiItem, refused));
    if ('error' in attempted) {
      unexamined.push(unexaminedItem('links', idOf(item), attempted.error));
      unknown.add(idOf(item));
      continue;
    }
    const link = attempted.value;
    if (link.kind !== 'valid') continue;
    if (kpiIdentity(link.kpi) !== kpiIdentity(kpi)) {
      elsewhere.add(link.id);
      continue;
    }
    expected.set(link.id, link.row);
    inForce.push({ id: link.id, linkedAt: link.linkedAt });
  }

  const rows = await readApart(reads, NEW_LINKS, [...candidates], unexamined);
  const found = rows.items;
  const claimed = [...found].filter(([, row]) => kpiIdentity(kpiKeyOf(row)) === kpiIdentity(kpi)).map(([id]) => id);
  // A link that is another KPI's is looked at there, with all rows under it, whatever its own row claims.
  const ids = [...new Set([...expected.keys(), ...claimed, ...knownIds])].filter((id) => !elsewhere.has(id));
  const findings = ids.flatMap((id) => {
    if (unknown.has(id) || rows.unread.has(id) || (!expected.has(id) && !claimed.includes(id))) return [];
    const demandedBy = expected.has(id) && { source: 'links' as const, id };
    const about = { table: NEW_LINKS, id, rowClass: 'links', kpi, ...(demandedBy && { demandedBy }) } as const;
    return compareRows(about, expected.get(id), found.get(id)) ?? [];
  });
  return { inForce, ids, kpiItem, findings, unexamined };
}

/** What an old link demands now. `kpiItem` is that of the link's KPI. */
export async function demandOfOldLink(
  reads: ValidationReads,
  item: Item,
  kpiItem: Item | undefined,
  refused: RefusedItems,
): Promise<LinkDemand> {
  const refusal = refusalOf(refused, 'links', item);
  if (refusal) return quarantined(refusal, item);
  return answerLater(demandOfLink(item), {
    readKpi: (kpiId) => (textOf(kpiItem, 'id') === kpiId ? kpiItem : undefined),
    queryPeople: (userId) => (userId === '' ? [] : reads.listPeople(userId)),
  });
}

/** Items by id, and the ids whose read is refused: of those nothing is known, not even that there is none. */
export async function readApart(
  reads: ValidationReads,
  table: ReadTable,
  ids: readonly string[],
  unexamined: Unexamined[],
): Promise<{ readonly items: ReadonlyMap<string, Item>; readonly unread: ReadonlySet<string> }> {
  const { results, refused } = await apart(ids, (some) => reads.readItems(table, some));
  unexamined.push(...refused.map(({ of, error }) => unexaminedItem(table, of, error)));
  return {
    items: new Map(results.flatMap((items) => [...items])),
    unread: new Set(refused.map(({ of }) => of)),
  };
}

/** All ids of a listing, page after page. */
export function listAll(reads: ValidationReads, table: ReadTable, by: ListedBy, value: string): Promise<string[]> {
  return Array.fromAsync(eachItem((cursor) => reads.listIds(table, by, value, cursor)));
}
