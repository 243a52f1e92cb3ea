import type { FlagContent } from './document.ts';
import { isInPercent } from './stages.ts';

/** The reads that a flag gives to the new tables. */
interface NewSideShare {
  readonly percent: number;
  readonly tenants: readonly string[];
  readonly lagBoundMs: number;
}

const NONE: NewSideShare = { percent: 0, tenants: [], lagBoundMs: Number.POSITIVE_INFINITY };

function newSideShare(flag: FlagContent): NewSideShare {
  return flag.enabled && flag.stage === 'new' ? flag : NONE;
}

/** Whether anyone reads the new tables under this flag. */
export function readsAnyNew(flag: FlagContent): boolean {
  const { percent, tenants } = newSideShare(flag);
  return percent > 0 || tenants.length > 0;
}

/**
 * The reads that `next` gives to the new tables and `current` does not, as sentences: a higher percentage, a tenant who
 * is not included yet, or reads sooner after a write. Empty if it widens nothing.
 */
export function widening(current: FlagContent, next: FlagContent): string[] {
  if (!readsAnyNew(next)) return [];
  const [before, after] = [newSideShare(current), newSideShare(next)];
  const added = after.tenants.filter(
    (tenant) => !before.tenants.includes(tenant) && !isInPercent(tenant, before.percent),
  );
  return [
    ...(after.percent > before.percent
      ? [`the share of tenants goes from ${before.percent} % to ${after.percent} %`]
      : []),
    ...added.map((tenant) => `tenant ${tenant} is added`),
    ...(after.lagBoundMs < before.lagBoundMs && readsAnyNew(current)
      ? [`reads move to the new tables ${after.lagBoundMs} ms after a write instead of ${before.lagBoundMs} ms`]
      : []),
  ];
}
