import { inAnchorOrder } from '../model/anchor.ts';
import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import { type HeldRecords, type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import { earliestDate, mapLink, mapPersonalLink, ownerOf, userOfLink } from './link-mapping.ts';
import { mapRecord, ownerSource } from './mapping.ts';
import { type OldLink, type OldRecord, parseLink, parseRecord } from './old-records.ts';
import { idCollision, type QuarantineReason, type Warning } from './quarantine-reason.ts';
import { RECORD_SOURCES, type RecordSource, type Source } from './sources.ts';
import { LOOK_UP_TABLE_OF, OLD_TABLE_OF, type ServiceTable } from './tables.ts';

/** The whole content of the old tables and the look-up tables, in any order. */
export type OldContent = Readonly<Record<Source | 'kpis' | 'people', readonly Item[]>>;

/** The table that each part of the content is from. */
const TABLE_OF_PART = {
  ...OLD_TABLE_OF,
  kpis: LOOK_UP_TABLE_OF.kpi,
  people: LOOK_UP_TABLE_OF.person,
} as const satisfies Readonly<Record<keyof OldContent, ServiceTable>>;

const PARTS = Object.keys(TABLE_OF_PART) as (keyof OldContent)[];

/** Something made of each table's items. */
export function byServiceTable<T>(
  content: OldContent,
  make: (items: readonly Item[]) => T,
): Readonly<Record<ServiceTable, T>> {
  const made = PARTS.map((part) => [TABLE_OF_PART[part], make(content[part])]);
  return Object.fromEntries(made) as Record<ServiceTable, T>;
}

/** The content of the service's tables, read one after the other. */
export async function readOldContent(read: (table: ServiceTable) => Promise<readonly Item[]>): Promise<OldContent> {
  const content: Partial<Record<keyof OldContent, readonly Item[]>> = {};
  for (const part of PARTS) content[part] = await read(TABLE_OF_PART[part]);
  return content as OldContent;
}

/** What the new tables are to hold, and what of the old ones they cannot. */
export interface ExpectedRows {
  readonly kpiLinks: ReadonlyMap<string, Item>;
  readonly kpiData: ReadonlyMap<string, Item>;
  readonly held: readonly Held[];
  readonly quarantined: readonly Quarantined[];
  readonly warnings: readonly LinkWarning[];
  /** How many items bear each attribute that is not copied because no one knows it, by `source.attribute`. */
  readonly unknownAttributes: ReadonlyMap<string, number>;
}

interface Held {
  readonly source: RecordSource;
  readonly id: string;
  readonly kpi: KpiKey;
}

interface Quarantined {
  readonly source: Source;
  readonly id: string;
  readonly reason: QuarantineReason;
}

interface LinkWarning {
  readonly source: Source;
  readonly id: string;
  readonly warning: Warning;
}

/**
 * The desired state as a function of the old tables alone, made in one go from all of them. Replication gets there by one
 * change at a time; that both agree is what tests, the rehearsal and the simulation check.
 *
 * @returns the same content for the same items in whatever order they come; only the order of its lists follows theirs.
 */
export function expectedRows(old: OldContent, heldRecords: HeldRecords): ExpectedRows {
  const lookUps = lookUpsOf(old);
  const links = readLinks(old.links);
  const records = readRecords(old);
  const kpiLinks = mapLinks(links.valid, lookUps);
  const kpiData = mapRecords(records.valid, kpiLinks.mapped, lookUps, heldRecords);
  return {
    kpiLinks: byId([...kpiLinks.rows, ...kpiData.personalLinks]),
    kpiData: byId(kpiData.rows),
    held: kpiData.held,
    quarantined: [...links.quarantined, ...kpiLinks.quarantined, ...records.quarantined, ...kpiData.quarantined],
    warnings: [...kpiLinks.warnings, ...secondLinksToGoal(kpiLinks.mapped)],
    unknownAttributes: countUnknownAttributes([...links.valid, ...records.valid]),
  };
}

interface LookUps {
  readonly kpiItem: (kpiId: string) => Item | undefined;
  readonly peopleOfUser: (userId: string) => readonly Item[];
}

function lookUpsOf(old: OldContent): LookUps {
  const kpis = byId(old.kpis);
  const people = Map.groupBy(old.people, (item) => textOf(item, 'linked_user_id'));
  return { kpiItem: (kpiId) => kpis.get(kpiId), peopleOfUser: (userId) => people.get(userId) ?? [] };
}

function readLinks(items: readonly Item[]) {
  const valid: OldLink[] = [];
  const quarantined: Quarantined[] = [];
  for (const item of items) {
    const parsed = parseLink(item);
    if (parsed.kind === 'valid') valid.push(parsed.record);
    else quarantined.push({ source: 'links', id: idOf(item), reason: parsed.reason });
  }
  return { valid, quarantined };
}

function readRecords(old: OldContent) {
  const valid: OldRecord[] = [];
  const quarantined: Quarantined[] = [];
  for (const [id, items] of recordItemsById(old)) {
    const owner = ownerSource(items);
    for (const source of RECORD_SOURCES) {
      const item = items[source];
      if (item === undefined || owner === undefined) continue;
      if (source !== owner) {
        quarantined.push({ source, id, reason: idCollision(owner) });
        continue;
      }
      const parsed = parseRecord(source, item);
      if (parsed.kind === 'valid') valid.push(parsed.record);
      else quarantined.push({ source, id, reason: parsed.reason });
    }
  }
  return { valid, quarantined };
}

function recordItemsById(old: OldContent): Map<string, Partial<Record<RecordSource, Item>>> {
  const items = new Map<string, Partial<Record<RecordSource, Item>>>();
  for (const source of RECORD_SOURCES) {
    for (const item of old[source]) items.set(idOf(item), { ...items.get(idOf(item)), [source]: item });
  }
  return items;
}

function mapLinks(links: readonly OldLink[], lookUps: LookUps) {
  const rows: Item[] = [];
  const mapped: OldLink[] = [];
  const quarantined: Quarantined[] = [];
  const warnings: LinkWarning[] = [];
  for (const link of links) {
    const userId = userOfLink(link, lookUps.kpiItem(link.kpi.kpiId));
    const result = mapLink(link, userId, lookUps.peopleOfUser(userId));
    if (result.kind === 'quarantined') {
      quarantined.push({ source: 'links', id: link.id, reason: result.reason });
    } else {
      rows.push(result.row);
      mapped.push(link);
      for (const warning of result.warnings) warnings.push({ source: 'links', id: link.id, warning });
    }
  }
  return { rows, mapped, quarantined, warnings };
}

/** One warning for each link of a KPI and goal but the first of them in the anchor's order. */
function secondLinksToGoal(links: readonly OldLink[]): LinkWarning[] {
  const warning = { code: 'second-link-to-goal', message: 'The KPI has another link to the same goal.' } as const;
  const linksOfGoal = Map.groupBy(links, (link) => `${kpiIdentity(link.kpi)}\u0000${link.goalId}`);
  return [...linksOfGoal.values()].flatMap((group) => {
    const [, ...others] = inAnchorOrder(group);
    return others.map(({ id }) => ({ source: 'links', id, warning }) as const);
  });
}

function mapRecords(
  records: readonly OldRecord[],
  links: readonly OldLink[],
  lookUps: LookUps,
  heldRecords: HeldRecords,
) {
  const rows: Item[] = [];
  const personalLinks: Item[] = [];
  const held: Held[] = [];
  const quarantined: Quarantined[] = [];
  const linksOfKpi = Map.groupBy(links, (link) => kpiIdentity(link.kpi));
  for (const [identity, group] of Map.groupBy(records, (record) => kpiIdentity(record.kpi))) {
    let inForce: readonly LinkReference[] = linksOfKpi.get(identity) ?? [];
    if (inForce.length === 0 && heldRecords === 'personal-link') {
      const personal = personalLinkOf(group, lookUps);
      if (personal) {
        personalLinks.push(personal.row);
        inForce = [personal];
      }
    }
    for (const record of group) {
      const { source, id, kpi } = record;
      const result = mapRecord(record, inForce);
      if (result.kind === 'mapped') rows.push(...result.rows);
      else if (result.kind === 'held') held.push({ source, id, kpi });
      else quarantined.push({ source, id, reason: result.reason });
    }
  }
  return { rows, personalLinks, held, quarantined };
}

/** The link of its own that the KPI of these records gets, or undefined where there is nobody to give it to. */
function personalLinkOf(
  records: readonly OldRecord[],
  lookUps: LookUps,
): (LinkReference & { readonly row: Item }) | undefined {
  const kpi = records[0]?.kpi;
  const linkedAt = earliestDate(records.map((record) => record.date));
  if (kpi === undefined || linkedAt === undefined) return undefined;
  const kpiItem = lookUps.kpiItem(kpi.kpiId);
  const owner = ownerOf(kpi, kpiItem);
  const row = owner && mapPersonalLink(kpi, linkedAt, kpiItem, lookUps.peopleOfUser(owner));
  return row ? { id: idOf(row), linkedAt, row } : undefined;
}

function countUnknownAttributes(records: readonly (OldLink | OldRecord)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source, unknownAttributes } of records) {
    for (const name of unknownAttributes) {
      counts.set(`${source}.${name}`, (counts.get(`${source}.${name}`) ?? 0) + 1);
    }
  }
  return counts;
}

function byId(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [idOf(item), item]));
}
