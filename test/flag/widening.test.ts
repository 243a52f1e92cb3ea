import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FlagContent, flagDocument, parseFlagDocument } from '../../functions/flag/document.ts';
import { isInPercent } from '../../functions/flag/stages.ts';
import { widening } from '../../functions/flag/widening.ts';

const OFF: FlagContent = { enabled: false };
const SHADOW: FlagContent = { enabled: true, stage: 'shadow', percent: 0, tenants: [], lagBoundMs: 1_000 };
const toNew = (percent: number, tenants: string[] = [], lagBoundMs = 1_000): FlagContent => ({
  enabled: true,
  stage: 'new',
  percent,
  tenants,
  lagBoundMs,
});
/** A tenant that is in at 50 % and not at 10 %, and one that is in at neither. */
const tenants = Array.from({ length: 1_000 }, (_, at) => `tenant-${at}`);
const within50 = tenants.find((tenant) => isInPercent(tenant, 50) && !isInPercent(tenant, 10)) as string;
const beyond50 = tenants.find((tenant) => !isInPercent(tenant, 50)) as string;

describe('a flag widens', () => {
  test.each<[what: string, current: FlagContent, next: FlagContent]>([
    ['from off to a percentage', OFF, toNew(1)],
    ['from shadow to a tenant', SHADOW, toNew(0, ['a'])],
    ['to a higher percentage', toNew(10), toNew(10.01)],
    ['by a tenant who is not in', toNew(50), toNew(50, [beyond50])],
    ['by a tenant whom a lower percentage leaves out', toNew(10), toNew(5, [within50])],
    ['by fresher reads', toNew(50), toNew(50, [], 999)],
  ])('%s', (_, current, next) => {
    expect(widening(current, next)).toHaveLength(1);
  });
});

describe('a flag does not widen', () => {
  test.each<[what: string, current: FlagContent, next: FlagContent]>([
    ['when it is turned off', toNew(100), OFF],
    ['when it goes back to shadow', toNew(100), SHADOW],
    ['to shadow', OFF, SHADOW],
    ['to the new side for nobody', OFF, toNew(0)],
    ['to a lower percentage', toNew(50), toNew(49)],
    ['when it stays as it is', toNew(50, ['a']), toNew(50, ['a'])],
    ['by naming a tenant who is in by percentage', toNew(50), toNew(50, [within50])],
    ['by naming only those who were named, with less fresh reads', toNew(1, ['a', 'b']), toNew(0, ['a'], 2_000)],
  ])('%s', (_, current, next) => {
    expect(widening(current, next)).toEqual([]);
  });
});

test('whatever adds a tenant widens, and nothing that adds none does, at the same freshness', () => {
  const flag = fc
    .record({ percent: fc.integer({ min: 0, max: 10_000 }), named: fc.subarray(tenants.slice(0, 20)) })
    .map(({ percent, named }) => toNew(percent / 100, named));
  const isIn = (of: FlagContent, tenant: string): boolean =>
    of.enabled && (of.tenants.includes(tenant) || isInPercent(tenant, of.percent));
  void fc.assert(
    fc.property(flag, flag, (current, next) => {
      const adds = tenants.some((tenant) => isIn(next, tenant) && !isIn(current, tenant));
      // A percentage may also add tenants whom nobody has met yet.
      if (adds) expect(widening(current, next)).not.toEqual([]);
      if (widening(current, next).length === 0) expect(adds).toBe(false);
    }),
  );
});

describe('the document in AppConfig', () => {
  test.each([OFF, SHADOW, toNew(12.5, ['a', 'b'], 5_000)])('is read as it was written: %j', (flag) => {
    expect(parseFlagDocument(flagDocument(flag))).toEqual(flag);
  });

  test('is read in the form that readers get, too', () => {
    const flag = toNew(12.5, ['a'], 5_000);
    expect(parseFlagDocument(JSON.stringify({ readPath: flag }))).toEqual(flag);
    expect(parseFlagDocument(JSON.stringify({ readPath: { enabled: false } }))).toEqual(OFF);
  });

  test("keeps AppConfig's own attributes, and those of a disabled flag, out", () => {
    const values = { readPath: { enabled: false, stage: 'new', percent: 100, _updatedAt: '2026-01-01' } };
    expect(parseFlagDocument(JSON.stringify({ version: '1', flags: {}, values }))).toEqual(OFF);
    const enabled = { readPath: { enabled: true, stage: 'shadow', _createdAt: 'x' } };
    expect(parseFlagDocument(JSON.stringify({ version: '1', values: enabled }))).toMatchObject({ stage: 'shadow' });
  });

  test.each([
    '',
    '{}',
    '{"version":"2","values":{"readPath":{"enabled":true}}}',
    flagDocument(toNew(50)).replace('50', '101'),
  ])('is refused where it is none: %s', (content) => {
    expect(() => parseFlagDocument(content)).toThrow(expect.objectContaining({ code: 'FLAG_UNREADABLE' }));
  });
});
