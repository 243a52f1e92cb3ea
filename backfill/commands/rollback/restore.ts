import { kpiKeyOf, RECORD_SOURCES } from '../../../functions/migration/sources.ts';
import { distinctKpis } from '../../../functions/model/kpi.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { attemptLater, valuesOf } from '../../../functions/tables/dynamo/attempt.ts';
import { bringPersonalLinks, bringRecords, type Worker } from '../../copy/persevere.ts';
import { scanPages } from '../../copy/scan-pages.ts';

export interface Restoration extends Worker {
  readonly quarantinedRecords: () => AsyncIterable<QuarantineEntry>;
  readonly segments: number;
}

/**
 * Brings, by the protocol, what a backfill that starts again would pass over:
 *
 * - The link row of a KPI's personal link. The KPI row still names that link, so that a copier takes the KPI's records for plain ones.
 * - Records in quarantine that the mapping now takes. A copier inserts their rows, and leaves the entry.
 *
 * What cannot be brought is noted as unfinished: the next backfill takes it up.
 */
export async function restoreWhatNoCopyBrings({ quarantinedRecords, segments, ...worker }: Restoration): Promise<void> {
  const { replication } = worker;
  if (replication.heldRecords === 'personal-link') {
    await scanPages(replication.control.scanKpis, segments, async (rows) => {
      await bringPersonalLinks(
        worker,
        rows.filter(({ personal }) => personal !== undefined).map(({ kpi }) => kpi),
      );
    });
  }
  for await (const { source, id, reason } of quarantinedRecords()) {
    // Two tables have the id, whatever the mapping says.
    if (reason.code === 'id-collision') continue;
    const sources = RECORD_SOURCES.filter((each) => each === source);
    const [read] = valuesOf([await attemptLater(() => replication.old.readRecords([id]))]);
    const items = Object.values(read?.get(id) ?? {});
    await bringRecords(worker, [{ id, kpis: distinctKpis(items.map(kpiKeyOf)), sources }]);
  }
}
