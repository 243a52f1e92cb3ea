import { anchorOf } from '../model/anchor.ts';
import {
  encodeKpiRow,
  encodeSpilledLink,
  encodeSpilledTombstone,
  inlineBytes,
  type KpiHead,
  type SpilledLink,
  spilledLinkSort,
} from '../tables/control/kpi-rows.ts';
import type { Write } from '../tables/dynamo/transactions.ts';

/** Who writes a link: its own event, or a copier; and whether that copier may be too late for records already copied. */
export type LinkOrigin = 'live' | 'backfill' | 'late-backfill';

/** A KPI row, and what of its spilled items a decision is about, as of one instant. */
export interface KpiSnapshot {
  readonly head: KpiHead;
  /** Those of the links at hand that are spilled, by link id. */
  readonly spilled: ReadonlyMap<string, SpilledLink>;
}

/** Values a decision needs and must not make itself. */
export interface KpiCircumstances {
  readonly origin: LinkOrigin;
  readonly newToken: () => string;
  readonly nowSeconds: number;
  readonly retentionSeconds: number;
  readonly inlineBytesMax: number;
}

/**
 * Decides what one transaction writes so that the KPI's links are as `targets` has them: the KPI row, with a fresh
 * token, and the items of spilled links. A link stays where it is; it is spilled where it has no room in the KPI row,
 * when it comes or its `linked_at` grows.
 *
 * @param targets link id to linked_at; undefined where the link does not, or no longer, belong to the KPI.
 * @param moveToken whether the KPI row gets a fresh token also where no link changes.
 */
export function decideKpi(
  { head, spilled }: KpiSnapshot,
  targets: ReadonlyMap<string, string | undefined>,
  moveToken: boolean,
  circumstances: KpiCircumstances,
): Write[] {
  const { nowSeconds, retentionSeconds, inlineBytesMax } = circumstances;
  const links = new Map(head.inlineLinks);
  const tombstones = new Map([...head.inlineTombstones].filter(([, goneAt]) => goneAt + retentionSeconds > nowSeconds));
  const items = new Map<string, Write>();
  let present = head.spilled?.present ?? 0;
  const spill = (id: string, linkedAt: string | undefined): void => {
    const item =
      linkedAt === undefined
        ? encodeSpilledTombstone(head.kpi, id, nowSeconds, nowSeconds + retentionSeconds)
        : encodeSpilledLink(head.kpi, id, linkedAt);
    items.set(id, { kind: 'put', table: 'control', item });
  };
  let changed = false;
  for (const [id, linkedAt] of targets) {
    const item = spilled.get(id);
    const before = linkedAtIn({ head, spilled }, id);
    if (before === linkedAt) continue;
    changed = true;
    if (item) {
      spill(id, linkedAt);
      present += (linkedAt === undefined ? 0 : 1) - (before === undefined ? 0 : 1);
    } else if (linkedAt === undefined) {
      links.delete(id);
      tombstones.set(id, nowSeconds);
    } else {
      links.set(id, linkedAt);
      tombstones.delete(id);
      if (inlineBytes(links, tombstones) <= inlineBytesMax) continue;
      links.delete(id);
      spill(id, linkedAt);
      present += 1;
    }
  }
  const { personal, ...rest } = head;
  const personalGoes = personal !== undefined && links.size + present > 0;
  // It has its place in the KPI row however full that is: there is only one.
  if (personalGoes) tombstones.set(personal.id, nowSeconds);
  changed ||= personalGoes;
  if (!changed && !moveToken) return [];

  const token = circumstances.newToken();
  const isSpilled = head.spilled !== undefined || items.size > 0;
  // Which link is the anchor cannot be told from the KPI row where others are spilled.
  const moves = isSpilled ? changed : rowsMove(head, links);
  const written = [...items.keys()].map(spilledLinkSort);
  const next = {
    ...rest,
    token,
    inlineLinks: links,
    inlineTombstones: tombstones,
    ...(isSpilled && {
      spilled: { present, unsettled: [...new Set([...(head.spilled?.unsettled ?? []), ...written])] },
    }),
    ...(personal && !personalGoes && { personal }),
    ...(moves && { linksToken: token }),
    ...(moves && circumstances.origin !== 'backfill' && { fanOutPending: token }),
    ...(moves && circumstances.origin !== 'backfill' && { sweepPending: token }),
  };
  const writes: Write[] = [{ kind: 'put', table: 'control', item: encodeKpiRow(next), ifToken: head.token ?? null }];
  if (personalGoes) writes.push({ kind: 'delete', table: 'kpiLinks', key: { id: { S: personal.id } } });
  return [...writes, ...items.values()];
}

/** What the KPI has for the link's linked_at; undefined where the link is not one of the KPI's. */
export function linkedAtIn({ head, spilled }: KpiSnapshot, id: string): string | undefined {
  const item = spilled.get(id);
  if (item === undefined) return head.inlineLinks.get(id);
  return 'linkedAt' in item ? item.linkedAt : undefined;
}

/** Whether records' rows depend on the difference: which links there are, and which of them is the anchor. No link is spilled. */
function rowsMove({ inlineLinks: before }: KpiHead, after: ReadonlyMap<string, string>): boolean {
  if (before.size !== after.size || [...after.keys()].some((id) => !before.has(id))) return true;
  return anchorId(before) !== anchorId(after);
}

function anchorId(links: ReadonlyMap<string, string>): string | undefined {
  return anchorOf([...links].map(([id, linkedAt]) => ({ id, linkedAt })))?.id;
}
