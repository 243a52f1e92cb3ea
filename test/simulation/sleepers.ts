import type { Decisions } from './decisions.ts';
import type { Process } from './process.ts';

interface Sleeper {
  readonly process: Process;
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** Who waits for time to pass. */
export class Sleepers {
  #sleepers: Sleeper[] = [];

  get isEmpty(): boolean {
    return this.#sleepers.length === 0;
  }

  /** Resolves when it is drawn; rejects when the signal says so. */
  sleep(process: Process, wakeAtMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal.aborted) reject(signal.reason);
    const sleeper = { process, wakeAtMs, wake: resolve };
    this.#sleepers.push(sleeper);
    signal.addEventListener('abort', () => {
      this.#remove(sleeper);
      reject(signal.reason);
    });
    return promise;
  }

  forget(process: Process): void {
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.process !== process);
  }

  /**
   * Takes out one of those that wake before the bound; one that is not halted, if there is one.
   *
   * @param inOrder of those, the first: whoever renews a lease could otherwise be chosen for ever.
   */
  draw(decisions: Decisions, step: number, boundMs: number, inOrder: boolean): Sleeper | undefined {
    const awake = this.#sleepers.filter(({ process }) => process.haltedUntilStep <= step);
    const among = awake.length > 0 ? awake : this.#sleepers;
    const able = among.filter((sleeper) => sleeper.wakeAtMs < boundMs);
    const earliestMs = Math.min(...able.map(({ wakeAtMs }) => wakeAtMs));
    const due = inOrder ? able.filter(({ wakeAtMs }) => wakeAtMs === earliestMs) : able;
    const sleeper = due[decisions.choose(due.length)];
    if (sleeper) this.#remove(sleeper);
    return sleeper;
  }

  #remove(sleeper: Sleeper): void {
    this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
  }
}
