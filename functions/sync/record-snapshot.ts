import { type Item, textOf } from '../model/attribute-value.ts';
import { type KpiKey, kpiIdentity, type RecordSource } from '../model/sources.ts';
import {
  decodeExpiry,
  decodeKpiRow,
  decodeQuarantined,
  type KpiRow,
  kpiRowKey,
  recordTokenKey,
  touchedRecordKey,
} from '../tables/control-rows.ts';
import { decodeQuarantineEntry, quarantineKey } from '../tables/quarantine-rows.ts';
import { type RowKey, TRANSACTION_ITEMS_MAX, TransactionTooLargeError } from '../tables/transactions.ts';
import { candidateRowIds, type RecordSnapshot } from './record-decision.ts';
import type { Replication } from './replication.ts';

/** Where a record's rows and quarantine entries may be. */
export interface RecordScope {
  readonly kpis: readonly KpiKey[];
  readonly sources: readonly RecordSource[];
}

export interface TokenedSnapshot extends RecordSnapshot {
  /** The R row's token; null where there is no row yet. */
  readonly token: string | null;
  /** The tables whose item is in quarantine, as the R row has it. */
  readonly inQuarantine: readonly RecordSource[];
  /** When the C rows expire, in epoch seconds and the order of the scope's KPIs; 0 where there is no row yet. */
  readonly expiries: readonly number[];
}

/** Rows that fit a 4 MB transaction even if each is as large as an item can be, beside a K row as large. */
const ROWS_OF_ANY_SIZE = 8;

/**
 * One atomic read of R, K, C, the quarantine entries and all candidate rows.
 *
 * @param views the K rows last read, by KPI identity: a guess at the candidates, proven by the read; kept up to date.
 * @returns undefined where a K row shows links that the read did not cover, or the parts of a read too large for one
 * transaction are not of one state: then it is to be repeated.
 */
export async function readRecordSnapshot(
  replication: Replication,
  views: Map<string, KpiRow>,
  recordId: string,
  scope: RecordScope,
): Promise<TokenedSnapshot | undefined> {
  const expected = await viewsOf(replication, views, scope.kpis);
  const rowIds = candidateRowIds(recordId, expected);
  const heads = [
    recordTokenKey(recordId),
    ...scope.kpis.map(kpiRowKey),
    ...scope.kpis.map((kpi) => touchedRecordKey(kpi, recordId)),
    ...scope.sources.map((source) => quarantineKey(source, recordId)),
  ];
  const read = await readInParts(replication, heads, rowIds, 1 + scope.kpis.length);
  if (read === undefined) return undefined;

  const [token, ...others] = read.heads;
  const count = scope.kpis.length;
  const kpis = scope.kpis.map((kpi, at) => decodeKpiRow(kpi, others[at]));
  for (const kpi of kpis) views.set(kpiIdentity(kpi.kpi), kpi);
  const covered = new Set(rowIds);
  if (candidateRowIds(recordId, kpis).some((id) => !covered.has(id))) return undefined;
  const expiries = others.slice(count, 2 * count).map(decodeExpiry);
  return {
    kpis,
    firstTouch: expiries.includes(0),
    rows: read.rows,
    token: textOf(token, 'token') ?? null,
    inQuarantine: decodeQuarantined(token),
    expiries,
    quarantined: new Map(
      scope.sources.map((source, at) => {
        const item = others[2 * count + at];
        return [source, item && decodeQuarantineEntry(item)];
      }),
    ),
  };
}

async function viewsOf(
  replication: Replication,
  views: Map<string, KpiRow>,
  kpis: readonly KpiKey[],
): Promise<KpiRow[]> {
  const unknown = kpis.filter((kpi) => !views.has(kpiIdentity(kpi)));
  if (unknown.length > 0) {
    for (const row of await replication.control.readKpis(unknown)) views.set(kpiIdentity(row.kpi), row);
  }
  return kpis.map((kpi) => views.get(kpiIdentity(kpi)) ?? decodeKpiRow(kpi, undefined));
}

interface PartsRead {
  readonly heads: readonly (Item | undefined)[];
  readonly rows: ReadonlyMap<string, Item>;
}

/** Reads the heads with every part of the rows; undefined where the first `guarded` heads' tokens differ between parts. */
async function readInParts(
  replication: Replication,
  heads: readonly RowKey[],
  rowIds: readonly string[],
  guarded: number,
  rowsMax = TRANSACTION_ITEMS_MAX - heads.length,
): Promise<PartsRead | undefined> {
  const rows = new Map<string, Item>();
  let first: readonly (Item | undefined)[] = [];
  for (let start = 0; start < rowIds.length; start += rowsMax) {
    const part = rowIds.slice(start, start + rowsMax);
    const keys = [...heads, ...part.map((id): RowKey => ({ table: 'kpiData', key: { id: { S: id } } }))];
    let items: readonly (Item | undefined)[];
    try {
      items = await replication.transactions.read(keys);
    } catch (error) {
      if (!(error instanceof TransactionTooLargeError) || rowsMax <= ROWS_OF_ANY_SIZE) throw error;
      return readInParts(replication, heads, rowIds, guarded, ROWS_OF_ANY_SIZE);
    }
    if (start === 0) first = items.slice(0, heads.length);
    for (let at = 0; at < guarded; at += 1) {
      if (textOf(first[at], 'token') !== textOf(items[at], 'token')) return undefined;
    }
    for (const [at, id] of part.entries()) {
      const item = items[heads.length + at];
      if (item) rows.set(id, item);
    }
  }
  return { heads: first, rows };
}
