import { gunzipSync, gzipSync } from 'node:zlib';
import { kpiAttributes } from '../../migration/sources.ts';
import { type AttributeValue, type Item, textOf } from '../../model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../../model/item-size.ts';
import type { KpiKey, LinkReference } from '../../model/kpi.ts';
import type { RowKey } from '../dynamo/transactions.ts';
import { controlKey, keyPart, kpiPartition, mapOf } from './control-rows.ts';

/**
 * A KPI row, without the links that have items of their own. Links and tombstones are kept in the KPI row
 * while they fit (`inlineBytesMax`); one that does not fit is *spilled* into a control item. No link is in both places.
 *
 * So this alone does not say which links a KPI has: see functions/sync/kpi-views.ts.
 */
export interface KpiHead {
  readonly kpi: KpiKey;
  /** Fresh and random at every change; absent while the row does not exist. */
  readonly token?: string;
  /** Link id to the exact text of linked_at. */
  readonly inlineLinks: ReadonlyMap<string, string>;
  /** Link id to the instant, in epoch seconds, at which the link was found gone. Its rows may still have to be removed. */
  readonly inlineTombstones: ReadonlyMap<string, number>;
  /** Set when the first link is spilled, and never removed. */
  readonly spilled?: SpilledSummary;
  /** The KPI's personal link while it has no other; only with the setting `heldRecords: "personal-link"`. */
  readonly personal?: LinkReference;
  /** The token at the last change of membership or anchor: while it stands, no link came or went. */
  readonly linksToken?: string;
  /** The token at the last such change whose fan-out has not been finished. */
  readonly fanOutPending?: string;
  /** The token at the last such change since the KPI was last swept. */
  readonly sweepPending?: string;
}

/** What the KPI row says of the KPI's spilled links. */
export interface SpilledSummary {
  /** Spilled links that are there; tombstones are not counted. */
  readonly present: number;
  /** Sort keys of spilled items that plain reads may still see as they were before their last write; see `settle`. */
  readonly unsettled: readonly string[];
}

/** A spilled link, or the tombstone of one. */
export type SpilledLink =
  | { readonly id: string; readonly linkedAt: string }
  | { readonly id: string; readonly goneAt: number };

/** The sort key of KPI rows, and the prefix of spilled links' sort keys. */
export const KPI_SORT = { head: 'links', spilledLinks: 'link#' } as const;

export function kpiRowKey(kpi: KpiKey): RowKey {
  return controlKey(kpiPartition(kpi), KPI_SORT.head);
}

export function spilledLinkSort(linkId: string): string {
  return KPI_SORT.spilledLinks + keyPart(linkId);
}

export function spilledLinkKey(kpi: KpiKey, linkId: string): RowKey {
  return controlKey(kpiPartition(kpi), spilledLinkSort(linkId));
}

/** Whether the KPI has a link, its own aside. */
export function hasLinks(head: KpiHead): boolean {
  return head.inlineLinks.size > 0 || (head.spilled?.present ?? 0) > 0;
}

/**
 * Ids and values by turns. A list, since an id may be any text: a map's names become keys of plain objects in the SDK, where `__proto__` is
 * lost.
 */
function listOf<T>(entries: ReadonlyMap<string, T>, encode: (value: T) => AttributeValue): AttributeValue {
  return { L: [...entries].flatMap(([id, value]) => [{ S: id }, encode(value)]) };
}

function entriesOf(item: Item, name: string): (readonly [id: string, value: AttributeValue])[] {
  const list = item[name];
  if (list === undefined || !('L' in list)) return [];
  return list.L.flatMap((id, at) => {
    const value = list.L[at + 1];
    return at % 2 === 0 && 'S' in id && value !== undefined ? [[id.S, value] as const] : [];
  });
}

/** The part of a KPI row that grows with the number of links. */
function encodeInline(links: ReadonlyMap<string, string>, tombstones: ReadonlyMap<string, number>): Item {
  return {
    links: listOf(links, (linkedAt) => ({ S: linkedAt })),
    tombstones: listOf(tombstones, (goneAt) => ({ N: String(goneAt) })),
  };
}

/** Bytes that these links and tombstones take in a KPI row. */
export function inlineBytes(links: ReadonlyMap<string, string>, tombstones: ReadonlyMap<string, number>): number {
  return itemBytes(encodeInline(links, tombstones));
}

