import { coordinate } from '../../backfill/workflow/coordinate.ts';
import type { LastStep, NextStep, Order, SegmentResult } from '../../backfill/workflow/orders.ts';
import { workOnSegment } from '../../backfill/workflow/segment.ts';
import type { Stage } from './actors.ts';
import { copierOptions, LEASE_RESERVE_MS } from './operators.ts';
import type { Process } from './process.ts';

/** What an execution is started with. */
export interface ExecutionSettings {
  readonly group: string;
  readonly segments: number;
  readonly maxConcurrency: number;
  readonly toleratedFailurePercent: number;
  /** How often a call that failed, or that was lost sight of, is made again. */
  readonly retries: number;
}

/** A call of the function that is to be made. */
type Call = { readonly failures: number } & (
  | { readonly kind: 'next'; readonly last: LastStep; readonly waitSeconds: number }
  | { readonly kind: 'segment'; readonly map: MapRun; readonly segment: number }
);

/** One run of the distributed map. */
interface MapRun {
  readonly order: Order;
  readonly segments: number;
  left: number;
  failed: number;
  running: number;
}

/** How the execution ended. */
export type Ended = Extract<NextStep, { kind: 'finished' | 'failed' }>;

/**
 * One execution of the state machine of `infra/backfill-workflow.ts`. Each call of its function is a process. One that the execution no longer waits for,
 * since it was abandoned, or its map or the execution ended, goes on all the same.
 */
export class Execution {
  readonly #stage: Stage;
  readonly #settings: ExecutionSettings;
  readonly #ended: (step: Ended) => void;
  #due: Call[] = [{ kind: 'next', last: {}, waitSeconds: 0, failures: 0 }];
  #map: MapRun | undefined;
  #isOver = false;
  #calls = 0;

  constructor(stage: Stage, settings: ExecutionSettings, ended: (step: Ended) => void) {
    this.#stage = stage;
    this.#settings = settings;
    this.#ended = ended;
  }

  get group(): string {
    return this.#settings.group;
  }

  /** Whether a call can be made now. */
  get isReady(): boolean {
    return this.#due.length > 0 && (this.#map?.running ?? 0) < this.#settings.maxConcurrency;
  }

  /** Makes one of the calls that are due. */
  begin(): void {
    const [call] = this.#due.splice(this.#stage.scheduler.decisions.choose(this.#due.length), 1);
    if (call?.kind === 'next') this.#decide(call);
    else if (call) this.#work(call);
  }

  /** Ends it, as an operator may in the console: no call is made any more, and nobody is told. */
  abort(): void {
    this.#isOver = true;
    this.#map = undefined;
    this.#due = [];
  }

  #end(step: Ended): void {
    this.abort();
    this.#ended(step);
  }

  #decide(call: Extract<Call, { kind: 'next' }>): void {
    const failed = () => {
      if (this.#isOver) return;
      if (call.failures < this.#settings.retries) this.#due.push({ ...call, failures: call.failures + 1 });
      else this.#end({ kind: 'failed', code: 'CALL_FAILED', message: 'The call that decides has failed for good.' });
    };
    const run = async (process: Process): Promise<NextStep> => {
      const options = this.#memberOptions(process);
      if (call.waitSeconds > 0) await options.sleep(call.waitSeconds * 1_000, options.stop);
      return coordinate({ ...options, ...this.#settings }, call.last);
    };
    const done = (step: NextStep) => {
      if (!this.#isOver) this.#goOn(step);
    };
    this.#spawn('next', run, done, failed);
  }

  #goOn(step: NextStep): void {
    if (step.kind === 'wait') {
      const { kind, waitSeconds, error } = step;
      this.#due = [{ kind: 'next', last: { kind, ...(error && { error }) }, waitSeconds, failures: 0 }];
    } else if (step.kind === 'segments') {
      const map = {
        order: step.order,
        segments: step.segments.length,
        left: step.segments.length,
        failed: 0,
        running: 0,
      };
      this.#map = map;
      this.#due = step.segments.map((segment) => ({ kind: 'segment', map, segment, failures: 0 }));
    } else {
      this.#end(step);
    }
  }

  #work(call: Extract<Call, { kind: 'segment' }>): void {
    const { map, segment } = call;
    map.running += 1;
    /** Of what the execution still waits for. */
    const settled = (settle: () => void) => () => {
      if (this.#map !== map) return;
      map.running -= 1;
      settle();
    };
    const failed = settled(() => {
      if (call.failures < this.#settings.retries) this.#due.push({ ...call, failures: call.failures + 1 });
      else this.#segmentEnded(map, false);
    });
    const done = ({ outcome }: SegmentResult) =>
      settled(() => {
        if (outcome === 'more') this.#due.push({ ...call, failures: 0 });
        else this.#segmentEnded(map, outcome !== 'fenced');
      })();
    const run = (process: Process) => {
      const timeUp = new AbortController();
      const { faults } = this.#stage.scheduler;
      const onScanned = () => {
        if (faults.outOfTime()) timeUp.abort();
      };
      return workOnSegment({ ...this.#memberOptions(process), onScanned, stop: timeUp.signal }, map.order, segment);
    };
    this.#spawn(`${map.order.pass}#${segment}`, run, done, failed);
  }

  #segmentEnded(map: MapRun, wellDone: boolean): void {
    map.left -= 1;
    if (!wellDone) map.failed += 1;
    const last = { kind: 'segments', order: map.order };
    if ((100 * map.failed) / map.segments > this.#settings.toleratedFailurePercent) {
      // Of the workers that are still there nobody takes notice from now on.
      this.#decideAfterMap({ ...last, error: { Error: 'States.ExceedToleratedFailureThreshold', Cause: '' } });
    } else if (map.left === 0) {
      this.#decideAfterMap(last);
    }
  }

  #decideAfterMap(last: LastStep): void {
    this.#map = undefined;
    this.#due = [{ kind: 'next', last, waitSeconds: 0, failures: 0 }];
  }

  #memberOptions(process: Process) {
    return { ...copierOptions(this.#stage, process), group: this.group, note: () => {} };
  }

  #spawn<T>(what: string, run: (process: Process) => Promise<T>, done: (value: T) => void, failed: () => void): void {
    const { scheduler } = this.#stage;
    this.#calls += 1;
    const name = `${this.group}/${what}@${this.#calls}`;
    const tell = (note: string) => scheduler.trace?.push(`${scheduler.steps} ${name}: ${note}`);
    scheduler.spawn(name, LEASE_RESERVE_MS, run, {
      done(value) {
        tell(JSON.stringify(value));
        done(value);
      },
      failed(error) {
        tell(String(error));
        failed();
      },
      crashed: failed,
    });
  }
}
