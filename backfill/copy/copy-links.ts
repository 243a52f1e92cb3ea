import { linkIn } from '../../functions/migration/demand.ts';
import { kpiKeyOf } from '../../functions/migration/sources.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { countNames } from '../../functions/model/counts-by-name.ts';
import type { KpiTurns } from '../../functions/sync/kpi-turns.ts';
import { attempt, valuesOf } from '../../functions/tables/dynamo/attempt.ts';
import type { Copier } from './copier.ts';
import { bringLinks } from './persevere.ts';
import { countUnfinished, countUnknownAttributes, EMPTY_TALLY, type Tally, type UnknownAttributes } from './tally.ts';

/**
 * Copies a page of links, each by the protocol: its row stands in one transaction with its KPI row. What is right
 * already is left alone, and what has gone since the scan is left to its own event.
 *
 * @param recordsHaveBegun whether records may have been copied before these links, which then ask for the sweep.
 * @param turns shared by all segments of the pass.
 */
export async function copyLinks(
  copier: Copier,
  items: readonly Item[],
  recordsHaveBegun: boolean,
  turns: KpiTurns,
): Promise<Tally> {
  const changes = items.map((item) => ({ id: idOf(item), kpis: [kpiKeyOf(item)] }));
  const origin = recordsHaveBegun ? 'late-backfill' : 'backfill';
  const { done, unfinished } = await bringLinks(copier, changes, origin, turns);
  const valid = done.filter((result) => result.outcome === 'valid');
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: valid.filter((result) => result.changed).length,
    present: valid.filter((result) => !result.changed).length,
    quarantined: done.filter((result) => result.outcome === 'quarantined').length,
    unfinished: countUnfinished(unfinished),
    warnings: countNames(done.flatMap((result) => result.warnings.map((warning) => warning.code))),
    ...unknownLinkAttributes(items),
  };
}

/** Attributes of the valid links among the items that tables.md does not know, and how often each comes. */
export function unknownLinkAttributes(items: readonly Item[]): UnknownAttributes {
  const links = valuesOf(items.map((item) => attempt(() => linkIn(item))));
  return countUnknownAttributes(links.map((link) => link?.unknownAttributes ?? []));
}
