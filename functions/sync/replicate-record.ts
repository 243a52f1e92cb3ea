import { type RecordItems, sourcesIn } from '../migration/demand.ts';
import { kpiKeyOf, RECORD_SOURCES, type RecordSource } from '../migration/sources.ts';
import { distinctKpis, type KpiKey, NO_KPI } from '../model/kpi.ts';
import { commitRecord } from './commit-record.ts';
import type { KpiView, KpiViews } from './kpi-views.ts';
import { decideRecord, type RecordDecision, type RecordRefusal, type RecordSnapshot } from './record-decision.ts';
import { type RecordScope, type RecordTokens, readRecordSnapshot } from './record-snapshot.ts';
import { isSameRead, type Refusal, reasonOfRefusal, standingRefusal, withRefusals } from './refusal.ts';
import { quarantineByName } from './refused-by-name.ts';
import type { Replication } from './replication.ts';

/** A record that may have changed. Nothing in it is content: it only says which item to look at, and where. */
export interface RecordChange {
  readonly id: string;
  /** The KPIs it was seen in: those of every old and new image. */
  readonly kpis: readonly KpiKey[];
  /**
   * The tables it changed in. Empty where only its links changed: then quarantine is looked at where the record-token
   * row says that the record is in it.
   */
  readonly sources: readonly RecordSource[];
}

export interface RecordResult {
  readonly change: RecordChange;
  readonly outcome: RecordDecision['outcome'];
  readonly rowsWritten: number;
  /** What the decision was made on: of each KPI the links as of this token. */
  readonly seen: readonly SeenLinks[];
  /** Why the record is in quarantine as `refused`. */
  readonly refusal?: unknown;
}

export type SeenLinks = Pick<KpiView, 'kpi' | 'linksToken'>;

/** What a decision on a record is made on. */
interface RecordState {
  readonly base: RecordItems;
  readonly kpis: readonly SeenLinks[];
}

/**
 * Brings one record's rows to what the old tables demand: steps 1 to 4 of the protocol (README.md). The tokens are read
 * first, then the state, and the write takes effect only while the tokens still stand.
 *
 * A record that is refused for its own reason has its rows taken away and goes into quarantine, by the same steps.
 *
 * A crash before the commit leaves nothing behind; between two commits of a record with very many rows it leaves a part,
 * which the next delivery completes.
 *
 * @param views the links last seen: a guess at the candidates, proven by the snapshot; kept up to date.
 * @throws ContentionError where others kept changing the record; what its refusal was where quarantine was refused, too.
 */
export function replicateRecord(
  replication: Replication,
  views: KpiViews,
  change: RecordChange,
): Promise<RecordResult> {
  let scope = firstScope(change);
  return withRefusals<RecordState, RecordResult>(round, sameState, 'a record');

  async function round(
    refusal: Refusal<RecordState> | undefined,
    tell: (state: RecordState) => void,
  ): Promise<RecordResult | undefined> {
    if (refusal?.form === 'name') return quarantineByName(replication, views, change, refusal);
    const read = await readRecordSnapshot(replication, views, change.id, scope);
    if (read.kind === 'untouched') await touch(replication, change.id, scope, read.tokens);
    if (read.kind !== 'whole') return undefined;
    const { snapshot } = read;
    const base = (await replication.old.readRecords([change.id])).get(change.id) ?? {};
    const wider = widened(scope, base, snapshot.inQuarantine);
    if (wider) {
      scope = wider;
      return undefined;
    }
    const seen = snapshot.kpis.map(seenOf);
    const state = { base, kpis: seen };
    tell(state);
    const decide = (refused?: Refusal<RecordState>) =>
      decideNow(
        replication,
        change.id,
        base,
        snapshot,
        refused && { reason: reasonOfRefusal(refused), form: refused.form },
      );
    const isThrough = async (): Promise<boolean> => isAsDecided(decide());
    const refused = await standingRefusal(refusal, (before) => sameState(before, state), isThrough);
    const decision = decide(refused);
    if (decision.outcome === 'quarantined' && scope.sources.length === 0) {
      scope = { ...scope, sources: sourcesIn(base) };
      return undefined;
    }
    if (!(await commitRecord(replication, change.id, scope, snapshot, decision))) return undefined;
    const { outcome, rowsChanged } = decision;
    const isRefused = refused !== undefined && outcome === 'quarantined';
    return {
      change,
      outcome,
      rowsWritten: rowsChanged,
      seen,
      ...(isRefused && { refusal: refused.error }),
    };
  }
}

/** Where a changed record is looked at first. */
export function firstScope({ kpis, sources }: RecordChange): RecordScope {
  return { kpis: kpis.length > 0 ? distinctKpis(kpis) : [NO_KPI], sources };
}

/** What brings a record that was read like this to what the old tables demand, as of now. */
export function decideNow(
  { heldRecords, nowMs }: Pick<Replication, 'heldRecords' | 'nowMs'>,
  recordId: string,
  base: RecordItems,
  snapshot: RecordSnapshot,
  refusal?: RecordRefusal,
): RecordDecision {
  return decideRecord(recordId, base, snapshot, heldRecords, new Date(nowMs()).toISOString(), refusal);
}

/** Whether rows and quarantine are already as the decision wants them. */
export function isAsDecided({ rowsChanged, entries }: RecordDecision): boolean {
  return rowsChanged === 0 && entries.every((writes) => writes.length === 0);
}

/** Moves the record's token on and writes its touched-record rows, and changes nothing else. */
async function touch(
  replication: Replication,
  recordId: string,
  scope: RecordScope,
  tokens: RecordTokens,
): Promise<void> {
  const nothing = { writes: [], entries: [], quarantined: tokens.inQuarantine };
  await commitRecord(replication, recordId, scope, tokens, nothing);
}

/** Views of thousands of links are not kept for each record. */
export function seenOf({ kpi, linksToken }: KpiView): SeenLinks {
  return { kpi, ...(linksToken !== undefined && { linksToken }) };
}

/** The same attempt would be made on both: at the same items, for the same links. */
function sameState(left: RecordState, right: RecordState): boolean {
  const links = ({ kpis }: RecordState): string => JSON.stringify(kpis.map(({ kpi, linksToken }) => [kpi, linksToken]));
  return (
    links(left) === links(right) && RECORD_SOURCES.every((source) => isSameRead(left.base[source], right.base[source]))
  );
}

/** The scope with the KPIs and tables the base items name, or undefined where they are in it already. */
export function widened(
  scope: RecordScope,
  base: RecordItems,
  inQuarantine: readonly RecordSource[],
): RecordScope | undefined {
  const kpis = distinctKpis([...scope.kpis, ...Object.values(base).map(kpiKeyOf)]);
  const asked = [...new Set([...scope.sources, ...inQuarantine])];
  const sources = asked.length === 0 ? [] : [...new Set([...asked, ...sourcesIn(base)])];
  return kpis.length === scope.kpis.length && sources.length === scope.sources.length ? undefined : { kpis, sources };
}
