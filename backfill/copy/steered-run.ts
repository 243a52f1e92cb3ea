import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../functions/model/migration-error.ts';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import type { Run } from '../../functions/tables/control/documents.ts';
import { deleteSpent, type RunSpent, readSpent, writeSpent } from '../../functions/tables/control/spent-units.ts';
import { type Bound, readSteering, type Steering, writeBound } from '../../functions/tables/control/steering.ts';
import type { ConsumedUnits } from '../../functions/tables/dynamo/consumed-units.ts';
import type { Progress } from '../progress.ts';
import type { PageGate } from './page-gate.ts';
import { LOOK_EVERY_MS } from './pause-gate.ts';
import { decidePage, describeChanges, type InForce, inForce } from './steering.ts';

export interface SteeringOptions {
  /** What holds where nobody has ordered otherwise. */
  readonly settings: InForce['bounds'];
  /** What this process has taken, as it grows. */
  readonly used: ConsumedUnits;
  /** What units cost; undefined where no price is known, and then there can be no budget. */
  readonly usdOf: ((units: ConsumedUnits) => number) | undefined;
  /** Told the ceilings on each change. */
  readonly apply: (bounds: InForce['bounds']) => void;
  /** A budget that was given with this command: it is noted as an order for the run. */
  readonly budget?: Pick<Bound, 'by' | 'reason' | 'value'>;
  /**
   * Time between two looks at the orders; {@link LOOK_EVERY_MS} where absent. What was taken is noted as often: a process
   * that is killed loses what came after its last note.
   */
  readonly lookEveryMs?: number;
}

/** What a run has taken so far, in all processes. */
export interface SpentReport extends ConsumedUnits {
  readonly usd?: number;
  readonly budgetUsd?: number;
  /** Whether the run stopped for its budget. */
  readonly isBudgetSpent: boolean;
}

/** What the first page of a pass is expected to take: 250 items (segments.ts), of each two rows with three indexes. */
const FIRST_PAGE: ConsumedUnits = { readUnits: 250, writeUnits: 2_000 };
/** Time after which those who wait for a page decide again. */
const AGAIN_MS = 50;

interface Circumstances {
  readonly control: ControlTable;
  readonly run: Run;
  readonly progress: Progress;
  readonly nowMs: () => number;
  readonly newToken: () => string;
  readonly stop: AbortSignal;
}

const NO_ORDERS: Steering = { bounds: {} };

/** A run may be steered. */
export interface Steerable {
  /** How operators steer it while it runs; not at all where absent. */
  readonly steering?: SteeringOptions;
}

/** A run may tell what it took. */
export interface Spending {
  /** What the run has taken so far; absent where nobody counts it. */
  readonly spent?: SpentReport;
}

/** What bounds the work of a run. */
export interface Bounds {
  readonly stop: AbortSignal;
  readonly gate?: Pick<SteeredRun, 'ofPass'>;
}

/** Works within the bounds that settings and operators set, and tells what the run has taken. */
export async function steered<Report extends Spending>(
  { steering, ...at }: Circumstances & Steerable,
  work: (bounds: Bounds) => Promise<Report>,
): Promise<Report> {
  if (steering === undefined) return work({ stop: at.stop });
  await using run = await SteeredRun.open(steering, at);
  const report = await work({ stop: run.stop, gate: run });
  return { ...report, spent: await run.close() };
}

/** Follows the orders of operators while a run is copied: says when a page may be taken, and when the budget is spent. */
class SteeredRun implements PageGate, AsyncDisposable {
  readonly #options: SteeringOptions;
  readonly #at: Circumstances;
  /** Of this process, where its spending is noted. */
  readonly #writer: string;
  readonly #ended = new AbortController();
  readonly #spentAll = new AbortController();
  /** Aborted when the command is to stop, and when the budget is spent. */
  readonly stop: AbortSignal;
  #orders = NO_ORDERS;
  #before: RunSpent = { readUnits: 0, writeUnits: 0 };
  readonly #usedAtStart: ConsumedUnits;
  #notedUnits = 0;
  #pass = { spentUsd: 0, pagesDone: 0 };
  #pagesInHand = 0;
  #following: Promise<void> = Promise.resolve();

