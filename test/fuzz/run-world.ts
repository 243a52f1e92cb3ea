import type { Environment } from '../../backfill/environment.ts';
import { CONTROL_GROUP } from './control-group.ts';
import { backfill, plan, repairFromNothing, requireTally, validate, validateRowByRow } from './copied-path.ts';
import { requireExportLoads } from './export-path.ts';
import type { FuzzTables } from './fuzz-tables.ts';
import { faultsOf } from './known-faults.ts';
import { Streams } from './live-path.ts';
import { materialise, type ServiceWrite } from './materialise.ts';
import { readNewWorld, requireMigrated, requireUnchanged } from './new-world.ts';
import { type OldWorld, readOldWorld, roleOf, storedTexts } from './old-world.ts';
import { requireEqualAnswers, sidesOf } from './read-answers.ts';
import type { World } from './sketch.ts';
import { hasIllFormedKey } from './storable.ts';
import { requireSame } from './violation.ts';

/** The ways an item goes through the product. Each begins with new tables of its own. */
export const PATHS = ['live', 'copied', 'repaired', 'exported'] as const;
export type Path = (typeof PATHS)[number];

export interface WorldReport {
  /** Items that the engine stored, and those that it refused. */
  readonly stored: number;
  readonly refused: number;
  /** Items that meet a fault which is known. */
  readonly leftOut: number;
  readonly rows: number;
  readonly held: number;
  readonly quarantined: ReadonlyMap<string, number>;
}

export interface RunOptions {
  /** Only these; a failure is made smaller on its own path. Absent, the draw of the world chooses. */
  readonly paths?: readonly Path[];
  /** Items that meet known faults, too. */
  readonly withKnownFaults?: boolean;
}

/**
 * Takes a world through the product and checks every invariant.
 *
 * @throws PathError with the Violation as its cause.
 */
export async function runWorld(tables: FuzzTables, world: World, options: RunOptions = {}): Promise<WorldReport> {
  try {
    return await new WorldRun(tables, world, options.withKnownFaults ?? false).run(options.paths ?? pathsOf(world));
  } finally {
    await tables.clear();
  }
}

/** Worlds of which one is repaired from nothing, and of which one is exported: others say little that is new for the time they take. */
const REPAIRED_EVERY = 4;
const EXPORTED_EVERY = 3;

function pathsOf({ draw }: World): Path[] {
  return PATHS.filter((path) => {
    if (path === 'repaired') return draw % REPAIRED_EVERY === 0;
    return path !== 'exported' || draw % EXPORTED_EVERY === 0;
  });
}

/** The path during which a world failed. */
export class PathError extends Error {
  readonly path: Path;

  constructor(path: Path, cause: unknown) {
    super(`on the path "${path}"`, { cause });
    this.path = path;
  }
}

/** Worlds of which one lets the validator prove itself. */
const PROOF_EVERY = 8;

class WorldRun {
  readonly #tables: FuzzTables;
  readonly #world: World;
  readonly #withKnownFaults: boolean;
  #refused = 0;
  #leftOut = 0;

  constructor(tables: FuzzTables, world: World, withKnownFaults: boolean) {
    this.#tables = tables;
    this.#world = world;
    this.#withKnownFaults = withKnownFaults;
  }

  async run(paths: readonly Path[]): Promise<WorldReport> {
    const oldTables = await this.#tables.createOld();
    const streams = new Streams(this.#tables, oldTables);
    const environment = () => this.#tables.createEnvironment(oldTables, this.#world.heldRecords);
    const live = await environment();
    const { initial, changes } = materialise(this.#world);
    const { draw } = this.#world;

    await this.#write(live, [...CONTROL_GROUP, ...initial]);
    if (paths.includes('live')) await on('live', () => streams.drain(live, draw));
    await this.#write(live, changes);
    const old = await on('live', () => readOldWorld(this.#tables.wire, live));
    const steps: Readonly<Record<Path, () => Promise<void>>> = {
      live: () => this.#live(live, old, streams),
      copied: async () => this.#copied(await environment(), old),
      repaired: async () => this.#repaired(await environment(), old),
      exported: async () => {
        const other = await this.#tables.createEnvironment(await this.#tables.createOld(), this.#world.heldRecords);
        await requireExportLoads(this.#tables, other, old);
      },
    };
    for (const path of paths) await on(path, steps[path]);
    const after = await readOldWorld(this.#tables.wire, live);
    requireSame('old tables stay as they are', 'at the end', storedTexts(old), storedTexts(after));
    return this.#report(old);
  }

  /** Streams bring all; then a backfill has nothing to do, and a replay neither. */
  async #live(environment: Environment, old: OldWorld, streams: Streams): Promise<void> {
    const { wire } = this.#tables;
    await streams.drain(environment, this.#world.draw >> 3);
    const replicated = await readNewWorld(wire, environment);
    requireMigrated('after the streams', replicated, old);
    await backfill(environment);
    requireUnchanged('a backfill after the streams', replicated, await readNewWorld(wire, environment));
    await streams.replay(environment);
    requireUnchanged('quarantine replay', replicated, await readNewWorld(wire, environment));
  }

  /** A backfill brings all, a second one nothing; all validators agree, and both sides answer alike. */
  async #copied(environment: Environment, old: OldWorld): Promise<void> {
    const { wire } = this.#tables;
    await plan(environment, old);
    const report = await backfill(environment);
    const copied = await readNewWorld(wire, environment);
    requireMigrated('after a backfill', copied, old);
    if (this.#world.heldRecords === 'hold') requireTally(report, old);
    await backfill(environment);
    requireUnchanged('a second backfill', copied, await readNewWorld(wire, environment));
    await validate(environment, old, this.#world.draw % PROOF_EVERY === 0);
    await validateRowByRow(environment);
    await requireEqualAnswers(sidesOf(environment), old, this.#world.draw);
  }

  /** Of nothing, a validation finds all, and a repair brings it. */
  async #repaired(environment: Environment, old: OldWorld): Promise<void> {
    await repairFromNothing(environment);
    const repaired = await readNewWorld(this.#tables.wire, environment);
    // A record that shares its id and has no link counts as held until quarantine has it (backfill/commands/validate/README.md).
    requireMigrated('after a repair', repaired, old, 'id-collision');
  }

  async #write(environment: Environment, writes: readonly ServiceWrite[]): Promise<void> {
    const { wire } = this.#tables;
    for (const write of writes) {
      if (!this.#withKnownFaults && faultsOf(write).length > 0) {
        this.#leftOut += 1;
        continue;
      }
      const { table, id, item } = write;
      const tableName = environment.settings.tables[roleOf(table)];
      if (item === undefined) await wire.delete(tableName, id);
      else if (hasIllFormedKey(table, item) || !(await wire.put(tableName, item))) this.#refused += 1;
    }
  }

  #report({ stored, expected }: OldWorld): WorldReport {
    const reasons = Map.groupBy(expected.quarantined, ({ reason }) => reason.code);
    return {
      stored: Object.values(stored).reduce((sum, items) => sum + items.length, 0) - CONTROL_GROUP.length,
      refused: this.#refused,
      leftOut: this.#leftOut,
      rows: expected.kpiLinks.size + expected.kpiData.size,
      held: expected.held.length,
      quarantined: new Map([...reasons].map(([code, each]) => [code, each.length])),
    };
  }
}

async function on<T>(path: Path, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new PathError(path, error);
  }
}
