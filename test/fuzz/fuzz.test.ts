import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { engineUrl } from '../engine-client.ts';
import { type Failure, fuzzWorld, type Run, replayWorld } from './fuzz.ts';
import { FuzzTables } from './fuzz-tables.ts';
import { requirePureInvariants } from './in-memory.ts';
import { KNOWN_FAULTS } from './known-faults.ts';
import { materialise } from './materialise.ts';
import { roleOf } from './old-world.ts';
import { describeFailure } from './report.ts';
import { PATHS, PathError, runWorld, type WorldReport } from './run-world.ts';
import type { World } from './sketch.ts';
import { hasIllFormedKey, isStorable } from './storable.ts';
import { Violation } from './violation.ts';
import { worlds } from './worlds.ts';

/** Another one every day; `npm run fuzz -- --seed N` draws the same. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Date.now() / 86_400_000));
const WORLD_ITEMS = 80;

const tables = new FuzzTables(engineUrl());
/** Worlds that failed once; there may be none. */
const REGRESSIONS = join(import.meta.dirname, 'regressions');

const run: Run = (world, options) => runWorld(tables, world, options);
afterAll(() => tables.close());

function requireHeld(outcome: Failure | WorldReport): void {
  if ('invariant' in outcome) expect.fail(outcome.message);
}

describe('on the real engine', () => {
  test.each([SEED])('the world of seed %i holds every invariant', async (seed) => {
    const outcome = await fuzzWorld(run, { seed, worldItems: WORLD_ITEMS, shrinkSeconds: 60 });
    if ('failure' in outcome) {
      const { failure } = outcome;
      const world = `kept nowhere; its sketch: ${JSON.stringify(failure.world)}`;
      expect.fail([...describeFailure(seed, WORLD_ITEMS, failure, world)].join('\n'));
    }
    expect(outcome.report.rows).toBeGreaterThan(0);
  });

  test.each(existsSync(REGRESSIONS) ? readdirSync(REGRESSIONS) : [])('what once failed holds: %s', async (name) => {
    const world = JSON.parse(readFileSync(join(REGRESSIONS, name), 'utf8')) as World;
    requireHeld(await replayWorld(run, world, { paths: PATHS }));
  });

  test.each(KNOWN_FAULTS.map((fault) => [fault.name, fault] as const))(
    'the known fault is still one, and is left out: %s',
    async (_, { proof }) => {
      expect(await replayWorld(run, proof.world, { paths: [proof.path] })).toHaveProperty('invariant');
      const { leftOut } = await runWorld(tables, proof.world, { paths: [proof.path] });
      expect(leftOut).toBeGreaterThan(0);
    },
  );

  test('hardly anything that is drawn is refused, and what is kept in memory is what the engine keeps', async () => {
    const { settings } = await tables.createEnvironment(await tables.createOld(), 'hold');
    const counts = { tried: 0, refused: 0, unlike: [] as string[] };
    for (const world of fc.sample(worlds(120), { seed: SEED, numRuns: 6 })) {
      for (const { table, item } of materialise(world).initial) {
        if (item === undefined || hasIllFormedKey(table, item)) continue;
        const isStored = await tables.wire.put(settings.tables[roleOf(table)], item);
        counts.tried += 1;
        if (!isStored) counts.refused += 1;
        if (isStored !== isStorable(table, item))
          counts.unlike.push(JSON.stringify({ table, isStored, item }).slice(0, 500));
      }
    }
    await tables.clear();
    expect(counts.unlike).toEqual([]);
    expect(counts.tried).toBeGreaterThan(100);
    expect(counts.refused / counts.tried).toBeLessThan(0.15);
  });
});

test('in memory, forty worlds hold what the pure parts must', async () => {
  await fc.assert(
    fc.asyncProperty(worlds(80), (world) => requirePureInvariants(world)),
    { numRuns: 40, seed: SEED },
  );
});

/** A product that cannot bear an attribute. */
const intolerant: Run = async (world) => {
  const isOdd = world.items.some(({ oddities }) => oddities.some(({ attribute }) => attribute === 'constructor'));
  if (isOdd) throw new PathError('copied', new Violation('a command finishes', 'It did not.'));
  return { stored: world.items.length, refused: 0, leftOut: 0, rows: 0, held: 0, quarantined: new Map() };
};

describe('a failure', () => {
  const failureOf = async (seed: number): Promise<Failure> => {
    for (let at = seed; ; at += 1) {
      const outcome = await fuzzWorld(intolerant, { seed: at, worldItems: 80, shrinkSeconds: 30 });
      if ('failure' in outcome) return outcome.failure;
    }
  };

  test('is made smaller, to the one item and the one attribute that it takes', async () => {
    const { world, invariant } = await failureOf(1);
    expect(invariant).toBe('a command finishes');
    expect(world.items).toHaveLength(1);
    expect(world.items[0]?.oddities).toHaveLength(1);
    expect(world.changes).toEqual([]);
  });

  test('can be replayed from what is kept of it', async () => {
    const { world } = await failureOf(1);
    const kept = JSON.parse(JSON.stringify(world)) as World;
    expect(kept).toEqual(world);
    expect(await replayWorld(intolerant, kept)).toMatchObject({ invariant: 'a command finishes' });
    expect(materialise(kept)).toEqual(materialise(world));
  });
});
