import { describe, expect, test } from 'vitest';
import type { ReaderFlag } from '../../functions/flag/stages.ts';
import { routeOf } from '../../functions/read/route.ts';

const NEW: ReaderFlag = { stage: 'new', percent: 0, tenants: new Set(['named']), lagBoundMs: 1_000 };

describe('the route', () => {
  const read = { tenantId: 'tenant', nowMs: 100_000 };

  test.each<[string, ReaderFlag, Partial<typeof read & { lastWriteAtMs: number }>, string]>([
    ['old: old', { stage: 'old', reason: 'flag-disabled' }, {}, 'old flag-disabled'],
    ['shadow: old, with a look at the new side', { stage: 'shadow', lagBoundMs: 0 }, {}, 'old shadow +shadow'],
    ['new: old for whoever is not chosen', NEW, {}, 'old tenant-not-chosen'],
    ['new: new for a named tenant', NEW, { tenantId: 'named' }, 'new tenant-named'],
    ['new: new for the percentage', { ...NEW, percent: 100 }, {}, 'new tenant-in-percent'],
    ['old just after a write', { ...NEW, percent: 100 }, { lastWriteAtMs: 99_001 }, 'old fresh-write'],
    ['new once the lag bound is over', { ...NEW, percent: 100 }, { lastWriteAtMs: 99_000 }, 'new tenant-in-percent'],
    ['old after a write to come', { ...NEW, percent: 100 }, { lastWriteAtMs: 200_000 }, 'old fresh-write'],
    ['old after a write of no date', { ...NEW, percent: 100 }, { lastWriteAtMs: Number.NaN }, 'old fresh-write'],
    ['named tenants are held to freshness too', NEW, { tenantId: 'named', lastWriteAtMs: 99_500 }, 'old fresh-write'],
  ])('%s', (_, flag, changes, route) => {
    const { side, reason, shadow } = routeOf(flag, { ...read, ...changes });
    expect(`${side} ${reason}${shadow ? ' +shadow' : ''}`).toBe(route);
  });
});
