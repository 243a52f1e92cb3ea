import pMap from 'p-map';
import { recordsThatDiffer } from '../../backfill/copy/records-that-differ.ts';
import { kpiKeyOf, RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { idOf } from '../../functions/model/attribute-value.ts';
import { inChunks } from '../../functions/model/chunks.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import { generatedContent } from './generated-content.ts';
import { APART, type Cost, fillForReplication, reportCost, reportRatios, TOGETHER } from './replication-bench.ts';

const KPIS = 40;
const RECORDS_OF_KPI = 50;
/** Touched-record rows of a page of the sweep's scan, roughly. */
const PAGE = 500;

/** What the sweep of records costs that are right already, by the protocol and by comparing first. */
export async function benchSweep(roundTripMs: number): Promise<void> {
  const compared = await benchRecords('compared', TOGETHER, roundTripMs);
  const apart = await benchRecords('protocol', APART, roundTripMs);
  reportRatios('sweep, compared first', apart, compared, 'goal 10x');
}

async function benchRecords(
  how: 'compared' | 'protocol',
  recordsPerTransaction: number,
  roundTripMs: number,
): Promise<Cost> {
  const content = generatedContent(0, KPIS, RECORDS_OF_KPI);
  await using tables = await fillForReplication(content, recordsPerTransaction, roundTripMs);
  const { replication } = tables;
  const changes = RECORD_SOURCES.flatMap((source) =>
    content[source].map((item) => ({ id: idOf(item), kpis: [kpiKeyOf(item)], sources: [] })),
  );
  // As live writes leave them: with touched-record rows.
  await replicateRecords(replication, changes);
  const copier = { replication, data: replication.data };
  const cost = await tables.measure(async () => {
    await pMap(
      inChunks(changes, PAGE),
      async (page) => {
        const due = how === 'protocol' ? page : await recordsThatDiffer(copier, page);
        if (how === 'compared' && due.length > 0) throw new Error(`${due.length} records differ.`);
        if (due.length > 0) await replicateRecords(replication, due);
      },
      { concurrency: 1 },
    );
  });
  reportCost(`sweep, ${how}`, changes.length, cost);
  return cost;
}
