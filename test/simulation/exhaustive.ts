import { hash } from 'node:crypto';
import type { Source } from '../../functions/model/sources.ts';
import { legacyWriter, operator, streamShard } from './actors.ts';
import type { Adversary } from './adversary.ts';
import { differencesAtRest } from './checks.ts';
import type { Decisions } from './decisions.ts';
import { setStage, watchRows } from './schedule.ts';
import type { World } from './world.ts';

/** Follows a path of choices, and beyond its end takes the first of each, noting how many there were. */
class Path implements Decisions {
  readonly taken: { at: number; of: number }[];
  #next = 0;

  constructor(start: readonly { at: number; of: number }[]) {
    this.taken = [...start];
  }

  /** Whether all choices that were given have been made. */
  get isBeyond(): boolean {
    return this.#next >= this.taken.length;
  }

  choose(count: number): number {
    if (count <= 1) return 0;
    const known = this.taken[this.#next];
    this.#next += 1;
    if (known) return known.at;
    this.taken.push({ at: 0, of: count });
    return 0;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.choose(2) === 1;
  }
}

export interface SearchReport {
  /** Whether every schedule was looked at, or the bound came first. */
  readonly complete: boolean;
  readonly runs: number;
  readonly states: number;
  /** Schedules that came to rest. */
  readonly ends: number;
  /** The first that ended wrongly: what was wrong, and its steps. */
  readonly divergence: { readonly differences: readonly string[]; readonly trace: readonly string[] } | undefined;
}

/** Everything that is a matter of order, lag or one crash; nothing that is a matter of how long. */
const EVERY_ORDER: Adversary = {
  crash: 1,
  crashesMax: 1,
  abandon: 0,
  fault: 0,
  faultsMax: 0,
  faultKinds: [],
  redelivery: 0,
  redeliveriesMax: 0,
  replaysMax: 0,
  stall: 0,
  holdUps: false,
  slow: 0,
  stickiness: 0,
  halfVisible: 1,
  splitRead: 1,
  indexLag: 1,
  outOfTime: 0,
  timePasses: 0,
  stepsBetweenWrites: 0,
  writesBeforeBackfillEnds: 1,
  streamsWait: false,
  pageItems: 100,
};

/** Every order and every lag, but no crash, and reads of several items at once. */
export const IN_ORDER: Partial<Adversary> = { crash: 0, halfVisible: 0, splitRead: 0 };

/** The same where the SDK may send one write twice, and the second lands some time. */
export const WITH_A_TWIN: Partial<Adversary> = {
  ...IN_ORDER,
  indexLag: 0,
  fault: 1,
  faultsMax: 1,
  faultKinds: ['seen-twice'],
};

/** Which parts of the adversary a search takes in: each multiplies the number of schedules. */
export interface SearchOptions {
  readonly runsMax: number;
  readonly adversary?: Partial<Adversary>;
}

/**
 * Searches all schedules of a world, depth first. Promises cannot be copied, so each is run from its beginning along its
 * choices; a state that was met before, by whatever way, is not gone on from.
 */
export async function searchAll(world: World, options: SearchOptions): Promise<SearchReport> {
  const adversary = { ...EVERY_ORDER, ...options.adversary };
  const seen = new Set<string>();
  let start: { at: number; of: number }[] | undefined = [];
  let runs = 0;
  let ends = 0;
  while (start !== undefined && runs < options.runsMax) {
    const path = new Path(start);
    const { ended, differences } = await runAlong(path, world, adversary, seen);
    runs += 1;
    if (ended) ends += 1;
    if (differences.length > 0) {
      const trace = await traceOf(path, world, adversary);
      return { complete: false, runs, states: seen.size, ends, divergence: { differences, trace } };
    }
    start = nextPath(path.taken);
  }
  return { complete: start === undefined, runs, states: seen.size, ends, divergence: undefined };
}

/** The path that takes, at the last choice that had others, the next of them. */
function nextPath(taken: readonly { at: number; of: number }[]): { at: number; of: number }[] | undefined {
  const last = taken.findLastIndex(({ at, of }) => at + 1 < of);
  const turn = taken[last];
  return turn && [...taken.slice(0, last), { at: turn.at + 1, of: turn.of }];
}

async function runAlong(path: Path, world: World, adversary: Adversary, seen: Set<string>) {
  const stage = setStage(path, adversary, world, false);
  const { scheduler, store } = stage;
  const actors = actorsOf(stage);
  const differences = watchRows(stage);
  scheduler.remember = (process, value) => {
    process.history = hash('sha1', process.history + JSON.stringify(value ?? null), 'base64');
  };
  let pruned = false;
  scheduler.onChoice = () => {
    if (!path.isBeyond) return true;
    const state = hash(
      'sha1',
      [store.state(), scheduler.state(), ...actors.map((actor) => actor.state())].join('\n'),
      'base64',
    );
    pruned = seen.has(state);
    seen.add(state);
    return !pruned;
  };
  await scheduler.run(actors);
  if (pruned) return { ended: false, differences };
  differences.push(...differencesAtRest(store, world));
  return { ended: true, differences };
}

async function traceOf(path: Path, world: World, adversary: Adversary): Promise<readonly string[]> {
  const stage = setStage(new Path(path.taken), adversary, world, true);
  await stage.scheduler.run(actorsOf(stage));
  return stage.scheduler.trace ?? [];
}

function actorsOf(stage: Parameters<typeof legacyWriter>[0]) {
  const sources = new Set<Source>(stage.world.live.map(({ source }) => source));
  return [
    legacyWriter(stage),
    ...[...sources].map((source) => streamShard(stage, source, 0, 1)),
    ...(stage.world.backfill ? [operator(stage, 'backfill', [undefined], 1)] : []),
  ];
}
