import type { KpiKey } from '../../functions/model/kpi.ts';
import type { RecordChange } from '../../functions/sync/replicate-record.ts';
import type { TouchedRecord } from '../../functions/tables/control/control-table.ts';
import type { KpiHead } from '../../functions/tables/control/kpi-rows.ts';
import type { Copier } from './copier.ts';
import { bringFanOut, bringRecords } from './persevere.ts';
import { recordsThatDiffer } from './records-that-differ.ts';
import { countUnfinished, EMPTY_TALLY, type Tally } from './tally.ts';

/**
 * Brings records that live writes have touched to what the old tables demand, whatever a copier wrote beside them. Only
 * when no copier can still write is this final.
 */
export async function sweepRecords(copier: Copier, touched: readonly TouchedRecord[]): Promise<Tally> {
  const kpisById = new Map<string, KpiKey[]>();
  for (const { recordId, kpi } of touched) kpisById.set(recordId, [...(kpisById.get(recordId) ?? []), kpi]);
  const changes = [...kpisById].map(([id, kpis]) => ({ id, kpis, sources: [] }));
  const { done, unfinished } = await bringRecords(copier, await recordsThatDiffer(copier, changes));
  const copied = done.reduce((rows, { rowsWritten }) => rows + rowsWritten, 0);
  return { ...EMPTY_TALLY, scanned: touched.length, copied, unfinished: countUnfinished(unfinished) };
}

/** Fans out again every KPI whose links changed while a copier may have been at work on its records. */
export async function sweepKpis(copier: Copier, kpis: readonly KpiHead[]): Promise<Tally> {
  const marked = kpis.filter((row) => row.sweepPending !== undefined).map((row) => row.kpi);
  const differ = (changes: readonly RecordChange[]) => recordsThatDiffer(copier, changes);
  const unfinished = await bringFanOut(copier, marked, 'sweep_pending', differ);
  return { ...EMPTY_TALLY, scanned: kpis.length, unfinished: countUnfinished(unfinished) };
}
