import { compareInstants, compareText, parseInstant } from './instant.ts';
import type { LinkReference } from './sources.ts';

/**
 * The links by `linked_at` as an instant, then by id (tables.md, "Ids"). The first is the anchor, whose rows keep their
 * records' ids. A link's `linked_at` that is no instant never gets here: such a link is quarantined.
 */
export function inAnchorOrder(links: readonly LinkReference[]): LinkReference[] {
  // Most KPIs have one link, and there is a record for every call.
  if (links.length < 2) return [...links];
  return links
    .map((link) => ({
      link,
      instant: parseInstant(link.linkedAt) ?? { epochSeconds: Number.POSITIVE_INFINITY, fraction: '' },
    }))
    .sort((left, right) => compareInstants(left.instant, right.instant) || compareText(left.link.id, right.link.id))
    .map(({ link }) => link);
}

export function anchorOf(links: readonly LinkReference[]): LinkReference | undefined {
  return inAnchorOrder(links)[0];
}
