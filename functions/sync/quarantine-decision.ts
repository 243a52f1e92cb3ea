import type { QuarantineReason } from '../migration/quarantine-reason.ts';
import type { Item } from '../model/attribute-value.ts';
import { itemDigest } from '../model/digest.ts';
import {
  deleteEntry,
  type KeptForm,
  putEntry,
  type QuarantineEntry,
  type QuarantineSource,
} from '../tables/control/quarantine-rows.ts';
import type { Write } from '../tables/dynamo/transactions.ts';

/**
 * What to write so that quarantine holds the item if it cannot be migrated, and does not if it can or is gone: the writes
 * belong in one transaction. An image that changed makes a new entry: nobody has accepted that one.
 *
 * @param form how much of the item can be kept.
 */
export function decideQuarantine(
  source: QuarantineSource,
  id: string,
  stored: QuarantineEntry | undefined,
  desired: { readonly reason: QuarantineReason; readonly image: Item } | undefined,
  quarantinedAt: string,
  form: KeptForm = 'whole',
): Write[] {
  if (desired === undefined) return stored === undefined ? [] : deleteEntry(stored);
  const { reason, image } = desired;
  const isKept = form !== 'whole' || (stored?.image?.parts ?? 0) > 0;
  if (isKept && isFor(stored, reason) && stored?.image?.digest === itemDigest(image)) return [];
  return putEntry({ source, id, reason, quarantinedAt }, image, form, stored);
}

/** Whether an entry is there for this reason. */
export function isFor(stored: QuarantineEntry | undefined, { code, refusal }: QuarantineReason): boolean {
  return stored?.reason.code === code && stored.reason.refusal === refusal;
}
