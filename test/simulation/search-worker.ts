import { parentPort, workerData } from 'node:worker_threads';
import { SEARCHES, type SearchReport, searchAll } from './exhaustive.ts';
import { SMALL_WORLDS } from './small-worlds.ts';
import type { World } from './world.ts';

/** One small world, and what its search takes in. */
export interface SearchTask {
  readonly world: string;
  /** A name of SEARCHES. */
  readonly search: string;
  readonly runsMax: number;
}

const { world, search, runsMax } = workerData as SearchTask;
const adversary = SEARCHES[search] ?? {};
const report: SearchReport = await searchAll(SMALL_WORLDS[world] as World, { runsMax, adversary });
parentPort?.postMessage(report);
