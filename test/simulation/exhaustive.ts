import type { Source } from '../../functions/migration/sources.ts';
import { legacyWriter, type Stage, streamShard } from './actors.ts';
import type { Adversary } from './adversary.ts';
import { differencesAtRest } from './checks.ts';
import { operator } from './operators.ts';
import { OrderSearch } from './order-search.ts';
import { setStage, watchRows } from './schedule.ts';
import type { Conflict } from './schedule-tree.ts';
import type { Store } from './store.ts';
import type { World } from './world.ts';

export interface SearchReport {
  /** Whether every schedule was looked at, or the bound came first. */
  readonly complete: boolean;
  /** Schedules run, those included that were ended since all that could follow had been searched. */
  readonly runs: number;
  /** Schedules that came to rest. */
  readonly ends: number;
  /** The first that ended wrongly: what was wrong, and its steps. */
  readonly divergence: { readonly differences: readonly string[]; readonly trace: readonly string[] } | undefined;
}

/** Everything that is a matter of order, lag or one crash; nothing that is a matter of how long. */
const EVERY_ORDER: Adversary = {
  crash: 0.5,
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
  indexLag: 0.5,
  outOfTime: 0,
  timePasses: 0,
  timePassesFirst: 0.5,
  timeInOrder: true,
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
  fault: 0.5,
  faultsMax: 1,
  faultKinds: ['seen-twice'],
};

/** What the long searches take in: each part of the adversary multiplies the number of schedules. */
export const SEARCHES: Readonly<Record<string, Partial<Adversary>>> = {
  'no crash': { crash: 0 },
  'a crash': { halfVisible: 0, splitRead: 0, indexLag: 0 },
  'a crash and all else': {},
};

export interface SearchOptions {
  readonly runsMax: number;
  /** What differs from every order, lag and one crash. */
  readonly adversary?: Partial<Adversary>;
  /** Whether it matters which of two steps comes first, where that is not to be told by what they read and write. */
  readonly conflict?: Conflict;
  /** Told of the tables each time a schedule has come to rest. */
  readonly atRest?: (store: Store) => void;
}

/**
 * Searches all schedules of a world, depth first, but for those that differ from another only in the order of steps that have nothing to do with
 * each other. Promises cannot be copied, so each is run from its beginning.
 */
export async function searchAll(world: World, options: SearchOptions): Promise<SearchReport> {
  const adversary = { ...EVERY_ORDER, ...options.adversary };
  const search = new OrderSearch(options.conflict ?? ((one, other) => one.conflictsWith(other)));
  let runs = 0;
  let ends = 0;
  let goesOn = true;
  while (goesOn && runs < options.runsMax) {
    const { store, differences } = await runAlong(search, world, adversary, false);
    runs += 1;
    if (differences.length > 0) {
      const { trace } = await runAlong(search, world, adversary, true);
      return { complete: false, runs, ends, divergence: { differences, trace } };
    }
    if (!search.isCutShort) {
      ends += 1;
      options.atRest?.(store);
    }
    goesOn = search.goesOn();
  }
  return { complete: !goesOn, runs, ends, divergence: undefined };
}

/** The schedule that the search is at. */
async function runAlong(search: OrderSearch, world: World, adversary: Adversary, isTraced: boolean) {
  search.begin(adversary.crash > 0 ? adversary.crashesMax : 0);
  const stage = setStage(search, adversary, world, isTraced);
  const { scheduler, store } = stage;
  scheduler.search = search;
  store.tracker = search;
  const differences = watchRows(stage);
  await scheduler.run(actorsOf(stage));
  store.tracker = undefined;
  if (!search.isCutShort) differences.push(...differencesAtRest(store, world));
  return { store, differences, trace: scheduler.trace ?? [] };
}

function actorsOf(stage: Stage) {
  const sources = new Set<Source>(stage.world.live.map(({ source }) => source));
  return [
    legacyWriter(stage),
    ...[...sources].map((source) => streamShard(stage, source, 0, 1)),
    ...(stage.world.backfill ? [operator(stage, 'backfill', [undefined], 1)] : []),
  ];
}
