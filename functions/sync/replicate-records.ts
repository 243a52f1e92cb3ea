import pMap from 'p-map';
import { distinctKpis, type KpiKey, kpiIdentity, NO_KPI } from '../model/kpi.ts';
import { hasLinks } from '../tables/control/kpi-rows.ts';
import { apart, type Refused } from '../tables/dynamo/apart.ts';
import { scopeOf } from '../tables/dynamo/failure-scope.ts';
import { KpiViews } from './kpi-views.ts';
import { replicatePersonalLink } from './personal-link.ts';
import { groupRecords, replicateRecordGroup } from './record-group.ts';
import { type RecordChange, type RecordResult, replicateRecord } from './replicate-record.ts';
import { ATTEMPTS_MAX, ContentionError, type Replication } from './replication.ts';

/** What became of the changes given, each once: in `done` or in `failed`. */
export interface RecordsResult {
  readonly done: readonly RecordResult[];
  readonly failed: readonly { readonly change: RecordChange; readonly error: unknown }[];
  /** KPIs whose personal link came by these changes: their other records are still to be fanned out to it. */
  readonly fanOut: readonly KpiKey[];
}

/**
 * Brings the rows of many records to what the old tables demand. The records are worked on side by side, with a bound;
 * what they share, the KPI rows, is read once before and once after.
 *
 * The look after is step 5 of the protocol: a link that came or went since a record's snapshot either is seen here, or
 * its own fan-out finds the record's touched-record row, which was written before this look.
 *
 * Changes of one id must not be given twice in one call.
 */
export async function replicateRecords(
  replication: Replication,
  changes: readonly RecordChange[],
): Promise<RecordsResult> {
  const done: RecordResult[] = [];
  const failed: { change: RecordChange; error: unknown }[] = [];
  const fanOut: KpiKey[] = [];
  const views = new KpiViews(replication);
  // Only a guess: what is refused here is read again for each record.
  await look(
    views,
    changes.flatMap((change) => change.kpis),
  );
  let pending = changes;
  for (let round = 0; pending.length > 0; round += 1) {
    const error = round === ATTEMPTS_MAX ? new ContentionError("a record's links") : undefined;
    if (error) failed.push(...pending.map((change) => ({ change, error })));
    const { results, refused } = await bring(error ? [] : pending);
    const seen = distinctKpis(results.flatMap((result) => result.seen.map(({ kpi }) => kpi)));
    const troubled = new Map<string, unknown>();
    if (replication.heldRecords === 'personal-link') {
      // A KPI's personal link depends on which records there are, whatever became of their rows.
      const touched = distinctKpis([...seen, ...refused.flatMap((change) => change.kpis)]);
      for (const kpi of touched.filter((key) => isUnlinked(views, key))) {
        try {
          if (await replicatePersonalLink(replication, kpi)) fanOut.push(kpi);
        } catch (error) {
          troubled.set(kpiIdentity(kpi), error);
        }
      }
    }
    for (const { of, error } of await look(views, seen)) troubled.set(kpiIdentity(of), error);
    const outdated: RecordResult[] = [];
    for (const result of results) {
      const trouble = result.seen.map(({ kpi }) => kpiIdentity(kpi)).find((kpi) => troubled.has(kpi));
      if (trouble !== undefined) failed.push({ change: result.change, error: troubled.get(trouble) });
      else if (isCurrent(views, result)) done.push(result);
      else outdated.push(result);
    }
    pending = outdated.map((result) => ({ ...result.change, kpis: result.seen.map(({ kpi }) => kpi) }));
  }
  return { done, failed, fanOut: distinctKpis(fanOut) };

  /** Several records in one transaction, and by itself what cannot be: either way none waits for another. */
  async function bring(given: readonly RecordChange[]) {
    const results: RecordResult[] = [];
    const refused: RecordChange[] = [];
    const concurrency = replication.recordConcurrency;
    const { groups, apart } = await groupRecords(replication, views, given);
    const single = [...apart];
    await pMap(
      groups,
      async (group) => {
        const result = await replicateRecordGroup(replication, views, group);
        results.push(...result.done);
        single.push(...result.apart);
      },
      { concurrency },
    );
    await pMap(
      single,
      async (change) => {
        try {
          results.push(await replicateRecord(replication, views, change));
        } catch (error) {
          failed.push({ change, error });
          if (scopeOf(error) === 'item') refused.push(change);
        }
      },
      { concurrency },
    );
    return { results, refused };
  }
}

/** @returns the KPIs whose row the store refuses to read, for the row's own reason. */
async function look(views: KpiViews, kpis: readonly KpiKey[]): Promise<readonly Refused<KpiKey>[]> {
  const { refused } = await apart(distinctKpis(kpis), (some) => views.look(some));
  return refused;
}

/** A link that goes meanwhile has a fan-out of its own, which comes by here again. */
function isUnlinked(views: KpiViews, kpi: KpiKey): boolean {
  const head = views.head(kpi);
  return kpiIdentity(kpi) !== kpiIdentity(NO_KPI) && head !== undefined && !hasLinks(head);
}

/** Whether no link of the KPIs came or went since the record's rows were made, not even for a moment. */
function isCurrent(views: KpiViews, result: RecordResult): boolean {
  return result.seen.every(({ kpi, linksToken }) => views.head(kpi)?.linksToken === linksToken);
}
