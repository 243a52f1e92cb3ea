import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { LinkDemand } from '../model/demand.ts';
import { type KpiKey, kpiIdentity } from '../model/sources.ts';
import type { KeptForm, QuarantineEntry } from '../tables/control/quarantine-rows.ts';
import type { Write } from '../tables/dynamo/transactions.ts';
import { decideKpi, type KpiCircumstances, type KpiSnapshot, linkedAtIn } from './kpi-decision.ts';
import { decideQuarantine } from './quarantine-decision.ts';

/** Values a decision needs and must not make itself. */
export interface LinkCircumstances extends KpiCircumstances {
  /** How much of a link goes into quarantine; all of it where absent. */
  readonly form?: KeptForm;
}

/** What a link demands, and what the new tables and quarantine have of it. */
export interface LinkFacts {
  readonly id: string;
  readonly demand: LinkDemand;
  readonly row: Item | undefined;
  readonly quarantined: QuarantineEntry | undefined;
}

export interface LinksDecision {
  readonly writes: readonly Write[];
  /** The links that were not as they should be. */
  readonly changedIds: ReadonlySet<string>;
}

/**
 * Decides what one transaction writes so that the KPI row, KpiLink and quarantine agree with the links' base items.
 * Pure but for the tokens drawn. A live event moves every KPI row's token on, also where nothing else changes: that
 * stops an earlier attempt whose write is still under way. A copier that finds all right writes nothing, and what it
 * writes stands or falls with the KPI rows' tokens all the same.
 */
export function decideLinks(
  links: readonly LinkFacts[],
  kpis: readonly KpiSnapshot[],
  circumstances: LinkCircumstances,
): LinksDecision {
  const changedIds = new Set<string>();
  const rowWrites = links.flatMap((link) => {
    const writes = decideRow(link, circumstances);
    if (writes.length > 0) changedIds.add(link.id);
    return writes;
  });
  const moveTokens = circumstances.origin === 'live' || rowWrites.length > 0;
  const kpiWrites = kpis.flatMap((kpi) => {
    const targets = new Map(links.map(({ id, demand }) => [id, linkedAtOf(demand, kpi.head.kpi)]));
    for (const [id, linkedAt] of targets) if (linkedAtIn(kpi, id) !== linkedAt) changedIds.add(id);
    return decideKpi(kpi, targets, moveTokens, circumstances);
  });
  return { writes: [...kpiWrites, ...rowWrites], changedIds };
}

function decideRow({ id, demand, row, quarantined }: LinkFacts, { nowSeconds, form }: LinkCircumstances): Write[] {
  const mapped = demand.kind === 'valid' ? demand.row : undefined;
  const writes: Write[] = [];
  if (mapped && !sameItem(mapped, row)) {
    writes.push({ kind: 'put', table: 'kpiLinks', item: mapped, ...(row === undefined && { ifAbsent: true }) });
  }
  if (!mapped && row) writes.push({ kind: 'delete', table: 'kpiLinks', key: { id: { S: id } } });
  const refused = demand.kind === 'quarantined' ? demand : undefined;
  const quarantinedAt = new Date(nowSeconds * 1000).toISOString();
  return [...writes, ...decideQuarantine('links', id, quarantined, refused, quarantinedAt, form)];
}

/** Undefined where the link does not, or no longer, belong to the KPI. */
function linkedAtOf(demand: LinkDemand, kpi: KpiKey): string | undefined {
  return demand.kind === 'valid' && kpiIdentity(demand.kpi) === kpiIdentity(kpi) ? demand.linkedAt : undefined;
}
