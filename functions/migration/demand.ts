import type { Item } from '../model/attribute-value.ts';
import { type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import {
  earliestDate,
  type LinkMapping,
  mapLink,
  mapPersonalLink,
  ownerOf,
  personOfOwner,
  userOfLink,
} from './link-mapping.ts';
import type { Asking } from './look-ups.ts';
import { mapRecord } from './mapping.ts';
import { type OldLink, type OldRecord, parseLink, parseRecord } from './old-records.ts';
import { idCollision, type QuarantineReason, type Warning } from './quarantine-reason.ts';
import { RECORD_SOURCES, type RecordSource } from './sources.ts';

/** An item that cannot be migrated. */
export interface Quarantined {
  readonly kind: 'quarantined';
  readonly reason: QuarantineReason;
  /** The whole item as it is stored. */
  readonly image: Item;
  readonly unknownAttributes: readonly string[];
}

interface Gone {
  readonly kind: 'gone';
}

export interface ValidLink extends LinkReference {
  readonly kind: 'valid';
  readonly kpi: KpiKey;
  /** By {@link twinKeyOf}. */
  readonly twinKey: string;
  /** Its KpiLink row. */
  readonly row: Item;
  readonly warnings: readonly Warning[];
  readonly unknownAttributes: readonly string[];
}

/** What a GoalKpiLink demands of the new tables. */
export type LinkDemand = Gone | Quarantined | ValidLink;

/** What a record demands of the new tables. */
export type RecordDemand =
  | Gone
  | Quarantined
  | ({ readonly kpi: KpiKey; readonly unknownAttributes: readonly string[] } & (
      | { readonly kind: 'mapped'; readonly rows: readonly Item[] }
      | { readonly kind: 'held' }
    ));

/** The items that bear one id in the old record tables. */
export type RecordItems = Partial<Record<RecordSource, Item>>;

/** The link that a KPI with records and no other link gets (tables.md, "Held records"). */
export interface PersonalLink extends LinkReference {
  readonly row: Item;
}

export function quarantined(
  reason: QuarantineReason,
  image: Item,
  unknownAttributes: readonly string[] = [],
): Quarantined {
  return { kind: 'quarantined', reason, image, unknownAttributes };
}

/** The link that the item is, if it is well formed. Whether it can be migrated also depends on its look-ups. */
export function linkIn(item: Item): OldLink | undefined {
  const parsed = parseLink(item);
  return parsed.kind === 'valid' ? parsed.record : undefined;
}

/** The same for two links only if they attach one KPI to one goal, where the second is worth a warning. */
export function twinKeyOf({ kpi, goalId }: Pick<OldLink, 'kpi' | 'goalId'>): string {
  return `${kpiIdentity(kpi)}\u0000${goalId}`;
}

/** What the link's item demands; undefined stands for a link that is gone. */
export function* demandOfLink(item: Item | undefined): Asking<LinkDemand> {
  if (item === undefined) return { kind: 'gone' };
  const parsed = parseLink(item);
  if (parsed.kind === 'quarantined') return quarantined(parsed.reason, item);
  const { id, kpi, goalId, linkedAt, unknownAttributes } = parsed.record;
  const mapping = yield* rowOfLink(parsed.record);
  if (mapping.kind === 'quarantined') return quarantined(mapping.reason, item, unknownAttributes);
  return { ...mapping, id, kpi, twinKey: twinKeyOf({ kpi, goalId }), linkedAt, unknownAttributes };
}

/** The row of a well-formed link, or why it has none. */
export function* rowOfLink(link: OldLink): Asking<LinkMapping> {
  const [kpiItem] = yield { kpiId: link.kpi.kpiId };
  const userId = userOfLink(link, kpiItem);
  return mapLink(link, userId, yield { userId });
}

/**
 * The tables that have an item of the id, in the order in which the migration meets them. The first one owns the id; the
 * items of the others are quarantined as id-collision (tables.md, "Ids").
 */
export function sourcesIn(items: RecordItems): RecordSource[] {
  return RECORD_SOURCES.filter((source) => items[source] !== undefined);
}

/** The record that owns the id, if it is well formed. */
export function recordIn(items: RecordItems): OldRecord | undefined {
  const [owner] = sourcesIn(items);
  const item = owner && items[owner];
  const parsed = owner && item && parseRecord(owner, item);
  return parsed?.kind === 'valid' ? parsed.record : undefined;
}

/**
 * What the item of one record table demands.
 *
 * @param items all known items of the same id.
 * @param linksOf the links that the records of the record's KPI fan out to. It is asked only for a well-formed record.
 * @param refusal why the store refused the record as it is now, if it did.
 */
export function demandOfRecord(
  source: RecordSource,
  items: RecordItems,
  linksOf: (record: OldRecord) => readonly LinkReference[],
  refusal?: QuarantineReason,
): RecordDemand {
  const image = items[source];
  if (image === undefined) return { kind: 'gone' };
  const [owner = source] = sourcesIn(items);
  if (owner !== source) return quarantined(idCollision(owner), image);
  if (refusal) return quarantined(refusal, image);
  const parsed = parseRecord(source, image);
  if (parsed.kind === 'quarantined') return quarantined(parsed.reason, image);
  const { kpi, unknownAttributes } = parsed.record;
  const mapping = mapRecord(parsed.record, linksOf(parsed.record));
  if (mapping.kind === 'quarantined') return quarantined(mapping.reason, image, unknownAttributes);
  return { ...mapping, kpi, unknownAttributes };
}

/** The person whom the KPI's personal link would name; undefined where there is nobody, so that it can have none. */
export function* personForKpi(kpi: KpiKey): Asking<string | undefined> {
  const [kpiItem] = yield { kpiId: kpi.kpiId };
  const owner = ownerOf(kpi, kpiItem);
  return owner === undefined ? undefined : personOfOwner(kpi, owner, yield { userId: owner });
}

/**
 * @param personId what {@link personForKpi} gave.
 * @param dates those of the KPI's records.
 */
export function personalLinkOf(
  kpi: KpiKey,
  personId: string | undefined,
  dates: readonly string[],
): PersonalLink | undefined {
  const linkedAt = earliestDate(dates);
  if (personId === undefined || linkedAt === undefined) return undefined;
  return mapPersonalLink(kpi, personId, linkedAt);
}

/** The personal link of a KPI whose records have these dates, if it gets one. Without records nothing is looked up. */
export function* demandOfPersonalLink(kpi: KpiKey, dates: readonly string[]): Asking<PersonalLink | undefined> {
  return dates.length === 0 ? undefined : personalLinkOf(kpi, yield* personForKpi(kpi), dates);
}
