import pMap from 'p-map';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { NEW_DATA } from '../../functions/migration/tables.ts';
import { inChunks } from '../../functions/model/chunks.ts';
import { distinctKpis, type KpiKey, kpiIdentity } from '../../functions/model/kpi.ts';
import { KpiViews } from '../../functions/sync/kpi-views.ts';
import { candidateRowIds } from '../../functions/sync/record-decision.ts';
import { decideNow, isAsDecided, type RecordChange } from '../../functions/sync/replicate-record.ts';
import { attempt, attemptLater } from '../../functions/tables/dynamo/attempt.ts';
import type { Copier } from './copier.ts';

/** Records compared by one round of batched reads: three full batches of items, and about two of rows. */
const RECORDS_AT_ONCE = 100;

/**
 * Which of the records are not as the old tables demand, by plain strong reads in batches, which move no token. For the
 * sweep alone, which begins when no copier can put a row any more. Then a record that is as demanded needs nothing:
 *
 * - Whatever changes it, or its links, later than these reads has an event, and that brings it by the protocol.
 * - Whatever had changed it before, by an event, has moved its token or will. So an attempt that was made on an older
 *   state, and is still under way, is refused, or its event is not done yet.
 *
 * What these reads cannot tell is left to the protocol: a record in or for quarantine, one held for a personal link, one
 * of a KPI with spilled links (plain reads may see a transaction on these in part), and what cannot be read.
 */
export async function recordsThatDiffer(
  { replication, data }: Pick<Copier, 'replication' | 'data'>,
  changes: readonly RecordChange[],
): Promise<readonly RecordChange[]> {
  const differing = await pMap(
    inChunks(changes, RECORDS_AT_ONCE),
    async (page) => {
      const found = await attemptLater(() => differingOf(replication, data, page));
      return 'error' in found ? page : found.value;
    },
    { concurrency: replication.recordConcurrency },
  );
  return differing.flat();
}

async function differingOf(
  replication: Copier['replication'],
  data: Copier['data'],
  changes: readonly RecordChange[],
): Promise<readonly RecordChange[]> {
  const quarantined = await replication.control.recordsInQuarantine(changes.map(({ id }) => id));
  const bases = await replication.old.readRecords(changes.map(({ id }) => id));
  const views = new KpiViews(replication);
  const kpisOf = ({ id, kpis }: RecordChange): KpiKey[] =>
    distinctKpis([...kpis, ...Object.values(bases.get(id) ?? {}).map(kpiKeyOf)]);
  await views.look(distinctKpis(changes.flatMap(kpisOf)));
  const plain = changes.filter(({ id }) => !quarantined.has(id));
  const inline = plain.filter((change) => kpisOf(change).every((kpi) => views.head(kpi)?.spilled === undefined));
  const guesses = await views.guess(distinctKpis(inline.flatMap(kpisOf)));
  const viewOf = new Map(guesses.map((view) => [kpiIdentity(view.kpi), view]));
  const compared = inline.map((change) => {
    const kpis = kpisOf(change).flatMap((kpi) => viewOf.get(kpiIdentity(kpi)) ?? []);
    return { change, kpis, candidates: candidateRowIds(change.id, kpis) };
  });
  const stored = await data.readRows(
    NEW_DATA,
    compared.flatMap(({ candidates }) => candidates),
  );
  const right = compared.filter(({ change, kpis, candidates }) => {
    const rows = new Map(candidates.flatMap((id) => (stored.has(id) ? [[id, stored.get(id) ?? {}] as const] : [])));
    const snapshot = { kpis, firstTouch: false, candidates, rows, quarantined: new Map() };
    const decision = attempt(() => decideNow(replication, change.id, bases.get(change.id) ?? {}, snapshot));
    return 'value' in decision && isRight(replication, decision.value);
  });
  const settled = new Set(right.map(({ change }) => change));
  return changes.filter((change) => !settled.has(change));
}

function isRight({ heldRecords }: Copier['replication'], decision: ReturnType<typeof decideNow>): boolean {
  if (decision.outcome === 'quarantined') return false;
  if (decision.outcome === 'held' && heldRecords === 'personal-link') return false;
  return isAsDecided(decision);
}
