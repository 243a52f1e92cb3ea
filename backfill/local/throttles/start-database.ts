import { type Engine, startEngine } from '../cloud/engine.ts';
import { Throttles } from './throttles.ts';
import { startThrottlingFront } from './throttling-front.ts';

export interface DatabaseOptions {
  /** Where it listens; a free port where it is absent. */
  readonly port?: number;
  /** Where tables are kept over a restart; in memory only where it is absent. */
  readonly directory?: string;
  readonly withThrottles: boolean;
}

/** The engine, with what stands before it if anything does. */
export interface Database {
  readonly url: string;
  readonly throttles?: Throttles;
  stop(): Promise<void>;
}

/** @throws MigrationError as {@link startEngine} does. */
export async function startDatabase({ port, directory, withThrottles }: DatabaseOptions): Promise<Database> {
  const ofEngine = { ...(directory !== undefined && { directory }) };
  if (!withThrottles) return startEngine({ ...ofEngine, ...(port !== undefined && { port }) });
  const engine: Engine = await startEngine(ofEngine);
  try {
    const throttles = new Throttles(Date.now);
    const front = await startThrottlingFront(engine.url, throttles, port);
    return {
      url: front.url,
      throttles,
      async stop() {
        await front.stop();
        await engine.stop();
      },
    };
  } catch (error) {
    await engine.stop();
    throw error;
  }
}
