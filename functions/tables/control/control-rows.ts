import { createHash } from 'node:crypto';
import { kpiAttributes, RECORD_SOURCES, type RecordSource } from '../../migration/sources.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { KpiKey } from '../../model/kpi.ts';
import type { RowKey } from '../dynamo/transactions.ts';

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
const TOKEN_SORT = 'token';

/** The partition of a KPI: its KPI row, spilled links (kpi-rows.ts) and touched-record rows. */
export function kpiPartition(kpi: KpiKey): string {
  return `kpi#${keyPart(kpi.tenantId)}#${keyPart(kpi.kpiId)}`;
}

export function controlKey(partition: string, sort: string): RowKey {
  return { table: 'control', key: { pk: { S: partition }, sk: { S: sort } } };
}

export function touchedRecordKey(kpi: KpiKey, recordId: string): RowKey {
  return controlKey(kpiPartition(kpi), RECORD_PREFIX + keyPart(recordId));
}

/** The key of a record-token row: one for all KPIs a record is seen in. */
export function recordTokenKey(recordId: string): RowKey {
  return controlKey(RECORD_PREFIX + keyPart(recordId), TOKEN_SORT);
}

/** The sort-key prefix of touched-record rows: what a listing of them asks for. */
export const TOUCHED_RECORDS_SORT = RECORD_PREFIX;

export function mapOf(item: Item, name: string): Item | undefined {
  const value = item[name];
  return value !== undefined && 'M' in value ? value.M : undefined;
}

/** The stored form of a touched-record row. `expiresAt`, in epoch seconds, is the table's time-to-live attribute. */
export function encodeTouchedRecord(kpi: KpiKey, recordId: string, expiresAt: number): Item {
  return {
    ...touchedRecordKey(kpi, recordId).key,
    ...kpiAttributes(kpi),
    record_id: { S: recordId },
    expires_at: { N: String(expiresAt) },
  };
}

/** When a stored touched-record row expires, in epoch seconds; 0 where there is none. */
export function decodeExpiry(item: Item | undefined): number {
  const value = item?.expires_at;
  return value !== undefined && 'N' in value ? Number(value.N) : 0;
}

/**
 * The stored form of a record-token row.
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

/** The tables that a record-token row names: so quarantine is read only for records that are in it. */
export function decodeQuarantined(item: Item | undefined): readonly RecordSource[] {
  const value = item?.quarantined;
  const names = value !== undefined && 'SS' in value ? value.SS : [];
  return RECORD_SOURCES.filter((source) => names.includes(source));
}
