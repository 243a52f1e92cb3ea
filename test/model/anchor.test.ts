import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anchorOf, inAnchorOrder } from '../../functions/model/anchor.ts';
import type { LinkReference } from '../../functions/model/kpi.ts';
import { instantText } from '../migration/old-content.ts';

describe('the anchor', () => {
  test.each<[string, Record<string, string>, string[]]>([
    ['is the link that was linked first', { a: '2024-02-01', b: '2024-01-01' }, ['b', 'a']],
    [
      'is the smallest id of those linked at once',
      { c: '2024-01-01', b: '2024-01-01', a: '2024-01-01' },
      ['a', 'b', 'c'],
    ],
    [
      'is told by the instant, not by its text',
      { a: '2024-01-01T00:00:00Z', b: '2024-01-01T09:00:00+09:30' },
      ['b', 'a'],
    ],
    [
      'is told by the seventh fraction digit',
      { a: '2024-01-01T00:00:00.0000002Z', b: '2024-01-01T00:00:00.0000001Z' },
      ['b', 'a'],
    ],
    [
      'is told by id where one instant is spelled in two ways',
      { b: '2024-01-01', a: '2024-01-01T02:00:00+02:00' },
      ['a', 'b'],
    ],
    [
      'compares ids by code unit',
      { a: '2024-01-01', B: '2024-01-01', '10': '2024-01-01', '9': '2024-01-01' },
      ['10', '9', 'B', 'a'],
    ],
    ['comes before a link of no instant', { a: 'some day', b: '9999-12-31' }, ['b', 'a']],
  ])('%s', (_, linkedAtOf, order) => {
    const links = Object.entries(linkedAtOf).map(([id, linkedAt]) => ({ id, linkedAt }));
    expect(inAnchorOrder(links).map(({ id }) => id)).toEqual(order);
    expect(anchorOf(links)?.id).toBe(order[0]);
  });

  test('is none where there is no link', () => {
    expect(anchorOf([])).toBeUndefined();
  });

  test('does not depend on the order of the links, which stay as they are', async () => {
    const links = fc.uniqueArray(fc.record({ id: fc.stringMatching(/^[a-c]{1,2}$/), linkedAt: instantText }), {
      selector: ({ id }) => id,
      maxLength: 8,
    });
    const twoOrders = links.chain((one) =>
      fc.tuple(fc.constant<LinkReference[]>(one), fc.shuffledSubarray(one, { minLength: one.length })),
    );
    await fc.assert(
      fc.property(twoOrders, ([one, other]) => {
        const before = structuredClone(other);
        expect(inAnchorOrder(other)).toEqual(inAnchorOrder(one));
        expect(other).toEqual(before);
      }),
    );
  });
});
