import { distinctKpis, kpiKeyOf, RECORD_SOURCES } from '../../functions/model/sources.ts';
import { fanOut } from '../../functions/sync/fan-out.ts';
import { replicatePersonalLink } from '../../functions/sync/personal-link.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import type { QuarantineEntry } from '../../functions/tables/quarantine-rows.ts';
import { scanPages } from '../scan-pages.ts';

export interface Restoration {
  readonly replication: Replication;
  readonly quarantinedRecords: () => AsyncIterable<QuarantineEntry>;
  readonly segments: number;
}

/**
 * Brings, by the protocol, what a backfill that begins anew would pass over:
 *
 * - The KpiLink row of a KPI's own link. K still names that link, so that a copier takes the KPI's records for plain ones.
 * - Records in quarantine that the mapping now takes. A copier inserts their rows, and leaves the entry.
 */
export async function restoreWhatNoCopyBrings({
  replication,
  quarantinedRecords,
  segments,
}: Restoration): Promise<void> {
  if (replication.heldRecords === 'personal-link') {
    await scanPages(replication.control.scanKpis, segments, async (rows) => {
      for (const { kpi, personal } of rows) {
        if (personal === undefined) continue;
        if (await replicatePersonalLink(replication, kpi)) await fanOut(replication, [kpi], 'fan_out_pending');
      }
    });
  }
  for await (const { source, id, reason } of quarantinedRecords()) {
    // Two tables have the id, whatever the mapping says.
    if (reason.code === 'id-collision') continue;
    const sources = RECORD_SOURCES.filter((each) => each === source);
    const items = Object.values((await replication.old.readRecords([id])).get(id) ?? {});
    const result = await replicateRecords(replication, [{ id, kpis: distinctKpis(items.map(kpiKeyOf)), sources }]);
    if (result.failed[0]) throw result.failed[0].error;
    await fanOut(replication, result.fanOut, 'fan_out_pending');
  }
}
