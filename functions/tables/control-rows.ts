import { createHash } from 'node:crypto';
import { type AttributeValue, type Item, textOf } from '../model/attribute-value.ts';
import { itemBytes } from '../model/item-size.ts';
import type { QuarantineReason } from '../model/quarantine-reason.ts';
import { type KpiKey, type LinkReference, SOURCES } from '../model/sources.ts';
import { packImage, unpackImage } from './packed-image.ts';
import type { RowKey } from './transactions.ts';

/**
 * A KPI's token row `K`: its links, kept beside KpiLink in one transaction so that they can be read strongly, and
 * tombstones of links that went, whose rows may still have to be removed.
 */
export interface KpiRow {
  readonly kpi: KpiKey;
  /** Fresh and random at every change; absent while the row does not exist. */
  readonly token?: string;
  /** Link id to the exact text of linked_at. */
  readonly links: ReadonlyMap<string, string>;
  /** Link id to the instant, in epoch seconds, at which it was found gone. */
  readonly tombstones: ReadonlyMap<string, number>;
  /** The KPI's own link while it has no other; only with the setting `heldRecords: "personal-link"`. */
  readonly personal?: LinkReference;
  /** The token at the last change of membership or anchor: while it stands, no link came or went. */
  readonly linksToken?: string;
  /** The token at the last such change whose fan-out has not been finished. */
  readonly fanOutPending?: string;
  /** The token at the last such change since the KPI was last swept. */
  readonly sweepPending?: string;
}

/** What quarantine keeps entries of: items of the old tables, and events that could not be read. */
export const QUARANTINE_SOURCES = [...SOURCES, 'events'] as const;

export type QuarantineSource = (typeof QUARANTINE_SOURCES)[number];

/** A quarantined item or event, whole. */
export interface QuarantineRow {
  readonly source: QuarantineSource;
  /** The item's id, or the event's. */
  readonly id: string;
  readonly reason: QuarantineReason;
  /** The item as stored in its old table, or the event as received. */
  readonly image: Item;
  readonly quarantinedAt: string;
  /** Who accepted this very image as lost, and when; absent while nobody has. */
  readonly accepted?: { readonly by: string; readonly at: string };
}

/** Longest text put into a key as it is; anything longer is hashed, since keys are bounded (1,024 bytes a sort key). */
const KEY_PART_LENGTH_MAX = 600;

function keyPart(text: string): string {
  // Half a surrogate pair has no UTF-8, and so neither a percent-encoding nor a digest of its own in that form.
  const encoded = text.isWellFormed() ? encodeURIComponent(text) : undefined;
  if (encoded !== undefined && encoded.length <= KEY_PART_LENGTH_MAX) return encoded;
  const bytes = encoded === undefined ? Buffer.from(text, 'utf16le') : text;
  return `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
}

const RECORD_PREFIX = 'record#';
const LINKS_SORT = 'links';
const TOKEN_SORT = 'token';

/** The partition that holds a KPI's K row and C rows. */
export function kpiPartition(kpi: KpiKey): string {
  return `kpi#${keyPart(kpi.tenantId)}#${keyPart(kpi.kpiId)}`;
}

function controlKey(partition: string, sort: string): RowKey {
  return { table: 'control', key: { pk: { S: partition }, sk: { S: sort } } };
}

export function kpiRowKey(kpi: KpiKey): RowKey {
  return controlKey(kpiPartition(kpi), LINKS_SORT);
}

export function touchedRecordKey(kpi: KpiKey, recordId: string): RowKey {
  return controlKey(kpiPartition(kpi), RECORD_PREFIX + keyPart(recordId));
}

/** The key of an R row: one for all KPIs a record is seen in. */
export function recordTokenKey(recordId: string): RowKey {
  return controlKey(RECORD_PREFIX + keyPart(recordId), TOKEN_SORT);
}

export function quarantineKey(source: QuarantineSource, id: string): RowKey {
  return controlKey(`quarantine#${source}`, keyPart(id));
}

/** The sort-key prefix of C rows, and the sort key of K rows: what a listing of either asks for. */
export const CONTROL_SORT = { touchedRecords: RECORD_PREFIX, kpi: LINKS_SORT } as const;

function textMap(entries: ReadonlyMap<string, string>): AttributeValue {
  return { M: Object.fromEntries([...entries].map(([name, text]) => [name, { S: text }])) };
}

function kpiAttributes(kpi: KpiKey): Item {
  return { tenant_id: { S: kpi.tenantId }, kpi_id: { S: kpi.kpiId } };
}

