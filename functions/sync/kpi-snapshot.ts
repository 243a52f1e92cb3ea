import type { Item } from '../model/attribute-value.ts';
import { decodeSpilledLink, type KpiHead } from '../tables/control/kpi-rows.ts';
import type { KpiCircumstances, KpiSnapshot, LinkOrigin } from './kpi-decision.ts';
import { settle } from './kpi-views.ts';
import { limitsOf, nowSeconds, type Replication, retentionSeconds } from './replication.ts';

/**
 * A KPI row with the spilled items of the links at hand, all read in one transaction. Before the KPI row names too many
 * items that plain reads may not see yet, these are made sure of.
 */
export async function kpiSnapshot(
  replication: Replication,
  head: KpiHead,
  spilledItems: readonly (Item | undefined)[],
): Promise<KpiSnapshot> {
  const links = spilledItems.filter((item) => item !== undefined).map(decodeSpilledLink);
  const spilled = new Map(links.map((link) => [link.id, link]));
  if (head.spilled === undefined || head.spilled.unsettled.length <= limitsOf(replication).unsettledMax) {
    return { head, spilled };
  }
  await settle(replication, head);
  return { head: { ...head, spilled: { ...head.spilled, unsettled: [] } }, spilled };
}

export function circumstancesOf(replication: Replication, origin: LinkOrigin): KpiCircumstances {
  return {
    origin,
    newToken: replication.newToken,
    nowSeconds: nowSeconds(replication),
    retentionSeconds: retentionSeconds(replication),
    inlineBytesMax: limitsOf(replication).inlineBytesMax,
  };
}
