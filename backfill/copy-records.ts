import { type Item, textOf } from '../functions/model/attribute-value.ts';
import { distinctKpis, kpiIdentity, kpiKeyOf, type RecordSource } from '../functions/model/sources.ts';
import { fanOut } from '../functions/sync/fan-out.ts';
import { linksInForce } from '../functions/sync/record-decision.ts';
import { replicateRecords } from '../functions/sync/replicate-records.ts';
import type { Copier } from './copier.ts';
import { decidePage, mayCollide } from './record-page.ts';
import { EMPTY_TALLY, type Tally } from './tally.ts';
import { writeUnitsOf } from './write-pace.ts';

/**
 * Copies a page of records. A plain one is written where its rows' ids are still free, so that a newer row of a live
 * write is never replaced; whatever needs more than that goes through the protocol.
 *
 * A row may be written just after a live delete has removed it, or for links that have just changed: such a record was
 * touched live, or its KPI is marked, and the sweep puts it right.
 */
export async function copyRecords(copier: Copier, source: RecordSource, items: readonly Item[]): Promise<Tally> {
  const { replication } = copier;
  const ids = items.map((item) => textOf(item, 'id') ?? '');
  const bases = mayCollide(source) ? await replication.old.readRecords(ids) : new Map();
  const kpis = await replication.control.readKpis(distinctKpis(items.map(kpiKeyOf)));
  const links = new Map(kpis.map((row) => [kpiIdentity(row.kpi), linksInForce(row, replication.heldRecords)]));
  const page = decidePage(items, {
    source,
    bases,
    linksOf: (kpi) => links.get(kpiIdentity(kpi)) ?? [],
    heldRecords: replication.heldRecords,
  });

  await copier.pace(page.rows.reduce((units, row) => units + writeUnitsOf(row), 0));
  const { inserted, present } = await copier.data.insertDataIfAbsent(page.rows);
  const result = await replicateRecords(replication, page.throughProtocol);
  if (result.failed[0]) throw result.failed[0].error;
  await fanOut(replication, result.fanOut, 'fan_out_pending');
  const outcomes = result.done.map((done) => done.outcome);
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: inserted + result.done.reduce((rows, done) => rows + done.rowsWritten, 0),
    present,
    held: page.held.length + outcomes.filter((outcome) => outcome === 'held').length,
    quarantined: page.throughProtocol.filter((change) => change.reason !== 'personal-link').length,
    unknownAttributes: page.unknownAttributes,
  };
}
