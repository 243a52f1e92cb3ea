import { distinctKpis, isNamed, type KpiKey } from '../../functions/model/kpi.ts';
import { type FanOutMark, fanOut } from '../../functions/sync/fan-out.ts';
import { noteGivenUp } from '../../functions/sync/given-up.ts';
import type { LinkOrigin } from '../../functions/sync/kpi-decision.ts';
import type { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import { replicatePersonalLink } from '../../functions/sync/personal-link.ts';
import { type LinkChange, type LinkResult, replicateLinks } from '../../functions/sync/replicate-links.ts';
import type { RecordChange, RecordResult } from '../../functions/sync/replicate-record.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import type { UnfinishedItem } from '../../functions/tables/control/unfinished-items.ts';
import { scopeOf } from '../../functions/tables/dynamo/failure-scope.ts';

/** What an operator's command works on items with: the protocol, and time to let others go first. */
export interface Worker {
  readonly replication: Replication;
  /** Resolves after so many milliseconds, or as soon as the command is to stop. */
  readonly pause: (ms: number) => Promise<void>;
}

/** What became of items that were worked on: each is done, or given up and noted. */
export interface Worked<Done> {
  readonly done: readonly Done[];
  readonly unfinished: readonly UnfinishedItem[];
}

/** Pauses after which what others kept changing is tried again. */
const CONTENTION_PAUSES_MS = [500, 2_000, 8_000] as const;

/** Brings records to what the old tables demand, and the KPIs to a link of their own that came by it. */
export async function bringRecords(worker: Worker, changes: readonly RecordChange[]): Promise<Worked<RecordResult>> {
  const due: KpiKey[] = [];
  const { done, givenUp } = await persevere(worker, changes, async (some) => {
    const result = await replicateRecords(worker.replication, some);
    due.push(...result.fanOut);
    return result;
  });
  const unfinished = await noteAll(
    worker,
    givenUp.map(({ change, error }) => ({ ...change, kind: kindOf(change), error })),
  );
  return { done, unfinished: [...unfinished, ...(await bringFanOut(worker, due, 'fan_out_pending'))] };
}

/** A change of one table is of that table's item; else it is of whatever record has the id. */
function kindOf({ sources }: RecordChange): UnfinishedItem['kind'] {
  return sources.length === 1 ? (sources[0] ?? 'records') : 'records';
}

/**
 * Brings links to what the old tables demand, without their records.
 *
 * @param turns shared by all calls that may be under way at the same time.
 */
export async function bringLinks(
  worker: Worker,
  changes: readonly LinkChange[],
  origin: LinkOrigin,
  turns?: KpiTurns,
): Promise<Worked<LinkResult>> {
  const { done, givenUp } = await persevere(worker, changes, (some) =>
    replicateLinks(worker.replication, some, origin, turns),
  );
  const kind = 'links' as const;
  return {
    done,
    unfinished: await noteAll(
      worker,
      givenUp.map(({ change, error }) => ({ ...change, kind, error })),
    ),
  };
}

/**
 * Brings links, and the records of every KPI concerned to them: also links whose own event is not to come any more. A
 * copier leaves what is gone to its event; here it is treated as by the event.
 *
 * @param kpis that are concerned whatever becomes of the links.
 */
export async function bringLinksWhole(
  worker: Worker,
  changes: readonly LinkChange[],
  kpis: readonly KpiKey[] = [],
): Promise<readonly UnfinishedItem[]> {
  const brought = await bringLinks(worker, changes, 'late-backfill');
  const gone = brought.done.filter(({ outcome }) => outcome === 'gone').map(({ change }) => change);
  const removed = await bringLinks(worker, gone, 'live');
  const all = [...kpis, ...[...brought.done, ...removed.done].flatMap((done) => done.kpis)];
  const named = distinctKpis(all).filter(isNamed);
  return [
    ...brought.unfinished,
    ...removed.unfinished,
    ...(await bringPersonalLinks(worker, named)),
    ...(await bringFanOut(worker, named, 'sweep_pending')),
    ...(await bringFanOut(worker, named, 'fan_out_pending')),
  ];
}

/** Brings the records of KPIs that bear the mark to their links. */
export async function bringFanOut(
  worker: Worker,
  kpis: readonly KpiKey[],
  mark: FanOutMark,
  select?: Parameters<typeof fanOut>[3],
): Promise<readonly UnfinishedItem[]> {
  const passedOver: UnfinishedItem[] = [];
  const { givenUp } = await persevere(worker, kpis, async (some) => {
    const { failed, unfinished } = await fanOut(worker.replication, some, mark, select);
    passedOver.push(...unfinished);
    return { done: [], failed: failed.map(({ kpi, error }) => ({ change: kpi, error })) };
  });
  const kind = 'kpis' as const;
  const left = givenUp.map(({ change, error }) => ({ kind, id: change.kpiId, kpis: [change], error }));
  return [...passedOver, ...(await noteAll(worker, left))];
}

/** Gives KPIs that have records and no link a link of their own, or takes it away, with `heldRecords: "personal-link"`; and fans out to it. */
export async function bringPersonalLinks(worker: Worker, kpis: readonly KpiKey[]): Promise<readonly UnfinishedItem[]> {
  if (worker.replication.heldRecords !== 'personal-link') return [];
  const { done, givenUp } = await persevere(worker, kpis, async (some) => {
    const due: KpiKey[] = [];
    const failed: Failed<KpiKey>[] = [];
    for (const kpi of some) {
      try {
        if (await replicatePersonalLink(worker.replication, kpi)) due.push(kpi);
      } catch (error) {
        failed.push({ change: kpi, error });
      }
    }
    return { done: due, failed };
  });
  const kind = 'kpis' as const;
  const left = givenUp.map(({ change, error }) => ({ kind, id: change.kpiId, kpis: [change], error }));
  return [...(await noteAll(worker, left)), ...(await bringFanOut(worker, done, 'fan_out_pending'))];
}

interface Failed<Change> {
  readonly change: Change;
  readonly error: unknown;
}

/**
 * Works until every change is done or given up: what failed for its own reason at once, what others kept changing after some more tries.
 *
 * @throws what is of the whole; the rest of these changes has been worked on by then.
 */
async function persevere<Change, Done>(
  { pause }: Worker,
  changes: readonly Change[],
  work: (
    changes: readonly Change[],
  ) => Promise<{ readonly done: readonly Done[]; readonly failed: readonly Failed<Change>[] }>,
): Promise<{ readonly done: readonly Done[]; readonly givenUp: readonly Failed<Change>[] }> {
  const done: Done[] = [];
  const givenUp: Failed<Change>[] = [];
  let pending = changes;
  for (const pauseMs of [...CONTENTION_PAUSES_MS, undefined]) {
    if (pending.length === 0) break;
    const result = await work(pending);
    done.push(...result.done);
    const whole = result.failed.find(({ error }) => scopeOf(error) === 'whole');
    if (whole) throw whole.error;
    const contended = result.failed.filter(({ error }) => scopeOf(error) === 'contention');
    givenUp.push(...result.failed.filter((failure) => pauseMs === undefined || !contended.includes(failure)));
    pending = contended.map(({ change }) => change);
    if (pending.length > 0 && pauseMs !== undefined) await pause(pauseMs);
  }
  return { done, givenUp };
}

async function noteAll(
  { replication }: Worker,
  items: readonly (Parameters<typeof noteGivenUp>[1] & { readonly error: unknown })[],
): Promise<readonly UnfinishedItem[]> {
  const noted: UnfinishedItem[] = [];
  for (const { error, ...item } of items) noted.push(await noteGivenUp(replication, item, error, 'backfill'));
  return noted;
}
