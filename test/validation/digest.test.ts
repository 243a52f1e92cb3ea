import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { sameItem } from '../../functions/model/compare.ts';
import { BucketDigests, bucketOf, canonicalRow, rowDigest } from '../../functions/model/digest.ts';

/** Few texts and numbers, so that two rows are often nearly the same. */
const text = fc.constantFrom('', 'a', 'b', 'ab', '1', '1:a');
const number = fc.constantFrom('0', '-0', '1', '1.0', '10e-1', '10', '1e130', '-1');
const scalar: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map((S) => ({ S })),
  number.map((N) => ({ N })),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.constant({ NULL: true }),
  fc.uniqueArray(text, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
  fc.constantFrom(['1', '2'], ['2', '1.0'], ['2']).map((NS) => ({ NS: [...NS] })),
  text.map((each) => ({ B: Buffer.from(each) })),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.array(scalar, { maxLength: 2 }).map((L) => ({ L })),
  fc.dictionary(fc.constantFrom('x', 'y'), scalar, { maxKeys: 2 }).map((M) => ({ M })),
);
const row: fc.Arbitrary<Item> = fc.dictionary(fc.constantFrom('id', 'a', 'ab', 'b'), value, { maxKeys: 3 });

describe("a row's digest", () => {
  test('is the same for two rows exactly when they are the same row', () => {
    fc.assert(
      fc.property(row, row, (left, right) => {
        expect(canonicalRow(left) === canonicalRow(right)).toBe(sameItem(left, right));
        expect(rowDigest(left) === rowDigest(right)).toBe(sameItem(left, right));
      }),
      { numRuns: 2_000 },
    );
  });

  test('does not depend on the order of attributes', () => {
    const one = { id: { S: '1' }, a: { N: '2' } };
    const other = { a: { N: '2.0' }, id: { S: '1' } };
    expect(rowDigest(one) === rowDigest(other)).toBe(true);
  });
});

describe('digests by bucket', () => {
  const digest = (id: number) => rowDigest({ id: { N: String(id) } });
  const sumOf = (ids: readonly number[]): BucketDigests => {
    const sums = new BucketDigests(4);
    for (const id of ids) sums.add(id % 4, digest(id));
    return sums;
  };
  const ids = Array.from({ length: 200 }, (_, at) => at);

  test('do not depend on the order in which rows come', () => {
    expect(sumOf(ids).differing(sumOf([...ids].reverse()))).toEqual([]);
  });

  test.each([
    ['a row is missing', ids.filter((id) => id !== 6)],
    ['a row is counted twice', [...ids, 6]],
    ['a row is another', [...ids.filter((id) => id !== 6), 1_002]],
  ])('differ in just the bucket in which %s', (_name, others) => {
    expect(sumOf(ids).differing(sumOf(others))).toEqual([2]);
  });

  test('are added with carry from word to word', () => {
    const sums = new BucketDigests(1);
    sums.add(0, '\xff'.repeat(16));
    sums.add(0, `\x01${'\0'.repeat(15)}`);
    expect(sums.differing(new BucketDigests(1))).toEqual([]);
  });

  test('are the same after they were stored', () => {
    expect(BucketDigests.fromBase64(sumOf(ids).toBase64()).differing(sumOf(ids))).toEqual([]);
  });

  test('spread KPIs evenly, and keep KPIs of one id in two tenants apart', () => {
    const counts = new Map<number, number>();
    for (let at = 0; at < 16_000; at += 1) {
      const bucket = bucketOf({ tenantId: `tenant-${at % 7}`, kpiId: `kpi-${at}` }, 16);
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    expect(Math.min(...counts.values())).toBeGreaterThan(850);
    expect(Math.max(...counts.values())).toBeLessThan(1_150);
    const both = ['one', 'two'].map((tenantId) => bucketOf({ tenantId, kpiId: 'kpi' }, 4_096));
    expect(both[0]).not.toBe(both[1]);
  });
});
