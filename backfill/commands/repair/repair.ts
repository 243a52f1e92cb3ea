import { linkIdOf } from '../../../functions/migration/rows.ts';
import { RECORD_SOURCES } from '../../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS, OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { textOf } from '../../../functions/model/attribute-value.ts';
import { distinctKpis, isNamed, type KpiKey, kpiIdentity, NO_KPI } from '../../../functions/model/kpi.ts';
import { KpiViews } from '../../../functions/sync/kpi-views.ts';
import type { LinkChange } from '../../../functions/sync/replicate-links.ts';
import type { RecordChange } from '../../../functions/sync/replicate-record.ts';
import type { Replication } from '../../../functions/sync/replication.ts';
import { touchedRecordKey } from '../../../functions/tables/control/control-rows.ts';
import { distinctUnfinished, type UnfinishedItem } from '../../../functions/tables/control/unfinished-items.ts';
import { apart } from '../../../functions/tables/dynamo/apart.ts';
import { attemptLater, valuesOf } from '../../../functions/tables/dynamo/attempt.ts';
import type { ValidationReads } from '../../../functions/tables/validation-reads.ts';
import { listAll } from '../../../functions/validation/examine-links.ts';
import { type Finding, findingKey } from '../../../functions/validation/findings.ts';
import { type Patience, type Settled, settle } from '../../../functions/validation/settle.ts';
import { lookAtAll, type Suspect } from '../../../functions/validation/suspects.ts';
import { pauseUnlessStopped } from '../../copy/copier.ts';
import { bringLinksWhole, bringRecords, type Worker } from '../../copy/persevere.ts';

/** The result of a repair of proven differences. */
export interface RepairPlan {
  /** KPIs whose links are looked at, and put right where they are not. */
  readonly kpis: readonly KpiKey[];
  /** Records whose rows and quarantine entries are derived again. */
  readonly records: readonly RecordChange[];
  /** Links whose row or quarantine entry is derived again. */
  readonly links: readonly LinkChange[];
  /** Rows that nothing demands, by id. */
  readonly surplus: readonly { readonly id: string; readonly kpi: KpiKey }[];
}

export interface RepairOptions {
  readonly replication: Replication;
  readonly reads: ValidationReads;
  readonly patience: Patience;
}

/** What still differs, and what could neither be derived again nor quarantined. */
export interface Repaired extends Settled {
  readonly unfinished: readonly UnfinishedItem[];
}

/** What has to be derived again for these differences. Pure. */
export function planRepair(findings: readonly Finding[]): RepairPlan {
  const records = new Map<string, RecordChange>();
  const links = new Map<string, LinkChange>();
  for (const { table, id, kpi, demandedBy } of findings) {
    const kpis = isNamed(kpi) ? [kpi] : [];
    if (table === NEW_LINKS || demandedBy?.source === 'links') links.set(id, { id, kpis });
    else if (demandedBy) records.set(demandedBy.id, { id: demandedBy.id, kpis, sources: RECORD_SOURCES });
  }
  return {
    kpis: distinctKpis(findings.map(({ kpi }) => kpi).filter(isNamed)),
    records: [...records.values()],
    links: [...links.values()],
    surplus: findings
      .filter(({ table, kind }) => table === NEW_DATA && kind === 'extra')
      .map(({ id, kpi }) => ({ id, kpi })),
  };
}

/**
 * Derives what differs again, by the same writer as every change: links first, then the records' rows, and at last what nothing
 * demands. Rows that are right are not written. An item that cannot be dealt with holds up no other.
 *
 * @returns what still differs when these rows are validated again.
 */
export async function executeRepair(options: RepairOptions, findings: readonly Finding[]): Promise<Repaired> {
  const { replication, reads, patience } = options;
  const plan = planRepair(findings);
  const worker = { replication, pause: (ms: number) => pauseUnlessStopped(patience, ms) };
  const unfinished = [
    ...(await repairLinks(worker, reads, plan)),
    ...(await bringRecords(worker, plan.records)).unfinished,
    ...(await repairSurplus(worker, options, plan)),
  ];
  const settled = await settle({ reads, heldRecords: replication.heldRecords }, suspectsOf(findings), patience);
  return { ...settled, unfinished: distinctUnfinished(unfinished) };
}

/**
 * All links of the KPIs, since rows can be wrong for what K says of a link. A copier leaves what is gone to its own event; here that
 * event came to nothing, so the link is treated as by the event.
 */