/** The stored form of a K row; `row.token` must be set. */
export function encodeKpiRow(row: KpiRow & { readonly token: string }): Item {
  return {
    ...kpiRowKey(row.kpi).key,
    ...kpiAttributes(row.kpi),
    token: { S: row.token },
    ...(row.linksToken !== undefined && { links_token: { S: row.linksToken } }),
    links: textMap(row.links),
    tombstones: { M: Object.fromEntries([...row.tombstones].map(([id, at]) => [id, { N: String(at) }])) },
    ...(row.personal && {
      personal: {
        M: {
          link_id: { S: row.personal.id },
          linked_at: { S: row.personal.linkedAt },
        },
      },
    }),
    ...(row.fanOutPending !== undefined && { fan_out_pending: { S: row.fanOutPending } }),
    ...(row.sweepPending !== undefined && { sweep_pending: { S: row.sweepPending } }),
  };
}

function mapOf(item: Item, name: string): Item {
  const value = item[name];
  return value !== undefined && 'M' in value ? value.M : {};
}

/** Reads a stored K row; an absent one is a KPI about which nothing is known yet. */
export function decodeKpiRow(kpi: KpiKey, item: Item | undefined): KpiRow {
  if (item === undefined) return { kpi, links: new Map(), tombstones: new Map() };
  const personal = mapOf(item, 'personal');
  const personalId = textOf(personal, 'link_id');
  const token = textOf(item, 'token');
  const linksToken = textOf(item, 'links_token');
  const fanOutPending = textOf(item, 'fan_out_pending');
  const sweepPending = textOf(item, 'sweep_pending');
  return {
    kpi,
    links: new Map(Object.entries(mapOf(item, 'links')).map(([id, at]) => [id, 'S' in at ? at.S : ''])),
    tombstones: new Map(
      Object.entries(mapOf(item, 'tombstones')).map(([id, at]) => [id, 'N' in at ? Number(at.N) : 0]),
    ),
    ...(token !== undefined && { token }),
    ...(personalId !== undefined && {
      personal: {
        id: personalId,
        linkedAt: textOf(personal, 'linked_at') ?? '',
      },
    }),
    ...(linksToken !== undefined && { linksToken }),
    ...(fanOutPending !== undefined && { fanOutPending }),
    ...(sweepPending !== undefined && { sweepPending }),
  };
}

/** The stored form of a C row. `expiresAt`, in epoch seconds, is the table's time-to-live attribute. */
export function encodeTouchedRecord(kpi: KpiKey, recordId: string, expiresAt: number): Item {
  return {
    ...touchedRecordKey(kpi, recordId).key,
    ...kpiAttributes(kpi),
    record_id: { S: recordId },
    expires_at: { N: String(expiresAt) },
  };
}

/** When a stored C row expires, in epoch seconds; 0 where there is none. */
export function decodeExpiry(item: Item | undefined): number {
  const value = item?.expires_at;
  return value !== undefined && 'N' in value ? Number(value.N) : 0;
}

/** The stored form of an R row. */
export function encodeRecordToken(recordId: string, token: string, expiresAt: number): Item {
  return { ...recordTokenKey(recordId).key, token: { S: token }, expires_at: { N: String(expiresAt) } };
}

/** An item of nearly 400 KB has no room beside it for the reason (DynamoDB service quotas, item size). */
const IMAGE_BYTES_MAX = 300_000;

export function encodeQuarantineRow(row: QuarantineRow): Item {
  const image: Item =
    itemBytes(row.image) <= IMAGE_BYTES_MAX
      ? { image: { M: row.image } }
      : { packed_image: { B: packImage(row.image) } };
  return {
    ...quarantineKey(row.source, row.id).key,
    id: { S: row.id },
    source: { S: row.source },
    reason: { S: JSON.stringify(row.reason) },
    ...image,
    quarantined_at: { S: row.quarantinedAt },
    ...(row.accepted && { accepted: { M: { by: { S: row.accepted.by }, at: { S: row.accepted.at } } } }),
  };
}

export function decodeQuarantineRow(item: Item): QuarantineRow {
  const accepted = mapOf(item, 'accepted');
  const by = textOf(accepted, 'by');
  const packed = item.packed_image;
  return {
    source: (textOf(item, 'source') ?? 'events') as QuarantineSource,
    id: textOf(item, 'id') ?? '',
    reason: JSON.parse(textOf(item, 'reason') ?? '{}') as QuarantineReason,
    image: packed !== undefined && 'B' in packed ? unpackImage(packed.B) : mapOf(item, 'image'),
    quarantinedAt: textOf(item, 'quarantined_at') ?? '',
    ...(by !== undefined && { accepted: { by, at: textOf(accepted, 'at') ?? '' } }),
  };
}
