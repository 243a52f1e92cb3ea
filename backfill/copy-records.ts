import { type Item, idOf } from '../functions/model/attribute-value.ts';
import { distinctKpis, kpiIdentity, kpiKeyOf, type RecordSource } from '../functions/model/sources.ts';
import { fanOut } from '../functions/sync/fan-out.ts';
import { KpiViews } from '../functions/sync/kpi-views.ts';
import { linksInForce } from '../functions/sync/record-decision.ts';
import type { RecordChange } from '../functions/sync/replicate-record.ts';
import { replicateRecords } from '../functions/sync/replicate-records.ts';
import type { Copier } from './copier.ts';
import { decidePage, mayCollide, type PageDecision } from './record-page.ts';
import { EMPTY_TALLY, type Tally } from './tally.ts';
import { writeUnitsOf } from './write-pace.ts';

/**
 * Copies a page of records. A plain one is written where its rows' ids are still free, so that a newer row of a live
 * write is never replaced; whatever needs more than that goes through the protocol.
 *
 * A row may be written just after a live delete has removed it, or for links that have just changed: such a record was
 * touched live, or its KPI is marked, and the sweep puts it right. Until then nobody reads the new tables.
 *
 * @param isRepeat whether a run before was finished, so that somebody may read: then nothing is put in past the protocol,
 * and records that lack a row go through it.
 */
export async function copyRecords(
  copier: Copier,
  source: RecordSource,
  items: readonly Item[],
  isRepeat: boolean,
): Promise<Tally> {
  const { replication } = copier;
  const ids = items.map(idOf);
  const bases = mayCollide(source) ? await replication.old.readRecords(ids) : new Map();
  // A guess will do: links that change meanwhile mark their KPI for the sweep.
  const kpis = await new KpiViews(replication).guess(distinctKpis(items.map(kpiKeyOf)));
  const links = new Map(kpis.map((view) => [kpiIdentity(view.kpi), linksInForce(view, replication.heldRecords)]));
  const page = decidePage(items, {
    source,
    bases,
    linksOf: (kpi) => links.get(kpiIdentity(kpi)) ?? [],
    heldRecords: replication.heldRecords,
  });

  const plain = isRepeat ? await setApart(copier, page.plain) : await insert(copier, page.plain);
  const result = await replicateRecords(replication, [...plain.throughProtocol, ...page.throughProtocol]);
  if (result.failed[0]) throw result.failed[0].error;
  await fanOut(replication, result.fanOut, 'fan_out_pending');
  const outcomes = result.done.map((done) => done.outcome);
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: plain.inserted + result.done.reduce((rows, done) => rows + done.rowsWritten, 0),
    present: plain.present,
    held: page.held.length + outcomes.filter((outcome) => outcome === 'held').length,
    quarantined: page.throughProtocol.filter((change) => change.reason !== 'personal-link').length,
    ...page.unknown,
  };
}

/** What became of plain records. */
interface Plain {
  readonly inserted: number;
  readonly present: number;
  readonly throughProtocol: readonly RecordChange[];
}

/** Puts their rows in where none is. */
async function insert({ data, pace }: Copier, plain: PageDecision['plain']): Promise<Plain> {
  const rows = plain.flatMap((record) => record.rows);
  await pace(writeUnitsOf(rows));
  const { inserted, present } = await data.insertDataIfAbsent(rows);
  return { inserted, present, throughProtocol: [] };
}

/** Only finds out which of them lack a row. */
async function setApart({ data, pace }: Copier, plain: PageDecision['plain']): Promise<Plain> {
  const rows = plain.flatMap((record) => record.rows);
  const absent = await data.absentData(rows.map(idOf));
  const lacking = plain.filter((record) => record.rows.some((row) => absent.has(idOf(row))));
  const missing = rows.filter((row) => absent.has(idOf(row)));
  await pace(writeUnitsOf(missing));
  return { inserted: 0, present: rows.length - missing.length, throughProtocol: lacking.map(({ change }) => change) };
}
