import pMap from 'p-map';
import type { RecordSource } from '../migration/sources.ts';
import { NEW_DATA } from '../migration/tables.ts';
import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import { inChunks } from '../model/chunks.ts';
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
import type { KpiView, KpiViews } from './kpi-views.ts';
import { type NamedItems, readNamed } from './read-named.ts';
import { candidateRowIds, type RecordSnapshot } from './record-decision.ts';
import { limitsOf, READS_AT_ONCE, type Replication } from './replication.ts';

/** Where a record's rows and quarantine entries may be. */
export interface RecordScope {
  readonly kpis: readonly KpiKey[];
  readonly sources: readonly RecordSource[];
}

/** What a record's commit is conditional on, and what of its token rows it renews. */
export interface RecordTokens {
  /** The record's token; null where there is none yet. */
  readonly token: string | null;
  /** The tables whose item is in quarantine, as the record-token row has it. */
  readonly inQuarantine: readonly RecordSource[];
  /** When the touched-record rows expire, in epoch seconds, in the order of the scope's KPIs; 0 for a missing row. */
  readonly expiries: readonly number[];
}

export interface TokenedSnapshot extends RecordSnapshot, RecordTokens {}

export type SnapshotResult =
  | { readonly kind: 'whole'; readonly snapshot: TokenedSnapshot }
  /** Links changed while it was read: it is to be read again. */
  | { readonly kind: 'outdated' }
  /** A touched-record row is missing, and one transaction cannot hold all candidates: that row is written first. */
  | { readonly kind: 'untouched'; readonly tokens: RecordTokens };

/**
 * Reads the record's token, its KPI rows, touched-record rows, quarantine entries and all candidate rows in one
 * transaction. If there are too many candidates, it reads some of them and then the others. Whoever writes the record's
 * rows in between moves its token, so the write that this read is made for is refused.
 *
 * A first touch demands that no unwanted candidate has come meanwhile (record-decision.ts). If that takes more than one
 * transaction, it is cheaper to write the touched-record rows first and to read the candidates after that.
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
  const { heads, rows } = await readInParts(replication, headKeysOf(recordId, scope), rowIds);
  return snapshotOf(views, recordId, scope, { guesses, rowIds }, heads, rows);
}

/** Under which ids a record's rows were looked for, and by which links. */
export interface Guessed {
  readonly guesses: readonly KpiView[];
  readonly rowIds: readonly string[];
}

/**
 * What was read of a record, if the guess that it was read by is proven by the same read.
 *
 * @param rows absent where they are not worth reading as they are.
 */
export function snapshotOf(
  views: KpiViews,
  recordId: string,
  scope: RecordScope,
  { guesses, rowIds }: Guessed,
  heads: Heads,
  rows: ReadonlyMap<string, Item> | undefined,
): SnapshotResult {
  const proven = guesses.map((guess, at) => views.prove(guess, decodeKpiRow(guess.kpi, heads.kpis[at])));
  const tokens = tokensOf(heads);
  if (rows === undefined) return { kind: 'untouched', tokens };
  const kpis = proven.filter((view) => view !== undefined);
  if (kpis.length < scope.kpis.length) return { kind: 'outdated' };
  const isGuessed = kpis.every((view, at) => view === guesses[at]);
  const covered = new Set(isGuessed ? [] : rowIds);
  if (!isGuessed && candidateRowIds(recordId, kpis).some((id) => !covered.has(id))) return { kind: 'outdated' };

  const quarantined = new Map(
    scope.sources.map((source, at) => {
      const item = heads.entries[at];
      return [source, item && decodeQuarantineEntry(item)];
    }),
  );
  return {
    kind: 'whole',
    snapshot: { ...tokens, kpis, candidates: rowIds, firstTouch: !isTouched(tokens), rows, quarantined },
  };
}

/** The data row of this id. */
export function dataRowKey(id: string): RowKey {
  return { table: NEW_DATA, key: { id: { S: id } } };
}

/** What is read of a record beside its rows. */
export function headKeysOf(recordId: string, { kpis, sources }: RecordScope) {
  return {
    token: recordTokenKey(recordId),
    kpis: kpis.map(kpiRowKey),
    touched: kpis.map((kpi) => touchedRecordKey(kpi, recordId)),
    entries: sources.map((source) => quarantineKey(source, recordId)),
  };
}

type HeadKeys = ReturnType<typeof headKeysOf>;
type Heads = NamedItems<HeadKeys>;

function tokensOf({ token, touched }: Heads): RecordTokens {
  return {
    token: textOf(token, 'token') ?? null,
    inQuarantine: decodeQuarantined(token),
    expiries: touched.map(decodeExpiry),
  };
}

function isTouched({ expiries }: RecordTokens): boolean {
  return !expiries.includes(0);
}

interface PartsRead {
  readonly heads: Heads;
  /** Absent where only the first part was read: by the heads, more than one part is not worth reading. */
  readonly rows?: ReadonlyMap<string, Item>;
}

/** Reads the heads and then the rows, in as many transactions as it takes. */
async function readInParts(
  replication: Replication,
  headKeys: HeadKeys,
  rowIds: readonly string[],
  ofAnySize = false,
): Promise<PartsRead> {
  const rows = new Map<string, Item>();
  const keep = (found: readonly (Item | undefined)[]): void => {
    for (const row of found) if (row) rows.set(idOf(row), row);
  };
  const { rowsPerTransactionMax } = limitsOf(replication);
  const rowsMax = ofAnySize ? Math.min(rowsPerTransactionMax, ITEMS_OF_ANY_SIZE_MAX) : rowsPerTransactionMax;
  const firstMax = Math.min(rowsMax, TRANSACTION_ITEMS_MAX - Object.values(headKeys).flat().length);
  try {
    const first = rowIds.slice(0, firstMax);
    const { rows: firstRows, ...heads } = await readNamed(replication, { ...headKeys, rows: first.map(dataRowKey) });
    keep(firstRows);
    const parts = inChunks(rowIds.slice(firstMax), rowsMax);
    if (parts.length > 0 && !isTouched(tokensOf(heads))) return { heads };
    await pMap(parts, async (part) => keep(await replication.transactions.read(part.map(dataRowKey))), {
      concurrency: READS_AT_ONCE,
    });
    return { heads, rows };
  } catch (error) {
    if (!(error instanceof TransactionTooLargeError) || ofAnySize) throw error;
    return readInParts(replication, headKeys, rowIds, true);
  }
}
