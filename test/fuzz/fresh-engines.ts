import { type Engine, startEngine } from '../../backfill/local/cloud/engine.ts';
import type { Run } from './fuzz.ts';
import { FuzzTables } from './fuzz-tables.ts';
import { runWorld } from './run-world.ts';

/**
 * Worlds that one engine runs. DynamoDB Local keeps the streams of deleted tables, as DynamoDB does for 24 hours, and looks
 * through all of them for each request of a stream, so it gets slower with every world.
 */
const WORLDS_OF_AN_ENGINE = 8;

/** Runs worlds on an engine that never gets old. */
export class FreshEngines {
  #current: { readonly engine: Engine; readonly tables: FuzzTables } | undefined;
  #worlds = 0;

  readonly run: Run = async (world, options) => {
    if (this.#worlds >= WORLDS_OF_AN_ENGINE) await this.stop();
    this.#current ??= await start();
    this.#worlds += 1;
    return runWorld(this.#current.tables, world, options);
  };

  async stop(): Promise<void> {
    this.#current?.tables.close();
    await this.#current?.engine.stop();
    this.#current = undefined;
    this.#worlds = 0;
  }
}

async function start() {
  const engine = await startEngine();
  return { engine, tables: new FuzzTables(engine.url) };
}
