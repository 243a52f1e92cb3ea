import { compareInstants, compareText, type Instant, parseInstant } from './instant.ts';
import type { LinkReference } from './kpi.ts';

/**
 * The links by their date as an instant, then by id (tables.md, "Ids"). The first is the anchor, whose rows keep their
 * records' ids. A link whose date is no instant never gets here: it is quarantined.
 */
export function inAnchorOrder(links: readonly LinkReference[]): LinkReference[] {
  // Most KPIs have one link, and there is a record for every call.
  if (links.length < 2) return [...links];
  return links.toSorted(
    (left, right) => compareInstants(instantOf(left), instantOf(right)) || compareText(left.id, right.id),
  );
}

/** A KPI's links are put in order once for each of its records. */
const instants = new WeakMap<LinkReference, Instant>();

function instantOf(link: LinkReference): Instant {
  const known = instants.get(link);
  if (known) return known;
  const instant = parseInstant(link.linkedAt) ?? { epochSeconds: Number.POSITIVE_INFINITY, fraction: '' };
  instants.set(link, instant);
  return instant;
}

export function anchorOf(links: readonly LinkReference[]): LinkReference | undefined {
  return inAnchorOrder(links)[0];
}
