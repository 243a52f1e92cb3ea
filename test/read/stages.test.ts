import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInPercent, parseReadFlag, type ReadFlag, routeOf, tenantBucket } from '../../functions/read/stages.ts';

const NEW: ReadFlag = { stage: 'new', percent: 0, tenants: new Set(['named']), lagBoundMs: 1_000 };

function served(readPath: unknown): string {
  return JSON.stringify({ readPath });
}

describe('the flag as served', () => {
  test.each([
    ['disabled', served({ enabled: false }), { stage: 'old', reason: 'flag-disabled' }],
    ['absent', '{}', { stage: 'old', reason: 'flag-missing' }],
    ['shadow', served({ enabled: true, stage: 'shadow' }), { stage: 'shadow', lagBoundMs: 10_000 }],
    [
      'new, all said',
      served({ enabled: true, stage: 'new', percent: 12.5, tenants: ['a'], lagBoundMs: 5 }),
      { stage: 'new', percent: 12.5, tenants: new Set(['a']), lagBoundMs: 5 },
    ],
    [
      'new, nothing said: nobody reads there',
      served({ enabled: true, stage: 'new' }),
      { stage: 'new', percent: 0, tenants: new Set(), lagBoundMs: 10_000 },
    ],
  ])('%s', (_, content, flag) => {
    expect(parseReadFlag(content)).toEqual(flag);
  });

  test.each([
    ['no JSON', '{"readPath":'],
    ['empty', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['the flag is null', served(null)],
    ['no enabled', served({ stage: 'new', percent: 100 })],
    ['enabled is text', served({ enabled: 'true', stage: 'new' })],
    ['no stage', served({ enabled: true })],
    ['a stage that does not exist', served({ enabled: true, stage: 'newest' })],
    ['stage old, which is a disabled flag', served({ enabled: true, stage: 'old' })],
    ['percent over 100', served({ enabled: true, stage: 'new', percent: 101 })],
    ['percent is text', served({ enabled: true, stage: 'new', percent: '100' })],
    ['percent is negative', served({ enabled: true, stage: 'new', percent: -1 })],
    ['tenants is text', served({ enabled: true, stage: 'new', tenants: 'a,b' })],
    ['an attribute that nobody knows', served({ enabled: true, stage: 'new', percentage: 100 })],
  ])('means old where it cannot be understood: %s', (_, content) => {
    expect(parseReadFlag(content)).toEqual({ stage: 'old', reason: 'flag-unreadable' });
  });
});

describe('the route', () => {
  const read = { tenantId: 'tenant', nowMs: 100_000 };

  test.each<[string, ReadFlag, Partial<typeof read & { lastWriteAtMs: number }>, string]>([
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

describe('the percentage', () => {
  const percents = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);

  test('only ever adds tenants when raised', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), percents, percents, (tenantId, one, other) => {
        const [lower, higher] = one < other ? [one, other] : [other, one];
        return !isInPercent(tenantId, lower) || isInPercent(tenantId, higher);
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes nobody at 0 and everybody at 100', () => {
    fc.assert(fc.property(fc.string(), (tenantId) => !isInPercent(tenantId, 0) && isInPercent(tenantId, 100)));
  });

  test.each([1, 10, 50, 90])('%i takes about as many', (percent) => {
    const tenants = Array.from({ length: 10_000 }, (_, n) => `tenant-${n}`);
    const share = tenants.filter((tenantId) => isInPercent(tenantId, percent)).length / 100;
    expect(Math.abs(share - percent)).toBeLessThan(1.5);
  });

  test('puts a tenant into the same place in every release', () => {
    expect(['tenant-1', 'tenant-2', 'c0ffee00-0000-4000-8000-000000000000'].map(tenantBucket)).toEqual([
      5601, 8530, 1890,
    ]);
  });
});
