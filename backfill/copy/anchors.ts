import type { KpiKey } from '../../functions/model/kpi.ts';
import { KpiViews } from '../../functions/sync/kpi-views.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import type { KpiHead } from '../../functions/tables/control/kpi-rows.ts';
import { scanPages } from './scan-pages.ts';

/** KPIs by the id of the link whose row keeps a record's id: the anchor, or the personal link. Some hundred bytes a KPI. */
export async function anchorsOf(replication: Replication, segments: number): Promise<ReadonlyMap<string, KpiKey>> {
  const anchors = new Map<string, KpiKey>();
  await scanPages<KpiHead>(
    (position) => replication.control.scanKpis(position),
    segments,
    async (heads) => {
      for (const view of await new KpiViews(replication).guess(heads.map(({ kpi }) => kpi))) {
        const anchor = view.links[0] ?? view.personal;
        if (anchor) anchors.set(anchor.id, view.kpi);
      }
    },
  );
  return anchors;
}
