import { itemBytes } from '../model/item-size.ts';
import { distinctKpis, type KpiKey, kpiKeyOf, NO_KPI, RECORD_SOURCES, type RecordSource } from '../model/sources.ts';
import { encodeRecordToken, encodeTouchedRecord } from '../tables/control-rows.ts';
import { TRANSACTION_ITEMS_MAX, type Write } from '../tables/transactions.ts';
import type { KpiView, KpiViews } from './kpi-views.ts';
import { decideRecord, type RecordBase, type RecordDecision } from './record-decision.ts';
import { type RecordScope, type RecordTokens, readRecordSnapshot } from './record-snapshot.ts';
import {
  ATTEMPTS_MAX,
  ContentionError,
  limitsOf,
  nowSeconds,
  type Replication,
  retentionSeconds,
} from './replication.ts';

/** A record that may have changed. Nothing in it is content: it only says which item to look at, and where. */
export interface RecordChange {
  readonly id: string;
  /** The KPIs it was seen in: those of every old and new image. */
  readonly kpis: readonly KpiKey[];
  /** The tables it changed in. Empty where only its links changed: then quarantine is not looked at. */
  readonly sources: readonly RecordSource[];
}

export interface RecordResult {
  readonly change: RecordChange;
  readonly outcome: RecordDecision['outcome'];
  readonly rowsWritten: number;
  /** What the decision was made on: of each KPI the links as of this token. */
  readonly seen: readonly Pick<KpiView, 'kpi' | 'linksToken'>[];
}

/** What moves the record's tokens on and touches it, and changes nothing else. */
const NO_WRITES: Pick<RecordDecision, 'writes' | 'entries'> = { writes: [], entries: [] };

/** Bytes put into one transaction at most; DynamoDB refuses more than 4 MB. */
const TRANSACTION_BYTES_MAX = 3_500_000;

/**
 * Brings one record's rows to what the old tables demand: steps 1 to 4 of the protocol (README.md). The tokens are read
 * first, then the state, and the write takes effect only while the tokens still stand.
 *
 * A crash before the commit leaves nothing behind; between two commits of a record with very many rows it leaves a part,
 * which the next delivery completes.
 *
 * @param views the links last seen: a guess at the candidates, proven by the snapshot; kept up to date.
 * @throws ContentionError where others kept changing the record.
 */
export async function replicateRecord(
  replication: Replication,
  views: KpiViews,
  change: RecordChange,
): Promise<RecordResult> {
  let scope: RecordScope = {
    kpis: change.kpis.length > 0 ? distinctKpis(change.kpis) : [NO_KPI],
    sources: change.sources,
  };
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const read = await readRecordSnapshot(replication, views, change.id, scope);
    if (read.kind === 'untouched') await commit(replication, change.id, scope, read.tokens, NO_WRITES);
    if (read.kind !== 'whole') continue;
    const { snapshot } = read;
    const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};
    const wider = widened(scope, base);
    if (wider) {
      scope = wider;
      continue;
    }
    const quarantinedAt = new Date(replication.nowMs()).toISOString();
    const decision = decideRecord(change.id, base, snapshot, replication.heldRecords, quarantinedAt);
    if (decision.outcome === 'quarantined' && scope.sources.length === 0) {
      scope = { ...scope, sources: sourcesIn(base) };
      continue;
    }
    if (await commit(replication, change.id, scope, snapshot, decision)) {
      return { change, outcome: decision.outcome, rowsWritten: decision.rowsChanged, seen: snapshot.kpis.map(seenOf) };
    }
  }
  throw new ContentionError('a record');
}

/** Views of thousands of links are not kept for each record. */
function seenOf({ kpi, linksToken }: KpiView): Pick<KpiView, 'kpi' | 'linksToken'> {
  return { kpi, ...(linksToken !== undefined && { linksToken }) };
}

function sourcesIn(base: RecordBase): RecordSource[] {
  return RECORD_SOURCES.filter((source) => base[source] !== undefined);
}

/** The scope with the KPIs and tables the base items name, or undefined where they are in it already. */
function widened(scope: RecordScope, base: RecordBase): RecordScope | undefined {
  const kpis = distinctKpis([...scope.kpis, ...Object.values(base).map(kpiKeyOf)]);
  const sources = scope.sources.length === 0 ? [] : [...new Set([...scope.sources, ...sourcesIn(base)])];
  return kpis.length === scope.kpis.length && sources.length === scope.sources.length ? undefined : { kpis, sources };
}

/**
 * Writes the decision with a fresh token in the R row, each part on the condition of the token before. Also where there is nothing
 * else to write: the fresh token is what stops an earlier attempt whose write is still under way. C rows are written where they are
 * missing or half of their time has passed.
 */
async function commit(
  replication: Replication,
  recordId: string,
  { kpis }: RecordScope,
  tokens: RecordTokens,
  { writes, entries }: Pick<RecordDecision, 'writes' | 'entries'>,
): Promise<boolean> {
  const now = nowSeconds(replication);
  const expiresAt = now + retentionSeconds(replication);
  const due = kpis.filter((_, at) => (tokens.expiries[at] ?? 0) < now + retentionSeconds(replication) / 2);
  const touched = due.map((kpi): Write => {
    return { kind: 'put', table: 'control', item: encodeTouchedRecord(kpi, recordId, expiresAt) };
  });
  let current = tokens.token;
  const groups = [...[...touched, ...writes].map((write) => [write]), ...entries];
  const itemsMax = Math.min(limitsOf(replication).rowsPerTransactionMax, TRANSACTION_ITEMS_MAX - 1);
  for (const part of parts(groups, itemsMax)) {
    const token = replication.newToken();
    const item = encodeRecordToken(recordId, token, expiresAt);
    const fence: Write = { kind: 'put', table: 'control', item, ifToken: current };
    if (!(await replication.transactions.write([fence, ...part]))) return false;
    current = token;
  }
  return true;
}

/**
 * Cuts writes into parts that fit a transaction by number and by bytes; one empty part where there are none. Writes of one group stay
 * together: there is none that does not fit by itself.
 */
function parts(groups: readonly (readonly Write[])[], itemsMax: number): Write[][] {
  const all: Write[][] = [[]];
  let bytes = 0;
  for (const group of groups) {
    const size = group.reduce((sum, write) => sum + (write.kind === 'put' ? itemBytes(write.item) : 0), 0);
    const last = all.at(-1) as Write[];
    if (last.length > 0 && (last.length + group.length > itemsMax || bytes + size > TRANSACTION_BYTES_MAX)) {
      all.push([...group]);
      bytes = size;
    } else {
      last.push(...group);
      bytes += size;
    }
  }
  return all;
}
