import pMap from 'p-map';
import type { RecordSource } from '../migration/sources.ts';
import { NEW_DATA } from '../migration/tables.ts';
import { type Item, textOf } from '../model/attribute-value.ts';
import type { KpiKey } from '../model/kpi.ts';
import { decodeExpiry, decodeQuarantined, recordTokenKey, touchedRecordKey } from '../tables/control/control-rows.ts';
import { decodeKpiRow, kpiRowKey } from '../tables/control/kpi-rows.ts';
import { decodeQuarantineEntry, quarantineKey } from '../tables/control/quarantine-rows.ts';
import {
  ITEMS_OF_ANY_SIZE_MAX,
  type RowKey,
  TRANSACTION_ITEMS_MAX,
  TransactionTooLargeError,
} from '../tables/dynamo/transactions.ts';
import type { KpiViews } from './kpi-views.ts';
import { candidateRowIds, type RecordSnapshot } from './record-decision.ts';
import { limitsOf, READS_AT_ONCE, type Replication } from './replication.ts';

/** Where a record's rows and quarantine entries may be. */
export interface RecordScope {
  readonly kpis: readonly KpiKey[];
  readonly sources: readonly RecordSource[];
}

/** What a record's commit is conditional on, and what of its token rows it renews. */
export interface RecordTokens {
  /** The R row's token; null where there is no row yet. */
  readonly token: string | null;
  /** The tables whose item is in quarantine, as the R row has it. */
  readonly inQuarantine: readonly RecordSource[];
  /** When the C rows expire, in epoch seconds and the order of the scope's KPIs; 0 where there is no row yet. */
  readonly expiries: readonly number[];
}

export interface TokenedSnapshot extends RecordSnapshot, RecordTokens {}

export type SnapshotResult =
  | { readonly kind: 'whole'; readonly snapshot: TokenedSnapshot }
  /** Links changed while it was read: it is to be read again. */
  | { readonly kind: 'outdated' }
  /** A C row is missing and there are too many candidates for one transaction: the C rows are to be written first. */
  | { readonly kind: 'untouched'; readonly tokens: RecordTokens };

/**
 * One atomic read of R, K, C, the quarantine entries and all candidate rows; or, where these are too many, of some of them, and of the others
 * afterwards. Whoever writes the record's rows in between moves the R row's token, and the write that this read is made for is refused.
 *
 * A first touch demands of each unwanted candidate that no row has come (record-decision.ts). Where that takes more than one transaction
 * it is cheaper to write the C row first, and to read the candidates after that.
 *
 * @param views the links last seen: a guess at the candidates, proven by the read; kept up to date.
 */
export async function readRecordSnapshot(
  replication: Replication,
  views: KpiViews,
  recordId: string,
  scope: RecordScope,
): Promise<SnapshotResult> {
  const guesses = await views.guess(scope.kpis);
  const rowIds = candidateRowIds(recordId, guesses);
  const heads = [
    recordTokenKey(recordId),
    ...scope.kpis.map(kpiRowKey),
    ...scope.kpis.map((kpi) => touchedRecordKey(kpi, recordId)),
    ...scope.sources.map((source) => quarantineKey(source, recordId)),
  ];
  const count = scope.kpis.length;
  const tokensOf = ([token, ...others]: readonly (Item | undefined)[]): RecordTokens => ({
    token: textOf(token, 'token') ?? null,
    inQuarantine: decodeQuarantined(token),
    expiries: others.slice(count, 2 * count).map(decodeExpiry),
  });
  const isTouched = (items: readonly (Item | undefined)[]): boolean => !tokensOf(items).expiries.includes(0);

  const read = await readInParts(replication, heads, rowIds, isTouched);
  const [, ...others] = read.heads;
  const proven = guesses.map((guess, at) => views.prove(guess, decodeKpiRow(guess.kpi, others[at])));
  if (read.rows === undefined) return { kind: 'untouched', tokens: tokensOf(read.heads) };
  const kpis = proven.filter((view) => view !== undefined);
  if (kpis.length < count) return { kind: 'outdated' };
  const isGuessed = kpis.every((view, at) => view === guesses[at]);
  const covered = new Set(isGuessed ? [] : rowIds);
  if (!isGuessed && candidateRowIds(recordId, kpis).some((id) => !covered.has(id))) return { kind: 'outdated' };

  const tokens = tokensOf(read.heads);
  const quarantined = new Map(
    scope.sources.map((source, at) => {
      const item = others[2 * count + at];
      return [source, item && decodeQuarantineEntry(item)];
    }),
  );
  const firstTouch = tokens.expiries.includes(0);
  return { kind: 'whole', snapshot: { ...tokens, kpis, candidates: rowIds, firstTouch, rows: read.rows, quarantined } };
}

interface PartsRead {
  readonly heads: readonly (Item | undefined)[];
  /** Absent where only the first part was read. */
  readonly rows?: ReadonlyMap<string, Item>;
}

/**
 * Reads the heads and then the rows, in as many transactions as it takes.
 *
 * @param isTouched whether, by the heads, more than one part is worth reading.
 */
async function readInParts(
  replication: Replication,
  heads: readonly RowKey[],
  rowIds: readonly string[],
  isTouched: (heads: readonly (Item | undefined)[]) => boolean,
  ofAnySize = false,
): Promise<PartsRead> {
  const rows = new Map<string, Item>();
  const readPart = async (others: readonly RowKey[], ids: readonly string[]) => {
    const keys = ids.map((id): RowKey => ({ table: NEW_DATA, key: { id: { S: id } } }));
    const items = await replication.transactions.read([...others, ...keys]);
    for (const [at, id] of ids.entries()) {
      const item = items[others.length + at];
      if (item) rows.set(id, item);
    }
    return items.slice(0, others.length);
  };
  const { rowsPerTransactionMax } = limitsOf(replication);
  const rowsMax = ofAnySize ? Math.min(rowsPerTransactionMax, ITEMS_OF_ANY_SIZE_MAX) : rowsPerTransactionMax;
  const firstMax = Math.min(rowsMax, TRANSACTION_ITEMS_MAX - heads.length);
  try {
    const first = await readPart(heads, rowIds.slice(0, firstMax));
    const parts = cut(rowIds.slice(firstMax), rowsMax);
    if (parts.length > 0 && !isTouched(first)) return { heads: first };
    await pMap(parts, (part) => readPart([], part), { concurrency: READS_AT_ONCE });
    return { heads: first, rows };
  } catch (error) {
    if (!(error instanceof TransactionTooLargeError) || ofAnySize) throw error;
    return readInParts(replication, heads, rowIds, isTouched, true);
  }
}

function cut<T>(items: readonly T[], sizeMax: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / sizeMax) }, (_, at) =>
    items.slice(at * sizeMax, (at + 1) * sizeMax),
  );
}
