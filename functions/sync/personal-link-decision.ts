import { type Item, textOf } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { PersonalLink } from '../model/demand.ts';
import { personalLinkId } from '../model/ids.ts';
import type { KpiKey } from '../model/sources.ts';
import { encodeKpiRow, type KpiHead } from '../tables/control/kpi-rows.ts';
import type { Write } from '../tables/dynamo/transactions.ts';

export interface PersonalLinkDecision {
  /** One transaction, which stands or falls with the KPI row's token. */
  readonly writes: readonly Write[];
  /** Whether the KPI's records are to be fanned out, since their link came or went. */
  readonly fanOut: boolean;
}

/**
 * Decides what brings a KPI without other links to the personal link that its records demand. Pure.
 *
 * @param row the KpiLink row with the personal link's id, whichever KPI has it.
 * @param token the KPI row's new token; it moves on even if nothing else changes, as for a live link event.
 */
export function decidePersonalLink(
  { personal: before, ...head }: KpiHead,
  row: Item | undefined,
  demanded: PersonalLink | undefined,
  { token, nowSeconds }: { readonly token: string; readonly nowSeconds: number },
): PersonalLinkDecision {
  const id = personalLinkId(head.kpi.kpiId);
  const appears = demanded !== undefined && before === undefined;
  const goes = demanded === undefined && before !== undefined;
  const inlineTombstones = new Map(head.inlineTombstones);
  if (appears) inlineTombstones.delete(id);
  if (goes) inlineTombstones.set(id, nowSeconds);
  const next = {
    ...head,
    token,
    inlineTombstones,
    ...(demanded && { personal: { id, linkedAt: demanded.linkedAt } }),
    ...((appears || goes) && { linksToken: token, fanOutPending: token, sweepPending: token }),
  };
  const kpiWrite: Write = { kind: 'put', table: 'control', item: encodeKpiRow(next), ifToken: head.token ?? null };
  return {
    writes: [kpiWrite, ...rowWrites(id, head.kpi, demanded?.row, row)],
    fanOut: next.fanOutPending !== undefined,
  };
}

function rowWrites(id: string, kpi: KpiKey, demanded: Item | undefined, stored: Item | undefined): Write[] {
  if (demanded) return sameItem(demanded, stored) ? [] : [{ kind: 'put', table: 'kpiLinks', item: demanded }];
  // The id is made of the KPI's id alone. The row may be that of another tenant's KPI with the same id.
  const isOurs = textOf(stored, 'tenant_id') === kpi.tenantId;
  return isOurs ? [{ kind: 'delete', table: 'kpiLinks', key: { id: { S: id } } }] : [];
}