  private constructor(options: SteeringOptions, at: Circumstances) {
    this.#options = options;
    this.#at = at;
    this.#writer = at.newToken();
    this.#usedAtStart = { ...options.used };
    this.stop = AbortSignal.any([at.stop, this.#spentAll.signal]);
  }

  static async open(options: SteeringOptions, at: Circumstances): Promise<SteeredRun> {
    const { control, run, nowMs } = at;
    const steered = new SteeredRun(options, at);
    await deleteSpent(control, run.runId);
    steered.#before = await readSpent(control, run.runId);
    if (options.budget) {
      const order = { ...options.budget, at: new Date(nowMs()).toISOString(), runId: run.runId };
      await writeBound(control, 'budgetUsd', order);
    }
    await steered.#look();
    steered.#following = steered.#follow();
    return steered;
  }

  /** The gate of a pass that begins now. What a page costs is another thing in each pass. */
  ofPass(): PageGate {
    this.#pass = { spentUsd: this.#spentUsd, pagesDone: 0 };
    return this;
  }

  tryEnter(): boolean {
    if (this.#decide() !== 'take') return false;
    this.#pagesInHand += 1;
    return true;
  }

  async enter(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      if (this.tryEnter()) return true;
      if (this.#decide() === 'stop') this.#spentAll.abort();
      else await delay(AGAIN_MS);
    }
    return false;
  }

  leave(): void {
    this.#pagesInHand -= 1;
    this.#pass.pagesDone += 1;
  }

  /** Notes what was taken, and tells it. */
  async close(): Promise<SpentReport> {
    await this[Symbol.asyncDispose]();
    const { budgetUsd } = this.#inForce.bounds;
    const isBudgetSpent = this.#spentAll.signal.aborted;
    await this.#noteSpent(isBudgetSpent ? budgetUsd : undefined);
    return {
      ...this.#spent,
      ...(this.#options.usdOf && { usd: this.#spentUsd }),
      ...(budgetUsd !== undefined && { budgetUsd }),
      isBudgetSpent,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { lookEveryMs = LOOK_EVERY_MS } = this.#options;
    let told: string | undefined;
    while (!this.#ended.signal.aborted) {
      await delay(lookEveryMs, undefined, { signal: this.#ended.signal }).catch(() => {});
      if (this.#ended.signal.aborted) return;
      try {
        await this.#noteSpent();
        await this.#look();
        told = undefined;
      } catch (error) {
        // The work itself meets what lasts. Until the next look the last orders hold.
        const message = messageOf(error);
        if (message !== told) this.#at.progress.note(`The orders of operators cannot be read: ${message}`);
        told = message;
      }
    }
  }

  async #look(): Promise<void> {
    const { control, run, progress } = this.#at;
    const orders = await readSteering(control);
    for (const change of describeChanges(this.#orders, orders, run.runId)) progress.note(change);
    this.#orders = orders;
    const { pause, bounds } = this.#inForce;
    progress.pause?.(pause?.by);
    this.#options.apply(bounds);
  }

  async #noteSpent(stoppedAtBudgetUsd?: number): Promise<void> {
    const { control, run } = this.#at;
    const here = this.#spentHere;
    const units = here.readUnits + here.writeUnits;
    if (units === this.#notedUnits && stoppedAtBudgetUsd === undefined) return;
    const stopped = stoppedAtBudgetUsd === undefined ? {} : { stoppedAtBudgetUsd };
    await writeSpent(control, this.#writer, { runId: run.runId, ...here, ...stopped });
    this.#notedUnits = units;
  }

  get #inForce(): InForce {
    return inForce(this.#orders, this.#options.settings, this.#at.run.runId);
  }

  get #spentHere(): ConsumedUnits {
    const { used } = this.#options;
    return {
      readUnits: used.readUnits - this.#usedAtStart.readUnits,
      writeUnits: used.writeUnits - this.#usedAtStart.writeUnits,
    };
  }

  get #spent(): ConsumedUnits {
    const [before, here] = [this.#before, this.#spentHere];
    return { readUnits: before.readUnits + here.readUnits, writeUnits: before.writeUnits + here.writeUnits };
  }

  get #spentUsd(): number {
    return this.#options.usdOf?.(this.#spent) ?? 0;
  }

  #decide(): ReturnType<typeof decidePage> {
    const { pause, bounds } = this.#inForce;
    const { spentUsd: atStart, pagesDone } = this.#pass;
    const spentUsd = this.#spentUsd;
    return decidePage({
      isPaused: pause !== undefined,
      budgetUsd: bounds.budgetUsd,
      stoppedAtUsd: this.#before.stoppedAtBudgetUsd ?? 0,
      spentUsd,
      usdPerPage: pagesDone === 0 ? (this.#options.usdOf?.(FIRST_PAGE) ?? 0) : (spentUsd - atStart) / pagesDone,
      pagesInHand: this.#pagesInHand,
    });
  }
}
