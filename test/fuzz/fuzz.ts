import * as fc from 'fast-check';
import { type Path, PathError, type RunOptions, type WorldReport } from './run-world.ts';
import type { World } from './sketch.ts';
import { Violation } from './violation.ts';
import { worlds } from './worlds.ts';

/** A world that fails, as small as it got. */
export interface Failure {
  readonly path: Path;
  readonly invariant: string;
  readonly message: string;
  readonly world: World;
  readonly shrinks: number;
}

export interface FuzzOptions {
  readonly seed: number;
  /** Items in a world at most. */
  readonly worldItems: number;
  /** How long a failing world is made smaller. */
  readonly shrinkSeconds: number;
}

/** What became of a world: what was checked, or what fails. */
export type Outcome =
  | { readonly seed: number; readonly report: WorldReport }
  | { readonly seed: number; readonly failure: Failure };

/** Takes a world through the product. */
export type Run = (world: World, options: RunOptions) => Promise<WorldReport>;

/** Draws the world of a seed and runs it; where it fails, makes it smaller as long as it fails in the same way. */
export async function fuzzWorld(run: Run, { seed, worldItems, shrinkSeconds }: FuzzOptions): Promise<Outcome> {
  let report: WorldReport | undefined;
  let first: Failure | undefined;
  let smallest: Failure | undefined;
  let giveUpAtMs = Number.POSITIVE_INFINITY;
  const property = fc.asyncProperty(worlds(worldItems), async (world) => {
    if (first !== undefined && Date.now() > giveUpAtMs) return;
    try {
      report = await run(world, first ? { paths: [first.path] } : {});
    } catch (error) {
      const failure = failureOf(error, world);
      if (first !== undefined && (failure.path !== first.path || failure.invariant !== first.invariant)) return;
      first ??= failure;
      smallest = failure;
      if (giveUpAtMs === Number.POSITIVE_INFINITY) giveUpAtMs = Date.now() + shrinkSeconds * 1_000;
      throw error;
    }
  });
  const { numShrinks } = await fc.check(property, { seed, numRuns: 1, unbiased: true });
  if (smallest !== undefined) return { seed, failure: { ...smallest, shrinks: numShrinks } };
  if (report === undefined) throw new Error('No world was drawn.');
  return { seed, report };
}

function failureOf(error: unknown, world: World): Failure {
  if (!(error instanceof PathError) || !(error.cause instanceof Violation)) throw error;
  const { path, cause } = error;
  return { path, invariant: cause.invariant, message: cause.message, world, shrinks: 0 };
}

/** Runs a world that was kept. */
export async function replayWorld(run: Run, world: World, options: RunOptions = {}): Promise<Failure | WorldReport> {
  try {
    return await run(world, { ...options, withKnownFaults: true });
  } catch (error) {
    return failureOf(error, world);
  }
}