/** The stored form of a KPI row; `head.token` must be set. */
export function encodeKpiRow(head: KpiHead & { readonly token: string }): Item {
  const { kpi, personal, spilled } = head;
  return {
    ...kpiRowKey(kpi).key,
    ...kpiAttributes(kpi),
    token: { S: head.token },
    ...(head.linksToken !== undefined && { links_token: { S: head.linksToken } }),
    ...encodeInline(head.inlineLinks, head.inlineTombstones),
    ...(spilled && {
      spilled: {
        M: {
          present: { N: String(spilled.present) },
          unsettled: { L: spilled.unsettled.map((sort) => ({ S: sort })) },
        },
      },
    }),
    ...(personal && { personal: { M: { link_id: { S: personal.id }, linked_at: { S: personal.linkedAt } } } }),
    ...(head.fanOutPending !== undefined && { fan_out_pending: { S: head.fanOutPending } }),
    ...(head.sweepPending !== undefined && { sweep_pending: { S: head.sweepPending } }),
  };
}

/** Reads a stored KPI row; an absent one is a KPI about which nothing is known yet. */
export function decodeKpiRow(kpi: KpiKey, item: Item | undefined): KpiHead {
  if (item === undefined) return { kpi, inlineLinks: new Map(), inlineTombstones: new Map() };
  const personal = mapOf(item, 'personal');
  const personalId = textOf(personal, 'link_id');
  const spilled = mapOf(item, 'spilled');
  const token = textOf(item, 'token');
  const linksToken = textOf(item, 'links_token');
  const fanOutPending = textOf(item, 'fan_out_pending');
  const sweepPending = textOf(item, 'sweep_pending');
  return {
    kpi,
    inlineLinks: new Map(entriesOf(item, 'links').map(([id, at]) => [id, 'S' in at ? at.S : ''])),
    inlineTombstones: new Map(entriesOf(item, 'tombstones').map(([id, at]) => [id, 'N' in at ? Number(at.N) : 0])),
    ...(spilled && {
      spilled: { present: numberOf(spilled, 'present') ?? 0, unsettled: textsOf(spilled, 'unsettled') },
    }),
    ...(token !== undefined && { token }),
    ...(personalId !== undefined && {
      personal: { id: personalId, linkedAt: textOf(personal, 'linked_at') ?? '' },
    }),
    ...(linksToken !== undefined && { linksToken }),
    ...(fanOutPending !== undefined && { fanOutPending }),
    ...(sweepPending !== undefined && { sweepPending }),
  };
}

/**
 * The stored form of a spilled link. A `linked_at` may have any number of digits: where the item would be larger than DynamoDB stores, it is
 * compressed.
 */
export function encodeSpilledLink(kpi: KpiKey, id: string, linkedAt: string): Item {
  const key = { ...spilledLinkKey(kpi, id).key, link_id: { S: id } };
  const item: Item = { ...key, linked_at: { S: linkedAt } };
  return itemBytes(item) <= ITEM_BYTES_MAX ? item : { ...key, packed_linked_at: { B: gzipSync(linkedAt) } };
}

/** The stored form of a spilled link's tombstone. `expiresAt`, in epoch seconds, is the table's time-to-live attribute. */
export function encodeSpilledTombstone(kpi: KpiKey, id: string, goneAt: number, expiresAt: number): Item {
  return {
    ...spilledLinkKey(kpi, id).key,
    link_id: { S: id },
    gone_at: { N: String(goneAt) },
    expires_at: { N: String(expiresAt) },
  };
}

export function decodeSpilledLink(item: Item): SpilledLink {
  const id = textOf(item, 'link_id') ?? '';
  const packed = item.packed_linked_at;
  const linkedAt = packed !== undefined && 'B' in packed ? gunzipSync(packed.B).toString() : textOf(item, 'linked_at');
  return linkedAt === undefined ? { id, goneAt: numberOf(item, 'gone_at') ?? 0 } : { id, linkedAt };
}

function numberOf(item: Item, name: string): number | undefined {
  const value = item[name];
  return value !== undefined && 'N' in value ? Number(value.N) : undefined;
}

function textsOf(item: Item, name: string): string[] {
  const value = item[name];
  return value !== undefined && 'L' in value ? value.L.flatMap((each) => ('S' in each ? [each.S] : [])) : [];
}
