import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import {
  deleteSpent,
  type RunSpent,
  readSpent,
  readSpentBy,
  writeSpent,
} from '../../functions/tables/control/spent-units.ts';
import type { ConsumedUnits } from '../../functions/tables/dynamo/consumed-units.ts';

export interface SpendingOptions {
  readonly control: ControlTable;
  readonly runId: string;
  /** What this process has taken, as it grows. */
  readonly used: ConsumedUnits;
  /** The name of this process's row. One that continues the work of a process with the same name continues its row. */
  readonly writer: string;
  /** Processes that work on the run at once. */
  readonly workers: number;
  readonly nowMs: () => number;
}

/** Time between two looks at what others have noted: there may be thousands of rows, and hundreds who look. */
const OTHERS_EVERY_MS = 10_000;

const NOTHING: ConsumedUnits = { readUnits: 0, writeUnits: 0 };

/** Counts what a run takes, in all processes, and notes what this one does. */
export class RunSpending {
  readonly #options: SpendingOptions;
  readonly #usedAtStart: ConsumedUnits;
  /** This process's row before it began. */
  #own: RunSpent = NOTHING;
  /** What other processes had noted at the last look, and what this one had taken then. */
  #others: RunSpent = NOTHING;
  #hereAtLook: ConsumedUnits = NOTHING;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #notedUnits = 0;

  private constructor(options: SpendingOptions) {
    this.#options = options;
    this.#usedAtStart = { ...options.used };
  }

  static async open(options: SpendingOptions): Promise<RunSpending> {
    const { control, runId, writer, workers } = options;
    const spending = new RunSpending(options);
    if (workers === 1) {
      await deleteSpent(control, runId);
      spending.#others = await readSpent(control, runId, writer);
    }
    spending.#own = (await readSpentBy(control, runId, writer)) ?? NOTHING;
    return spending;
  }

  /** Reads what other processes have noted, if there are any and it is time. Who keeps no budget need not look. */
  async look(): Promise<void> {
    const { control, runId, writer, workers, nowMs } = this.#options;
    if (workers === 1 || nowMs() - this.#lookedAtMs < OTHERS_EVERY_MS) return;
    this.#lookedAtMs = nowMs();
    const here = this.#here;
    this.#others = await readSpent(control, runId, writer);
    this.#hereAtLook = here;
  }

  /** Notes what this process has taken, if it has taken any since the last note. @param stoppedAtBudgetUsd the budget that it stops for. */
  async note(stoppedAtBudgetUsd?: number): Promise<void> {
    const { control, runId, writer } = this.#options;
    const { readUnits, writeUnits } = sum(this.#own, this.#here);
    if (readUnits + writeUnits === this.#notedUnits && stoppedAtBudgetUsd === undefined) return;
    const stopped = stoppedAtBudgetUsd === undefined ? {} : { stoppedAtBudgetUsd };
    await writeSpent(control, writer, { runId, readUnits, writeUnits, ...stopped });
    this.#notedUnits = readUnits + writeUnits;
  }

  /** In all processes. Since the last look the others are taken to have been as busy as this one. */
  get units(): ConsumedUnits {
    const here = this.#here;
    const others = this.#options.workers - 1;
    return sum(this.#own, this.#others, here, {
      readUnits: others * (here.readUnits - this.#hereAtLook.readUnits),
      writeUnits: others * (here.writeUnits - this.#hereAtLook.writeUnits),
    });
  }

  /** The highest budget at which the run has stopped before; 0 if at none. */
  get stoppedAtUsd(): number {
    return Math.max(this.#own.stoppedAtBudgetUsd ?? 0, this.#others.stoppedAtBudgetUsd ?? 0);
  }

  get #here(): ConsumedUnits {
    const { used } = this.#options;
    return {
      readUnits: used.readUnits - this.#usedAtStart.readUnits,
      writeUnits: used.writeUnits - this.#usedAtStart.writeUnits,
    };
  }
}

function sum(...all: readonly ConsumedUnits[]): ConsumedUnits {
  return {
    readUnits: all.reduce((total, { readUnits }) => total + readUnits, 0),
    writeUnits: all.reduce((total, { writeUnits }) => total + writeUnits, 0),
  };
}
