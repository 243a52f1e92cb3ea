import { stopGroup } from '../../backfill/workflow/stop-group.ts';
import type { Source } from '../../functions/migration/sources.ts';
import type { Stage } from './actors.ts';
import { oneOf } from './decisions.ts';
import { backfillHere, copierOptions, LEASE_RESERVE_MS } from './operators.ts';
import type { Process } from './process.ts';
import type { Actor } from './turns.ts';
import { type Ended, Execution } from './workflow-execution.ts';

/** Steps after its start in which the operator interferes with an execution, at most. */
const INTERFERES_WITHIN_STEPS = 300;
/** From one look at the workers to the next, while a workflow is stopped. */
const LOOK_MS = 10_000;

/**
 * The operator, who has a workflow make the copy, or now and then a process of their own; again and again until it is finished. While an execution
 * runs they may stop it, end it in the console, or start a process beside it.
 *
 * @returns the operator, and Step Functions.
 */
export function workflowOperator(stage: Stage, name: string, copies: readonly (Source | undefined)[]): Actor[] {
  const { scheduler, world } = stage;
  const { decisions } = scheduler;
  const phases = world.repeatsBackfill ? [...copies, undefined] : copies;
  const segments = oneOf(decisions, [1, 2, 2, 3]);
  const hereShare = oneOf(decisions, [0, 0.2, 0.5]);
  let at = 0;
  let runs = 0;
  let isBusy = false;
  let execution: Execution | undefined;
  let interferesAt = Number.POSITIVE_INFINITY;

  const tell = (who: string, note: string) => scheduler.trace?.push(`${scheduler.steps} ${who}: ${note}`);
  const reach = (next: number) => {
    at = Math.max(at, next);
    stage.copied = at >= copies.length;
  };
  const begin = (): string => {
    runs += 1;
    return `${name}#${runs}`;
  };
  /** A process of the operator's own. */
  const runHere = <T>(run: string, work: (process: Process) => Promise<T>, done: (value: T) => void = () => {}) => {
    isBusy = true;
    const settle = (note: string) => {
      isBusy = false;
      tell(run, note);
    };
    scheduler.spawn(run, LEASE_RESERVE_MS, work, {
      done(value) {
        done(value);
        settle('is done');
      },
      failed: (error) => settle(String(error)),
      crashed: () => settle('is gone'),
    });
  };

  const copyHere = () => {
    const run = begin();
    const phaseAt = at;
    const phase = phases[phaseAt];
    tell(run, `begins ${phase ?? 'all'} here`);
    runHere(
      run,
      (process) => backfillHere(stage, process, phase, segments),
      ({ state }) => {
        if (state !== 'stopped') reach(phaseAt + 1);
      },
    );
  };

  const copyOnWorkflow = () => {
    const group = begin();
    const phaseAt = at;
    const settings = {
      group,
      segments,
      maxConcurrency: oneOf(decisions, [1, 3, 3]),
      toleratedFailurePercent: oneOf(decisions, [0, 0, 50]),
      retries: oneOf(decisions, [0, 2, 10]),
    };
    tell(group, `begins on Step Functions ${JSON.stringify(settings)}`);
    interferesAt = decisions.chance(world.onWorkflow === 'at first' ? 1 : 0.4)
      ? scheduler.steps + decisions.choose(INTERFERES_WITHIN_STEPS)
      : Number.POSITIVE_INFINITY;
    execution = new Execution(stage, settings, (ended) => {
      tell(group, JSON.stringify(ended));
      execution = undefined;
      if (isThrough(ended)) reach(phaseAt < copies.length ? copies.length : phaseAt + 1);
    });
  };

  const isHere = (): boolean => {
    if (world.onWorkflow === 'at first') return runs > 0;
    if (world.onWorkflow === 'at last') return runs === 0;
    return decisions.chance(hereShare);
  };

  const abort = (running: Execution) => {
    tell(running.group, 'is ended in the console');
    running.abort();
    // One that was thought dead may end it when another runs.
    if (execution === running) execution = undefined;
  };

  return [
    {
      name,
      pace: scheduler.turns.drawPace(),
      ready: () => !isBusy && at < phases.length && (execution === undefined || scheduler.steps >= interferesAt),
      begin() {
        if (execution === undefined) {
          if (isHere()) copyHere();
          else copyOnWorkflow();
          return;
        }
        const running = execution;
        interferesAt = Number.POSITIVE_INFINITY;
        const what = oneOf(decisions, ['abort', 'stop', 'copy here'] as const);
        if (what === 'abort') abort(running);
        else if (what === 'copy here') copyHere();
        else runHere(begin(), (process) => stop(stage, process, running.group, () => abort(running)));
      },
    },
    {
      name: 'Step Functions',
      pace: scheduler.turns.drawPace(),
      ready: () => execution?.isReady === true,
      begin: () => execution?.begin(),
    },
  ];
}

/** All is copied and swept; but for items that no further execution would help. */
function isThrough(ended: Ended): boolean {
  return ended.kind === 'finished' || ended.code === 'ITEMS_UNFINISHED';
}

/** What `backfill --on workflow --stop` does. */
function stop(stage: Stage, process: Process, group: string, endExecution: () => void): Promise<void> {
  const { sleep, stop: never, ...options } = copierOptions(stage, process);
  return stopGroup({ ...options, group, by: process.name, endExecution, pause: () => sleep(LOOK_MS, never) });
}
