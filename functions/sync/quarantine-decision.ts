import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { QuarantineReason } from '../model/quarantine-reason.ts';
import type { Source } from '../model/sources.ts';
import { encodeQuarantineRow, type QuarantineRow, quarantineKey } from '../tables/control-rows.ts';
import type { Write } from '../tables/transactions.ts';

/**
 * What to write so that quarantine holds the item if it cannot be migrated, and does not if it can or is gone.
 * An image that changed makes a new entry: nobody has accepted that one.
 */
export function decideQuarantine(
  source: Source,
  id: string,
  stored: QuarantineRow | undefined,
  desired: { readonly reason: QuarantineReason; readonly image: Item } | undefined,
  quarantinedAt: string,
): Write[] {
  if (desired === undefined) {
    return stored === undefined ? [] : [{ kind: 'delete', ...quarantineKey(source, id) }];
  }
  const unchanged =
    stored !== undefined && stored.reason.code === desired.reason.code && sameItem(stored.image, desired.image);
  if (unchanged) return [];
  return [{ kind: 'put', table: 'control', item: encodeQuarantineRow({ source, id, ...desired, quarantinedAt }) }];
}