async function repairLinks(
  worker: Worker,
  reads: ValidationReads,
  plan: RepairPlan,
): Promise<readonly UnfinishedItem[]> {
  const changes = new Map(plan.links.map((change) => [change.id, change]));
  // A KPI whose KPI row is refused has its links looked at by name, where the differences name any.
  const { results } = await apart(plan.kpis, (some) => new KpiViews(worker.replication).guess(some));
  for (const { kpi, links } of results.flat()) {
    // A listing that is refused leaves those that K knows.
    const [listed = []] = valuesOf([await attemptLater(() => listAll(reads, OLD_TABLE_OF.links, 'kpi', kpi.kpiId))]);
    for (const id of new Set([...listed, ...links.map(({ id }) => id)])) {
      changes.set(id, { id, kpis: distinctKpis([...(changes.get(id)?.kpis ?? []), kpi]) });
    }
  }
  return bringLinksWhole(worker, [...changes.values()], plan.kpis);
}

/**
 * Removes the rows that are still surplus now that links and records are right. Each goes as the row of a record of that id, which
 * does not exist. The token row that this leaves is removed: it would have the sweep take a row of that id, should one be
 * demanded later, for that record's.
 */
async function repairSurplus(
  worker: Worker,
  { replication, reads, patience }: RepairOptions,
  plan: RepairPlan,
): Promise<readonly UnfinishedItem[]> {
  const suspected = new Set(plan.surplus.map(({ id }) => id));
  const suspects = plan.surplus.map(({ id, kpi }): Suspect => {
    return isNamed(kpi) ? { kind: 'kpi', kpi, linkIds: [] } : { kind: 'row', table: NEW_DATA, id };
  });
  const rows = await reads.readItems(NEW_DATA, [...suspected]);
  const withLinks = suspects.map((suspect) =>
    suspect.kind === 'kpi' ? { ...suspect, linkIds: linksOf(suspect.kpi) } : suspect,
  );
  const looks = await lookAtAll({ reads, heldRecords: replication.heldRecords }, distinct(withLinks), patience);
  const surplus = [...looks.values()]
    .flatMap((look) => look.findings)
    .filter(({ table, kind, id }) => table === NEW_DATA && kind === 'extra' && suspected.has(id));
  const changes = [...new Map(surplus.map((finding) => [findingKey(finding), finding])).values()].map(
    ({ id, kpi }) => ({
      id,
      kpis: isNamed(kpi) ? [kpi] : [NO_KPI],
      sources: [],
    }),
  );
  const { unfinished } = await bringRecords(worker, changes);
  const ids = changes.map(({ id }) => id);
  const { results, refused } = await apart(ids, (some) => replication.old.readRecords(some));
  const mayBeRecords = new Set([...results.flatMap((records) => [...records.keys()]), ...refused.map(({ of }) => of)]);
  for (const { id, kpis } of changes) {
    if (mayBeRecords.has(id)) continue;
    for (const kpi of kpis) {
      const { pk, sk } = touchedRecordKey(kpi, id).key;
      await replication.control.delete(
        textOf({ pk: pk ?? { S: '' } }, 'pk') ?? '',
        textOf({ sk: sk ?? { S: '' } }, 'sk') ?? '',
      );
    }
  }
  return unfinished;

  function linksOf(kpi: KpiKey): string[] {
    const ids = plan.surplus
      .filter((each) => kpiIdentity(each.kpi) === kpiIdentity(kpi))
      .map(({ id }) => linkIdOf(rows.get(id)));
    return [...new Set(ids.filter((id) => id !== undefined))];
  }
}

/** What has to be looked at to tell whether these differences are gone. */
function suspectsOf(findings: readonly Finding[]): Suspect[] {
  return distinct(
    findings.flatMap(({ table, id, kpi, demandedBy, found }): Suspect[] => {
      if (table === 'quarantine') return demandedBy ? [{ kind: 'entry', source: demandedBy.source, id }] : [];
      const linkId = table === NEW_LINKS ? id : linkIdOf(found);
      const row: Suspect[] = demandedBy ? [] : [{ kind: 'row', table, id }];
      return isNamed(kpi) ? [...row, { kind: 'kpi', kpi, linkIds: linkId ? [linkId] : [] }] : row;
    }),
  );
}

function distinct(suspects: readonly Suspect[]): Suspect[] {
  const merged = new Map<string, Suspect>();
  for (const suspect of suspects) {
    const key = suspect.kind === 'kpi' ? kpiIdentity(suspect.kpi) : JSON.stringify(suspect);
    const known = merged.get(key);
    if (known?.kind === 'kpi' && suspect.kind === 'kpi') {
      merged.set(key, { ...known, linkIds: [...new Set([...known.linkIds, ...suspect.linkIds])] });
    } else {
      merged.set(key, suspect);
    }
  }
  return [...merged.values()];
}
