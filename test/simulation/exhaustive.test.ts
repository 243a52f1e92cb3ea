import { describe, expect, test } from 'vitest';
import type { Adversary } from './adversary.ts';
import { type SearchOptions, type SearchReport, searchAll } from './exhaustive.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

/** Those that take seconds; all others by the long run of the simulation. */
const SHORT: readonly (readonly [string, Partial<Adversary>])[] = [
  ['a record and its link', { crash: 0 }],
  ['a link and its record', { crash: 0 }],
  ['two records', { crash: 0 }],
  ['a copied link that goes', { crash: 0, indexLag: 0, halfVisible: 0, splitRead: 0 }],
  ['a record that changes', {}],
  ['a record that goes', {}],
  ['a link that goes', {}],
  ['a copied record that goes', { indexLag: 0, halfVisible: 0, splitRead: 0 }],
  ['a copied record that comes and changes', { crash: 0, indexLag: 0, halfVisible: 0, splitRead: 0 }],
  ['a record and its spilled link', { crash: 0 }],
  ['a spilled link and its record', { crash: 0 }],
];

function search(name: string, options: SearchOptions): Promise<SearchReport> {
  const world = SMALL_WORLDS[name];
  if (world === undefined) throw new Error(`There is no world ${name}.`);
  return searchAll(world, options);
}

test.each(SHORT)('every schedule of %s ends well: %o', { timeout: 60_000 }, async (name, adversary) => {
  const report = await search(name, { runsMax: 20_000, adversary });
  expect(report).toMatchObject({ complete: true, divergence: undefined });
  expect(report.ends).toBeGreaterThan(0);
});

test('a search that is cut short says so', async () => {
  expect(await search('a record and its link', { runsMax: 10 })).toMatchObject({ complete: false, runs: 10 });
});

describe('of orders that nobody can tell apart one is enough', () => {
  /** All that the tables can come to hold, tokens included, and in how many schedules that was found out. */
  async function endsOf(name: string, options: Omit<SearchOptions, 'runsMax' | 'atRest'>) {
    const ends = new Set<string>();
    const { complete, runs } = await search(name, {
      ...options,
      runsMax: 200_000,
      atRest: ({ own }) => ends.add(JSON.stringify(Object.values(own).map((rows) => [...rows].sort()))),
    });
    expect(complete).toBe(true);
    return { ends: [...ends].sort(), runs };
  }

  test.each([
    ['a record that changes', {}],
    ['a link that goes', { indexLag: 0, halfVisible: 0, splitRead: 0 }],
  ] as const)('%s comes to the same ends', { timeout: 60_000 }, async (name, adversary) => {
    const reduced = await endsOf(name, { adversary });
    const whole = await endsOf(name, { adversary, conflict: () => true });
    expect(reduced.ends).toEqual(whole.ends);
    expect(reduced.runs).toBeLessThan(whole.runs);
  });

  test('and to fewer where conflicts are not seen', { timeout: 60_000 }, async () => {
    const name = 'a record and its link';
    const [seen, unseen] = [
      await endsOf(name, { adversary: { crash: 0 } }),
      await endsOf(name, { adversary: { crash: 0 }, conflict: () => false }),
    ];
    expect(unseen.ends.length).toBeLessThan(seen.ends.length);
  });
});
