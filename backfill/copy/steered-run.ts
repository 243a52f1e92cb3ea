import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../functions/model/migration-error.ts';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import type { Run } from '../../functions/tables/control/documents.ts';
import { type Bound, readSteering, type Steering, writeBound } from '../../functions/tables/control/steering.ts';
import type { ConsumedUnits } from '../../functions/tables/dynamo/consumed-units.ts';
import type { Progress } from '../progress.ts';
import type { PageGate } from './page-gate.ts';
import { LOOK_EVERY_MS } from './pause-gate.ts';
import { RunSpending } from './run-spending.ts';
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
  /** Where several processes work on the run at once: how many, and the name under which this one notes what it takes. */
  readonly shared?: { readonly workers: number; readonly writer: string };
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
  readonly run: Pick<Run, 'runId'>;
  readonly progress: Pick<Progress, 'note' | 'pause'>;
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

/** Has what is too short to follow orders keep to those that stand now. */
export async function applyOrders({ steering }: Steerable, control: ControlTable, runId: string): Promise<void> {
  if (steering !== undefined) steering.apply(inForce(await readSteering(control), steering.settings, runId).bounds);
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
  readonly #spending: RunSpending;
  readonly #ended = new AbortController();
  readonly #spentAll = new AbortController();
  /** Aborted when the command is to stop, and when the budget is spent. */
  readonly stop: AbortSignal;
  #orders = NO_ORDERS;
  #pass = { spentUsd: 0, pagesDone: 0 };
  #pagesInHand = 0;
  #following: Promise<void> = Promise.resolve();

  private constructor(options: SteeringOptions, at: Circumstances, spending: RunSpending) {
    this.#options = options;
    this.#at = at;
    this.#spending = spending;
    this.stop = AbortSignal.any([at.stop, this.#spentAll.signal]);
  }

  static async open(options: SteeringOptions, at: Circumstances): Promise<SteeredRun> {
    const { control, run, nowMs, newToken } = at;
    const { used, shared = { workers: 1, writer: newToken() } } = options;
    const spending = await RunSpending.open({ control, runId: run.runId, used, nowMs, ...shared });
    const steered = new SteeredRun(options, at, spending);
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
    await this.#spending.note(isBudgetSpent ? budgetUsd : undefined);
    return {
      ...this.#spending.units,
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
        await this.#spending.note();
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
    if (bounds.budgetUsd !== undefined) await this.#spending.look();
  }

  get #inForce(): InForce {
    return inForce(this.#orders, this.#options.settings, this.#at.run.runId);
  }

  get #spentUsd(): number {
    return this.#options.usdOf?.(this.#spending.units) ?? 0;
  }

  #decide(): ReturnType<typeof decidePage> {
    const { pause, bounds } = this.#inForce;
    const { spentUsd: atStart, pagesDone } = this.#pass;
    const spentUsd = this.#spentUsd;
    const { usdOf, shared } = this.#options;
    // Each of the others may take a page as well.
    const usdOfFirst = (usdOf?.(FIRST_PAGE) ?? 0) * (shared?.workers ?? 1);
    return decidePage({
      isPaused: pause !== undefined,
      budgetUsd: bounds.budgetUsd,
      stoppedAtUsd: this.#spending.stoppedAtUsd,
      spentUsd,
      usdPerPage: pagesDone === 0 ? usdOfFirst : (spentUsd - atStart) / pagesDone,
      pagesInHand: this.#pagesInHand,
    });
  }
}
