import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { KnownIds } from '../../../backfill/copy/known-ids.ts';

const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

test('it never forgets an id, also where there are many more than were expected', () => {
  for (const expected of [0, 10, 100_000]) {
    const known = new KnownIds(expected);
    const added = [...ids(50_000), '', 'ü', 'x'.repeat(2_048)];
    for (const id of added) known.add(id);
    expect(added.filter((id) => !known.mayHave(id))).toEqual([]);
  }
});

test('it takes about one new id in a hundred for a known one', () => {
  const known = new KnownIds(100_000);
  for (const id of ids(100_000)) known.add(id);
  const taken = ids(100_000).filter((id) => known.mayHave(id)).length;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(1_500);
});

test('it has none at first', () => {
  expect(ids(100).filter((id) => new KnownIds(1_000).mayHave(id))).toEqual([]);
});
