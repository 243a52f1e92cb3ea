import type { Clock } from '../runtime/clock.ts';

export interface BreakerSettings {
  /** Answers of the new side that are looked back on. */
  readonly windowReads: number;
  /** Errors and time-outs among them that open the breaker. */
  readonly failuresToOpen: number;
  /** Wrong answers that open it, since it was last closed. */
  readonly wrongAnswersToOpen: number;
  /** How long the new side is left alone before it is probed. */
  readonly openMs: number;
  /** Probes in a row that must come out right to close it. */
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
 * Keeps reads off a new side that fails. Closed: the new side answers. Open: it is left alone. Half open: callers still get the
 * old side, and one read at a time is tried on the new side behind the answer, so that a probe costs no caller anything.
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

  /** What came of a read on the new side while the breaker was closed; what comes late is not counted. */
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

  /** Asks to make a probe; whoever is let must tell what came of it. */
  tryProbe(): boolean {
    if (this.state !== 'half-open' || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  /** What came of the probe; `undefined` where it was not made, or told nothing. */
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
