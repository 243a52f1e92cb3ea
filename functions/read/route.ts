import { isInPercent, type OldReason, type ReaderFlag, type Stage } from '../flag/stages.ts';

/** Which side answers a read, and why. */
export interface Route {
  readonly side: 'old' | 'new';
  /** Whether to compare the answer with the other side's, in the background. */
  readonly shadow: boolean;
  readonly reason: OldReason | 'shadow' | 'tenant-not-chosen' | 'fresh-write' | 'tenant-named' | 'tenant-in-percent';
}

/** What a read's route depends on. */
export interface RoutedRead {
  readonly tenantId: string;
  readonly lastWriteAtMs?: number | undefined;
  readonly nowMs: number;
}

type Routes = { readonly [S in Stage]: (flag: Extract<ReaderFlag, { stage: S }>, read: RoutedRead) => Route };

const ROUTES: Routes = {
  old: ({ reason }) => ({ side: 'old', shadow: false, reason }),
  shadow: () => ({ side: 'old', shadow: true, reason: 'shadow' }),
  new: (flag, read) => {
    const isNamed = flag.tenants.has(read.tenantId);
    if (!isNamed && !isInPercent(read.tenantId, flag.percent)) {
      return { side: 'old', shadow: false, reason: 'tenant-not-chosen' };
    }
    if (isFresh(read, flag.lagBoundMs)) return { side: 'old', shadow: false, reason: 'fresh-write' };
    return { side: 'new', shadow: false, reason: isNamed ? 'tenant-named' : 'tenant-in-percent' };
  },
};

export function routeOf(flag: ReaderFlag, read: RoutedRead): Route {
  return (ROUTES[flag.stage] as (flag: ReaderFlag, read: RoutedRead) => Route)(flag, read);
}

/** Whether the caller's last write may not be replicated yet. A future time, or not a number, counts as fresh. */
function isFresh({ lastWriteAtMs, nowMs }: RoutedRead, lagBoundMs: number): boolean {
  return lastWriteAtMs !== undefined && !(nowMs - lastWriteAtMs >= lagBoundMs);
}
