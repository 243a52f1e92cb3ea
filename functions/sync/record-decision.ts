import {
  demandOfRecord,
  type Quarantined,
  type RecordDemand,
  type RecordItems,
  sourcesIn,
} from '../migration/demand.ts';
import { fanOutRowId } from '../migration/ids.ts';
import type { OldRecord } from '../migration/old-records.ts';
import type { QuarantineReason } from '../migration/quarantine-reason.ts';
import type { RecordSource } from '../migration/sources.ts';
import { NEW_DATA } from '../migration/tables.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import { type HeldRecords, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import type { KeptForm, QuarantineEntry } from '../tables/control/quarantine-rows.ts';
import { isCheck, type Write } from '../tables/dynamo/transactions.ts';
import type { KpiView } from './kpi-views.ts';
import { decideQuarantine } from './quarantine-decision.ts';

/** What the new tables and the control table hold of one record, as of one instant. */
export interface RecordSnapshot {
  /** The links of every KPI the record may have rows in. */
  readonly kpis: readonly KpiView[];
  /** Whether the record lacks a touched-record row in any of these KPIs: a sweep would not find it there. */
  readonly firstTouch: boolean;
  /** Every id under which the record may have a row, by these links. */
  readonly candidates: readonly string[];
  /** The data rows that exist among the candidates, by id. */
  readonly rows: ReadonlyMap<string, Item>;
  /** The quarantine entries that were looked for, by source; an absent entry is a source without one. */
  readonly quarantined: ReadonlyMap<RecordSource, QuarantineEntry | undefined>;
}

export interface RecordDecision {
  readonly outcome: RecordDemand['kind'];
  /** Data rows that are put, or deleted though they were seen. */
  readonly rowsChanged: number;
  /** Of rows, without the token rows, which every commit carries. */
  readonly writes: readonly Write[];
  /** Of quarantine: each entry's writes go into one transaction. */
  readonly entries: readonly (readonly Write[])[];
  /** The tables whose item is in quarantine then. */
  readonly quarantined: readonly RecordSource[];
}

/** The links a KPI's records fan out to now. */
export function linksInForce(kpi: KpiView, heldRecords: HeldRecords): readonly LinkReference[] {
  if (kpi.links.length > 0) return kpi.links;
  return heldRecords === 'personal-link' && kpi.personal ? [kpi.personal] : [];
}

/** Every id under which the record may have a row: by its KPIs' links, those that went included. */
export function candidateRowIds(recordId: string, kpis: readonly KpiView[]): string[] {
  const ids = new Set([recordId]);
  for (const kpi of kpis) {
    for (const { id } of kpi.links) ids.add(fanOutRowId(recordId, id));
    for (const id of kpi.goneIds) ids.add(fanOutRowId(recordId, id));
    if (kpi.personal) ids.add(fanOutRowId(recordId, kpi.personal.id));
  }
  return [...ids];
}

/** That the record was refused as it is: then it belongs in quarantine, whatever the mapping says. */
export interface RecordRefusal {
  readonly reason: QuarantineReason;
  readonly form: KeptForm;
}

interface Desired {
  readonly outcome: RecordDecision['outcome'];
  readonly rows: readonly Item[];
  readonly refused: ReadonlyMap<RecordSource, Quarantined>;
}

function desiredOf(
  items: RecordItems,
  kpis: readonly KpiView[],
  heldRecords: HeldRecords,
  refusal: RecordRefusal | undefined,
): Desired {
  const linksOfRecord = (record: OldRecord) => linksOf(record, kpis, heldRecords);
  const demands = sourcesIn(items).map((source) => {
    return [source, demandOfRecord(source, items, linksOfRecord, refusal?.reason)] as const;
  });
  const owner = demands[0]?.[1];
  return {
    outcome: owner?.kind ?? 'gone',
    rows: owner?.kind === 'mapped' ? owner.rows : [],
    refused: new Map(
      demands.flatMap(([source, demand]) => (demand.kind === 'quarantined' ? [[source, demand] as const] : [])),
    ),
  };
}

function linksOf(record: OldRecord, kpis: readonly KpiView[], heldRecords: HeldRecords): readonly LinkReference[] {
  const identity = kpiIdentity(record.kpi);
  const kpi = kpis.find((row) => kpiIdentity(row.kpi) === identity);
  if (kpi === undefined) throw new Error("The record's own KPI is missing from its snapshot.");
  return linksInForce(kpi, heldRecords);
}

/**
 * Decides what brings the record's rows and quarantine entries to what the old tables demand. Pure.
 *
 * A row that was not there is put only if it is still not there. At the record's first touch every candidate has to be as it was seen: a copier
 * may put a row between the snapshot and the write, of another version than the decision knows, and the sweep may pass by before the write
 * leaves the touched-record row by which it would find the record.
 */
export function decideRecord(
  recordId: string,
  base: RecordItems,
  snapshot: RecordSnapshot,
  heldRecords: HeldRecords,
  quarantinedAt: string,
  refusal?: RecordRefusal,
): RecordDecision {
  const desired = desiredOf(base, snapshot.kpis, heldRecords, refusal);
  const writes: Write[] = [];
  const wanted = new Set<string>();
  const asSeen = (stored: Item | undefined) => (snapshot.firstTouch && stored ? { ifUnchanged: stored } : {});
  for (const row of desired.rows) {
    const id = idOf(row);
    wanted.add(id);
    const stored = snapshot.rows.get(id);
    if (!sameItem(row, stored)) {
      writes.push({
        kind: 'put',
        table: NEW_DATA,
        item: row,
        ...(stored === undefined && { ifAbsent: true }),
        ...asSeen(stored),
      });
    } else if (snapshot.firstTouch && stored) {
      writes.push({ kind: 'unchanged', table: NEW_DATA, key: { id: { S: id } }, ifUnchanged: stored });
    }
  }
  const candidates = snapshot.firstTouch ? snapshot.candidates : [];
  const unwanted = new Set([...snapshot.rows.keys(), ...candidates].filter((id) => !wanted.has(id)));
  for (const id of unwanted) {
    const stored = snapshot.rows.get(id);
    const row = { table: NEW_DATA, key: { id: { S: id } } } as const;
    writes.push(stored === undefined ? { kind: 'absent', ...row } : { kind: 'delete', ...row, ...asSeen(stored) });
  }
  const entries = [...snapshot.quarantined].map(([source, stored]) =>
    decideQuarantine(source, recordId, stored, desired.refused.get(source), quarantinedAt, refusal?.form),
  );
  const quarantined = [...snapshot.quarantined.keys()].filter((source) => desired.refused.has(source));
  const rowsChanged = writes.filter((write) => !isCheck(write)).length;
  return { outcome: desired.outcome, rowsChanged, writes, entries, quarantined };
}
