import { expect, test } from 'vitest';
import { IN_ORDER, searchAll } from './exhaustive.ts';
import { SMALL_WORLDS } from './small-worlds.ts';

/** Those that take a second or two; all others by the long run of the simulation. */
const SHORT = {
  'a record and its link': IN_ORDER,
  'a link and its record': IN_ORDER,
  'a copied record that goes': IN_ORDER,
  'a record that changes': {},
  'a record that goes': {},
  'a link that goes': { halfVisible: 0 },
} as const;

test.each(Object.entries(SHORT))('every schedule of %s ends well', { timeout: 60_000 }, async (name, adversary) => {
  const world = SMALL_WORLDS[name];
  if (world === undefined) throw new Error(`There is no world ${name}.`);
  const report = await searchAll(world, { runsMax: 20_000, adversary });
  expect(report).toMatchObject({ complete: true, divergence: undefined });
  expect(report.ends).toBeGreaterThan(0);
});

test('a search that is cut short says so', async () => {
  const world = Object.values(SMALL_WORLDS)[0];
  expect(world && (await searchAll(world, { runsMax: 10 }))).toMatchObject({ complete: false, runs: 10 });
});
