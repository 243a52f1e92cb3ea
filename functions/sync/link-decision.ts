import { anchorOf } from '../model/anchor.ts';
import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { QuarantineReason, Warning } from '../model/quarantine-reason.ts';
import { type KpiKey, kpiIdentity } from '../model/sources.ts';
import { encodeKpiRow, type KpiRow } from '../tables/control-rows.ts';
import type { KeptForm, QuarantineEntry } from '../tables/quarantine-rows.ts';
import type { Write } from '../tables/transactions.ts';
import { decideQuarantine } from './quarantine-decision.ts';

/** Who writes the link: its own event, or a copier; and whether that copier may be too late for records already copied. */
export type LinkOrigin = 'live' | 'backfill' | 'late-backfill';

/** What the control table and KpiLink hold of one link, as of one instant. */
export interface LinkSnapshot {
  readonly kpis: readonly KpiRow[];
  readonly row: Item | undefined;
  readonly quarantined: QuarantineEntry | undefined;
}

/** The link as the old tables have it now. */
export type LinkBase =
  | { readonly kind: 'gone' }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason; readonly image: Item }
  | {
      readonly kind: 'valid';
      readonly kpi: KpiKey;
      readonly linkedAt: string;
      readonly row: Item;
      readonly image: Item;
      readonly warnings: readonly Warning[];
    };

/** Values a decision needs and must not make itself. */
export interface LinkCircumstances {
  readonly origin: LinkOrigin;
  readonly newToken: () => string;
  readonly nowSeconds: number;
  readonly retentionSeconds: number;
  /** How much of a link goes into quarantine; all of it where absent. */
  readonly form?: KeptForm;
}

/**
 * Decides what one transaction writes so that K, KpiLink and quarantine agree with the link's base item. Pure but for the
 * tokens drawn. A live event moves every K row's token on, also where nothing else changes: that stops an earlier attempt
 * whose write is still under way. A copier that finds all right writes nothing, and what it writes stands or falls with
 * the K rows' tokens all the same.
 */
export function decideLink(
  id: string,
  base: LinkBase,
  snapshot: LinkSnapshot,
  circumstances: LinkCircumstances,
): Write[] {
  const mapped = base.kind === 'valid' ? base.row : undefined;
  const rowWrites: Write[] = [];
  if (mapped && !sameItem(mapped, snapshot.row)) {
    rowWrites.push({
      kind: 'put',
      table: 'kpiLinks',
      item: mapped,
      ...(snapshot.row === undefined && { ifAbsent: true }),
    });
  }
  if (!mapped && snapshot.row) rowWrites.push({ kind: 'delete', table: 'kpiLinks', key: { id: { S: id } } });
  const refused = base.kind === 'quarantined' ? base : undefined;
  const quarantinedAt = new Date(circumstances.nowSeconds * 1000).toISOString();
  rowWrites.push(...decideQuarantine('links', id, snapshot.quarantined, refused, quarantinedAt, circumstances.form));

  const moveTokens = circumstances.origin === 'live' || rowWrites.length > 0;
  const kpiWrites = snapshot.kpis.flatMap((kpi) => {
    const belongs = base.kind === 'valid' && kpiIdentity(base.kpi) === kpiIdentity(kpi.kpi);
    return decideKpiRow(id, belongs ? base.linkedAt : undefined, kpi, moveTokens, circumstances);
  });
  return [...kpiWrites, ...rowWrites];
}

/** `linkedAt` is undefined where the link does not, or no longer, belong to the KPI. */
function decideKpiRow(
  id: string,
  linkedAt: string | undefined,
  kpi: KpiRow,
  moveToken: boolean,
  circumstances: LinkCircumstances,
): Write[] {
  const links = new Map(kpi.links);
  const tombstones = new Map(
    [...kpi.tombstones].filter(([, goneAt]) => goneAt + circumstances.retentionSeconds > circumstances.nowSeconds),
  );
  if (linkedAt !== undefined) {
    links.set(id, linkedAt);
    tombstones.delete(id);
  } else if (links.delete(id)) {
    tombstones.set(id, circumstances.nowSeconds);
  }
  const personalGoes = kpi.personal !== undefined && links.size > 0;
  if (personalGoes) tombstones.set(kpi.personal.id, circumstances.nowSeconds);
  const changed = kpi.links.get(id) !== linkedAt || personalGoes;
  if (!changed && !moveToken) return [];

  const token = circumstances.newToken();
  const { personal, ...rest } = kpi;
  const moves = rowsMove(kpi, links);
  const next = {
    ...rest,
    token,
    links,
    tombstones,
    ...(personal && !personalGoes && { personal }),
    ...(moves && { linksToken: token }),
    ...(moves && circumstances.origin !== 'backfill' && { fanOutPending: token }),
    ...(moves && circumstances.origin !== 'backfill' && { sweepPending: token }),
  };
  const writes: Write[] = [{ kind: 'put', table: 'control', item: encodeKpiRow(next), ifToken: kpi.token ?? null }];
  if (personalGoes) writes.push({ kind: 'delete', table: 'kpiLinks', key: { id: { S: kpi.personal.id } } });
  return writes;
}

/** Whether records' rows depend on the difference: which links there are, and which of them is the anchor. */
function rowsMove(kpi: KpiRow, links: ReadonlyMap<string, string>): boolean {
  if (kpi.links.size !== links.size || [...links.keys()].some((id) => !kpi.links.has(id))) return true;
  return anchorId(kpi.links) !== anchorId(links);
}

function anchorId(links: ReadonlyMap<string, string>): string | undefined {
  return anchorOf([...links].map(([id, linkedAt]) => ({ id, linkedAt })))?.id;
}
