import { linkIn, twinKeyOf } from '../../functions/migration/demand.ts';
import type { OldLink } from '../../functions/migration/old-records.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { SECOND_LINK } from '../../functions/migration/warnings.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { countNames } from '../../functions/model/counts-by-name.ts';
import type { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import { attempt, valuesOf } from '../../functions/tables/dynamo/attempt.ts';
import type { Copier } from './copier.ts';
import { bringLinks } from './persevere.ts';
import { countUnfinished, countUnknownAttributes, EMPTY_TALLY, type Tally, type UnknownAttributes } from './tally.ts';
import type { UntouchedKpis } from './untouched-kpis.ts';

/** What all pages of a pass over links share. */
export interface LinkPass {
  /** Whether records may have been copied before these links, which then ask for the sweep. */
  readonly isAfterRecords: boolean;
  readonly turns: KpiTurns;
  /** Only in a first run. */
  readonly untouched?: UntouchedKpis | undefined;
  /** Which goals each KPI has been linked to so far; only where one process copies all links. */
  readonly twinKeys?: Set<string> | undefined;
}

/**
 * Copies a page of links: the row of each stands in one transaction with its KPI row. In a first run those of KPIs that nobody else has touched are
 * written many at once; all others go through the protocol. What is right already is left alone, and what has gone since the scan is left to its own event.
 */
export async function copyLinks(
  copier: Copier,
  items: readonly Item[],
  { isAfterRecords, turns, untouched, twinKeys }: LinkPass,
): Promise<Tally> {
  const origin = isAfterRecords ? 'late-backfill' : 'backfill';
  const atOnce = untouched ? await untouched.bring(items, origin) : { done: [], apart: items };
  const changes = atOnce.apart.map((item) => ({ id: idOf(item), kpis: [kpiKeyOf(item)] }));
  const { done: oneByOne, unfinished } = await bringLinks(copier, changes, origin, turns);
  const done = [...atOnce.done, ...oneByOne];
  const valid = done.filter((result) => result.outcome === 'valid');
  const validIds = new Set(valid.map(({ change }) => change.id));
  const links = linksIn(items);
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: valid.filter((result) => result.changed).length,
    present: valid.filter((result) => !result.changed).length,
    quarantined: done.filter((result) => result.outcome === 'quarantined').length,
    unfinished: countUnfinished(unfinished),
    warnings: countNames([
      ...done.flatMap((result) => result.warnings.map((warning) => warning.code)),
      ...secondLinks(
        links.filter(({ id }) => validIds.has(id)),
        twinKeys,
      ),
    ]),
    ...unknownLinkAttributes(links),
  };
}

/** Links that are kept in mind at most, to find second ones. */
const TWIN_KEYS_MAX = 200_000;

/** A warning for each link whose KPI has met its goal before. */
function secondLinks(links: readonly OldLink[], twinKeys: Set<string> | undefined): string[] {
  if (twinKeys === undefined) return [];
  return links.flatMap((link) => {
    const twinKey = twinKeyOf(link);
    if (twinKeys.has(twinKey)) return [SECOND_LINK.code];
    if (twinKeys.size < TWIN_KEYS_MAX) twinKeys.add(twinKey);
    return [];
  });
}

/** Attributes of the links that tables.md does not know, and how often each comes. */
export function unknownLinkAttributes(links: readonly OldLink[]): UnknownAttributes {
  return countUnknownAttributes(links.map(({ unknownAttributes }) => unknownAttributes));
}

/** The links that are well formed. */
export function linksIn(items: readonly Item[]): OldLink[] {
  return valuesOf(items.map((item) => attempt(() => linkIn(item)))).filter((link) => link !== undefined);
}
