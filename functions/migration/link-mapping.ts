import { type Item, textOf } from '../model/attribute-value.ts';
import { compareInstants, compareText, parseInstant } from '../model/instant.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../model/item-size.ts';
import { canBeKey, PARTITION_KEY_BYTES_MAX } from '../model/key-limits.ts';
import type { KpiKey, LinkReference } from '../model/kpi.ts';
import { personalLinkId } from './ids.ts';
import type { OldLink } from './old-records.ts';
import { type QuarantineReason, rowTooLarge, type Warning } from './quarantine-reason.ts';

/** GoalKpiLink → KpiLink: what is copied by the same name (tables.md). */
const COPIED = [
  'tenant_id',
  'kpi_id',
  'goal_id',
  'linked_at',
  'link_type',
  'weight',
  'display_order',
  'is_primary',
  'threshold_pct',
  'created_by',
  'created_at',
  'updated_by',
  'updated_at',
] as const;

/** Longest person_id in bytes: it is an index key, and with a kpi_id and a link's id a part of another. */
const PERSON_ID_BYTES_MAX = PARTITION_KEY_BYTES_MAX / 2;

/** A link's KpiLink row, or why it has none. */
export type LinkMapping =
  | { readonly kind: 'valid'; readonly row: Item; readonly warnings: readonly Warning[] }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };

/** The user who owns the KPI, if the KPI item is of the key's tenant and names one. */
export function ownerOf(kpi: KpiKey, kpiItem: Item | undefined): string | undefined {
  if (kpiItem === undefined || textOf(kpiItem, 'tenant_id') !== kpi.tenantId) return undefined;
  return textOf(kpiItem, 'owner_id') || undefined;
}

/** The user whose person a link gets: the KPI's owner, else who created the link. */
export function userOfLink(link: OldLink, kpiItem: Item | undefined): string {
  return ownerOf(link.kpi, kpiItem) ?? link.createdBy;
}

/** The users whose people may come into the rows of these links, or of these KPIs' personal links. */
export function usersAskedFor(
  kpis: readonly KpiKey[],
  kpiItems: ReadonlyMap<string, Item>,
  links: readonly Item[],
): ReadonlySet<string> {
  const owners = kpis.map((kpi) => ownerOf(kpi, kpiItems.get(kpi.kpiId)));
  const creators = links.map((link) => textOf(link, 'created_by'));
  return new Set([...owners, ...creators].filter((userId): userId is string => Boolean(userId)));
}

/** The person of the tenant who is that user, else the user; of several the one with the smallest id. */
function personOf(tenantId: string, userId: string, people: readonly Item[]): { id: string; several: boolean } {
  const ids = people
    .filter((person) => textOf(person, 'tenant_id') === tenantId && textOf(person, 'linked_user_id') === userId)
    .map((person) => textOf(person, 'id') ?? '')
    .sort(compareText);
  return { id: ids[0] ?? userId, several: ids.length > 1 };
}

/**
 * Maps a link to its KpiLink row.
 *
 * @param userId what {@link userOfLink} gave.
 * @param people the people linked to that user, of any tenant.
 */
export function mapLink(link: OldLink, userId: string, people: readonly Item[]): LinkMapping {
  const person = personOf(link.kpi.tenantId, userId, people);
  if (person.id === '') {
    const message = 'Neither an owner nor created_by gives a person_id, which as an index key cannot be empty.';
    return { kind: 'quarantined', reason: { code: 'no-person', attribute: 'created_by', message } };
  }
  if (!canBeKey(person.id, PERSON_ID_BYTES_MAX)) {
    const message = 'person_id, made of an owner or of created_by, is longer than an index key may be.';
    return { kind: 'quarantined', reason: { code: 'key-too-long', attribute: 'person_id', message } };
  }
  const row: Item = {
    id: { S: link.id },
    person_id: { S: person.id },
    uniqueness_key: { S: `${link.kpi.kpiId}#GOAL#${link.goalId}` },
  };
  for (const name of COPIED) {
    const value = link.item[name];
    if (value !== undefined) row[name] = value;
  }
  if (itemBytes(row) > ITEM_BYTES_MAX) return { kind: 'quarantined', reason: rowTooLarge('KpiLink') };
  const warning = {
    code: 'several-people',
    message: 'The user is several people of the tenant; the smallest id is taken.',
  } as const;
  return { kind: 'valid', row, warnings: person.several ? [...link.warnings, warning] : link.warnings };
}

/** The person who is the KPI's owner; undefined where no key can hold it. */
export function personOfOwner(kpi: KpiKey, owner: string, people: readonly Item[]): string | undefined {
  const { id } = personOf(kpi.tenantId, owner, people);
  return canBeKey(id, PERSON_ID_BYTES_MAX) ? id : undefined;
}

/** The link of a KPI that has records but no other link, with `heldRecords: "personal-link"` (tables.md, "Held records"). */
export function mapPersonalLink(kpi: KpiKey, personId: string, linkedAt: string): LinkReference & { row: Item } {
  const id = personalLinkId(kpi.kpiId);
  const row = {
    id: { S: id },
    tenant_id: { S: kpi.tenantId },
    kpi_id: { S: kpi.kpiId },
    person_id: { S: personId },
    linked_at: { S: linkedAt },
    uniqueness_key: { S: `${kpi.kpiId}#PERSON#${personId}#${id}` },
  };
  return { id, linkedAt, row };
}

/** The smallest date as an instant; one that is none comes after all that are, by its text. */
export function earliestDate(dates: readonly string[]): string | undefined {
  const [first, ...others] = dates;
  return others.reduce<string | undefined>(
    (earliest, date) => (earliest !== undefined && compareDates(date, earliest) < 0 ? date : earliest),
    first,
  );
}

function compareDates(left: string, right: string): number {
  const [one, other] = [parseInstant(left), parseInstant(right)];
  if (one && other) return compareInstants(one, other) || compareText(left, right);
  if (one || other) return one ? -1 : 1;
  return compareText(left, right);
}
