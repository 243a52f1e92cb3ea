import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInPercent, parseServedFlag, tenantBucket } from '../../functions/flag/stages.ts';

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
    expect(parseServedFlag(content)).toEqual(flag);
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
    expect(parseServedFlag(content)).toEqual({ stage: 'old', reason: 'flag-unreadable' });
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
