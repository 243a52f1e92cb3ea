import type { ReadPath } from './document.ts';
import { isInPercent } from './stages.ts';

/** What of a flag puts reads on the new side. */
interface NewReads {
  readonly percent: number;
  readonly tenants: readonly string[];
  readonly lagBoundMs: number;
}

const NONE: NewReads = { percent: 0, tenants: [], lagBoundMs: Number.POSITIVE_INFINITY };

function newReads(flag: ReadPath): NewReads {
  return flag.enabled && flag.stage === 'new' ? flag : NONE;
}

/** Whether the flag lets the new side answer anyone. */
export function readsAnyNew(flag: ReadPath): boolean {
  const { percent, tenants } = newReads(flag);
  return percent > 0 || tenants.length > 0;
}

/**
 * What `next` lets the new side answer that `current` does not, as sentences: a higher percentage, a tenant who is not in yet, or
 * reads that are fresher after a write. Empty: it widens nothing.
 */
export function widening(current: ReadPath, next: ReadPath): string[] {
  if (!readsAnyNew(next)) return [];
  const [before, after] = [newReads(current), newReads(next)];
  const added = after.tenants.filter(
    (tenant) => !before.tenants.includes(tenant) && !isInPercent(tenant, before.percent),
  );
  return [
    ...(after.percent > before.percent ? [`${before.percent} % of tenants become ${after.percent} %`] : []),
    ...added.map((tenant) => `tenant ${tenant} is added`),
    ...(after.lagBoundMs < before.lagBoundMs && readsAnyNew(current)
      ? [`reads get the new side ${after.lagBoundMs} ms after a write instead of ${before.lagBoundMs}`]
      : []),
  ];
}
