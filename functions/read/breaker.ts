import type { Clock } from '../runtime/clock.ts';

export interface BreakerSettings {
  /** How many of the new side's last answers count. */
  readonly windowReads: number;
  /** Errors and time-outs among them that open the breaker. */
  readonly failuresToOpen: number;
  /** Wrong answers since it last closed that open it. */
  readonly wrongAnswersToOpen: number;
  /** How long it stays open before it tries a probe. */
  readonly openMs: number;
  /** Right probes in a row that close it. */
  readonly probesToClose: number;
}

export const BREAKER_DEFAULTS: BreakerSettings = {
  windowReads: 20,
  failuresToOpen: 5,
  wrongAnswersToOpen: 1,
  openMs: 10_000,
  probesToClose: 3,
};

export type ReadOutcome = 'right' | 'error' | 'time-out' | 'wrong';

/**
 * Keeps reads away from a new side that fails. Closed: the new side answers. Open: the old side answers. Half open: the
 * old side still answers, and one read at a time is also tried on the new side, in the background, so a probe costs no
 * caller anything.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #clock: Clock;
  #openedAtMs: number | undefined;
  #outcomes: boolean[] = [];
  #wrongAnswers = 0;
  #probesRight = 0;
  #isProbing = false;

  constructor(clock: Clock, settings: BreakerSettings = BREAKER_DEFAULTS) {
    this.#clock = clock;
    this.#settings = settings;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#openedAtMs === undefined) return 'closed';
    return this.#clock.nowMs() - this.#openedAtMs < this.#settings.openMs ? 'open' : 'half-open';
  }

  /** Counts a read on the new side. A result that arrives after the breaker opened does not count. */
  record(outcome: ReadOutcome): void {
    if (this.#openedAtMs !== undefined) return;
    if (outcome === 'wrong') this.#wrongAnswers += 1;
    else this.#outcomes.push(outcome === 'right');
    if (this.#outcomes.length > this.#settings.windowReads) this.#outcomes.shift();
    const failures = this.#outcomes.filter((isRight) => !isRight).length;
    if (failures >= this.#settings.failuresToOpen || this.#wrongAnswers >= this.#settings.wrongAnswersToOpen) {
      this.#open();
    }
  }

  /** Asks to make a probe. If the answer is true, the caller must record its result. */
  tryProbe(): boolean {
    if (this.state !== 'half-open' || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  /** Records the probe's result; `undefined` if it was not made or proved nothing. */
  recordProbe(outcome: ReadOutcome | undefined): void {
    if (!this.#isProbing) return;
    this.#isProbing = false;
    if (outcome === undefined) return;
    if (outcome !== 'right') {
      this.#open();
      return;
    }
    this.#probesRight += 1;
    if (this.#probesRight >= this.#settings.probesToClose) {
      this.#openedAtMs = undefined;
      this.#outcomes = [];
      this.#wrongAnswers = 0;
    }
  }

  #open(): void {
    this.#openedAtMs = this.#clock.nowMs();
    this.#probesRight = 0;
  }
}
