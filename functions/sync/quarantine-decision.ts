import type { Item } from '../model/attribute-value.ts';
import { itemDigest } from '../model/digest.ts';
import type { QuarantineReason } from '../model/quarantine-reason.ts';
import { deleteEntry, putEntry, type QuarantineEntry, type QuarantineSource } from '../tables/quarantine-rows.ts';
import type { Write } from '../tables/transactions.ts';

/**
 * What to write so that quarantine holds the item if it cannot be migrated, and does not if it can or is gone: the writes
 * belong in one transaction. An image that changed makes a new entry: nobody has accepted that one.
 */
export function decideQuarantine(
  source: QuarantineSource,
  id: string,
  stored: QuarantineEntry | undefined,
  desired: { readonly reason: QuarantineReason; readonly image: Item } | undefined,
  quarantinedAt: string,
): Write[] {
  if (desired === undefined) return stored === undefined ? [] : deleteEntry(stored);
  const { reason, image } = desired;
  const unchanged = stored?.reason.code === reason.code && stored.image?.digest === itemDigest(image);
  return unchanged ? [] : putEntry({ source, id, reason, quarantinedAt }, image, 'whole', stored);
}
