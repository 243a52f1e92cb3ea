import { createHash } from 'node:crypto';
import { type AttributeValue, type Item, textOf } from '../model/attribute-value.ts';
import { type KpiKey, type LinkReference, RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
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

/** Longest text put into a key as it is; anything longer is hashed, since keys are bounded (1,024 bytes a sort key). */
const KEY_PART_LENGTH_MAX = 600;

/** A text as part of a key; texts that differ give keys that differ. */
export function keyPart(text: string): string {
  // A lone surrogate has no percent encoding, and UTF-8 makes one character of all of them.
  if (!text.isWellFormed()) return hashed('sha256-utf16', Buffer.from(text, 'utf16le'));
  const encoded = encodeURIComponent(text);
  return encoded.length <= KEY_PART_LENGTH_MAX ? encoded : hashed('sha256', text);
}

function hashed(prefix: string, content: string | Buffer): string {
  return `${prefix}-${createHash('sha256').update(content).digest('hex')}`;
}

const RECORD_PREFIX = 'record#';
const LINKS_SORT = 'links';
const TOKEN_SORT = 'token';

/** The partition that holds a KPI's K row and C rows. */
export function kpiPartition(kpi: KpiKey): string {
  return `kpi#${keyPart(kpi.tenantId)}#${keyPart(kpi.kpiId)}`;
}

export function controlKey(partition: string, sort: string): RowKey {
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

export function mapOf(item: Item, name: string): Item {
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

/**
 * The stored form of an R row.
 *
 * @param quarantined the tables whose item with this id is in quarantine: while there is one, the row does not expire.
 */
export function encodeRecordToken(
  recordId: string,
  token: string,
  expiresAt: number,
  quarantined: readonly RecordSource[],
): Item {
  return {
    ...recordTokenKey(recordId).key,
    token: { S: token },
    ...(quarantined.length === 0
      ? { expires_at: { N: String(expiresAt) } }
      : { quarantined: { SS: [...quarantined] } }),
  };
}

/** The tables that an R row names: so quarantine is read only for records that are in it. */
export function decodeQuarantined(item: Item | undefined): readonly RecordSource[] {
  const value = item?.quarantined;
  const names = value !== undefined && 'SS' in value ? value.SS : [];
  return RECORD_SOURCES.filter((source) => names.includes(source));
}
