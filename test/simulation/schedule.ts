import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { legacyWriter, replayer, type Stage, streamShard } from './actors.ts';
import { type Adversary, drawAdversary } from './adversary.ts';
import { changesSince, contentOf, differencesAtRest, RowWitness } from './checks.ts';
import { type Decisions, oneOf, SeededDecisions } from './decisions.ts';
import type { Counts } from './faults.ts';
import { drawOddItem, type OddItem } from './odd-items.ts';
import { operator } from './operators.ts';
import { RowHistory } from './row-history.ts';
import { Scheduler } from './scheduler.ts';
import { Store } from './store.ts';
import type { Actor } from './turns.ts';
import { workflowOperator } from './workflow-operator.ts';
import { drawWorld, ON_WORKFLOW, type World } from './world.ts';

export interface ScheduleResult {
  readonly seed: number;
  readonly steps: number;
  readonly counts: Readonly<Counts>;
  readonly liveWrites: number;
  /** What was wrong, in a person's words; empty where nothing was. */
  readonly divergences: readonly string[];
  /** Every step, where it was asked for. */
  readonly trace: readonly string[];
}

export interface ScheduleOptions {
  readonly trace?: boolean;
  /** Instead of the world of the seed. */
  readonly world?: World;
  /** The item that the store refuses, for a time drawn by seed, in place of any that the seed has. */
  readonly odd?: Pick<OddItem, 'kind' | 'id' | 'oddity'>;
  /** What differs from the adversary of the seed. */
  readonly adversary?: Partial<Adversary>;
}

/** Of the worlds with a backfill, those whose copy a workflow makes. */
const WORKFLOW_SHARE = 0.15;
/** With it, the seeds that are known to find a mutation have a world without a workflow, as that mutation needs. */
const WORKFLOW_SALT = 0x10060aaf;

/** The world of a seed. It depends on nothing else, so that a smaller one can be tried under the same seed. */
export function worldOf(seed: number): World {
  const world = drawWorld(new SeededDecisions(seed ^ 0x5bd1e995));
  const decisions = new SeededDecisions(seed ^ WORKFLOW_SALT);
  if (!world.backfill || !decisions.chance(WORKFLOW_SHARE)) return world;
  return { ...world, onWorkflow: oneOf(decisions, ON_WORKFLOW) };
}

/** Runs one schedule to its end and checks it. The same seed gives the same steps, on every machine. */
export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<ScheduleResult> {
  const decisions = new SeededDecisions(seed);
  const adversary = { ...drawAdversary(decisions), ...options.adversary };
  const stage = setStage(decisions, adversary, options.world ?? worldOf(seed), options.trace ?? false);
  const { scheduler, store, world } = stage;
  scheduler.odd = drawOddItem(new SeededDecisions(seed ^ 0x2545f491), world, options.odd);
  if (scheduler.odd) scheduler.trace?.push(String(scheduler.odd));
  const divergences = watchRows(stage);
  try {
    await scheduler.run(drawActors(stage, decisions));
    await finishRun(stage);
    divergences.push(...differencesAtRest(store, world, scheduler.odd));
    // What is refused for a while is taken by a second backfill.
    if (world.backfill && divergences.length === 0 && decisions.chance(0.1) && !scheduler.odd)
      divergences.push(...(await secondBackfill(stage)));
  } catch (error) {
    divergences.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return {
    seed,
    steps: scheduler.steps,
    counts: scheduler.faults.counts,
    liveWrites: world.live.length,
    divergences,
    trace: scheduler.trace ?? [],
  };
}

/** Tables as before the streams were switched on. */
export function setStage(decisions: Decisions, adversary: Adversary, world: World, trace: boolean): Stage {
  const store = new Store(decisions, adversary.indexLag);
  const scheduler = new Scheduler(decisions, adversary, trace ? [] : undefined);
  for (const item of world.kpis) store.kpis.set(JSON.stringify(item.id).slice(6, -2), item);
  for (const item of world.people) store.people.set(JSON.stringify(item.id), item);
  const history = new RowHistory(store, world);
  store.onOldWrite = history.note.bind(history);
  for (const { source, id, item } of world.initial) store.writeOld(source, id, item, false);
  scheduler.trace?.push(`held records: ${world.heldRecords}; ${JSON.stringify({ ...world.limits, ...adversary })}`);
  for (const { source, id, item } of world.initial)
    scheduler.trace?.push(`before: ${source} ${id} ${JSON.stringify(item)}`);
  return {
    store,
    scheduler,
    world,
    history,
    recordConcurrency: adversary.holdUps ? oneOf(decisions, [1, 2, 8]) : 1,
    copied: !world.backfill,
  };
}

/** Notes every row of KpiData that holds what it never should have held, and every row that goes back in time. */
export function watchRows({ store, scheduler, world, history }: Stage): string[] {
  const witness = new RowWitness(world);
  const divergences: string[] = [];
  store.onRow = (table, row, before) => {
    if (table === 'kpiData' && row && !witness.hasBeen(row))
      divergences.push(`step ${scheduler.steps}: a row held what never was: ${JSON.stringify(row)}`);
    history.see(table, row, before);
    const odd = scheduler.odd !== undefined;
    // An odd item's rows, and those of an odd link, go while it stays.
    const violations = history.violations.splice(0).filter((each) => !odd || !each.startsWith('a row went away'));
    for (const violation of violations) divergences.push(`step ${scheduler.steps}: ${violation}`);
  };
  return divergences;
}

function drawActors(stage: Stage, decisions: Decisions): Actor[] {
  const shards = 1 + decisions.choose(2);
  const segments = oneOf(decisions, [1, 1, 1, 2, 3]);
  const byPhase = decisions.chance(0.25);
  const drawn = byPhase ? shuffled(decisions, SOURCES) : [undefined];
  const phases = stage.world.copies ?? drawn;
  return [
    legacyWriter(stage),
    ...SOURCES.flatMap((source) =>
      Array.from({ length: shards }, (_, shard) => streamShard(stage, source, shard, shards)),
    ),
    ...SOURCES.map((source) => replayer(stage, source)),
    ...(stage.world.backfill ? copiersOf(stage, phases, segments) : []),
  ];
}

function copiersOf(stage: Stage, phases: readonly (Source | undefined)[], segments: number): Actor[] {
  if (stage.world.onWorkflow) return workflowOperator(stage, 'backfill', phases);
  return [operator(stage, 'backfill', phases, segments)];
}

function shuffled<T>(decisions: Decisions, values: readonly T[]): T[] {
  const rest = [...values];
  return values.map(() => rest.splice(decisions.choose(rest.length), 1)[0] as T);
}

/**
 * Finishes a run that was begun and not ended: by an operator's process that everyone thought dead, say. `status` tells of such a run, and
 * only a finished one promises anything.
 */
async function finishRun(stage: Stage): Promise<void> {
  const run = stage.store.document('backfill\nrun');
  if (run === undefined || run.finishedAt !== undefined) return;
  await stage.scheduler.run([operator(stage, 'finishing-backfill', [undefined], 1)]);
}

async function secondBackfill(stage: Stage): Promise<string[]> {
  const before = contentOf(stage.store);
  stage.scheduler.faults.quiet();
  await stage.scheduler.run([operator(stage, 'second-backfill', [undefined], 1)]);
  return changesSince(before, stage.store);
}
