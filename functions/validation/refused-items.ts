import { type QuarantineReason, refusedBy } from '../migration/quarantine-reason.ts';
import { bySource, SOURCES, type Source } from '../migration/sources.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { itemDigest } from '../model/digest.ts';
import type { ValidationReads } from '../tables/validation-reads.ts';

/** Items that are in quarantine because the store refused them, by source and id: the digest of what was refused. */
export type RefusedItems = Readonly<Record<Source, ReadonlyMap<string, string>>>;

export const NONE_REFUSED: RefusedItems = bySource(() => new Map());

export async function readRefused(reads: ValidationReads): Promise<RefusedItems> {
  const bySource = await Promise.all(SOURCES.map(async (source) => [source, await reads.listRefused(source)] as const));
  return Object.fromEntries(bySource) as Record<Source, ReadonlyMap<string, string>>;
}

/**
 * Why an item has no rows, though the mapping gives it some: it was refused just as it is now. Once it changes, it is demanded like any other
 * until it is refused again.
 */
export function refusalOf(refused: RefusedItems, source: Source, item: Item): QuarantineReason | undefined {
  const digest = refused[source].get(idOf(item));
  return digest !== undefined && digest === itemDigest(item) ? refusedBy('as quarantine has it') : undefined;
}
