import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { QuarantineReason, Warning } from '../model/quarantine-reason.ts';
import { type KpiKey, kpiIdentity } from '../model/sources.ts';
import type { KeptForm, QuarantineEntry } from '../tables/quarantine-rows.ts';
import type { Write } from '../tables/transactions.ts';
import { decideKpi, type KpiCircumstances, type KpiSnapshot } from './kpi-decision.ts';
import { decideQuarantine } from './quarantine-decision.ts';

/** What the control table and KpiLink hold of one link, as of one instant. */
export interface LinkSnapshot {
  readonly kpis: readonly KpiSnapshot[];
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
export interface LinkCircumstances extends KpiCircumstances {
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
    const belongs = base.kind === 'valid' && kpiIdentity(base.kpi) === kpiIdentity(kpi.head.kpi);
    return decideKpi(kpi, new Map([[id, belongs ? base.linkedAt : undefined]]), moveTokens, circumstances);
  });
  return [...kpiWrites, ...rowWrites];
}
