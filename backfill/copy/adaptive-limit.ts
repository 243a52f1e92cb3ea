/** Calls at once to begin with, at least, and at most. The most is below what one client has sockets for (50). */
const START = 8;
const LEAST = 1;
const MOST = 40;

/** By how much throttling lowers the limit, and by how much a latency that says the calls queue up. */
const AFTER_THROTTLE = 0.5;
const AFTER_QUEUEING = 0.9;

/** Calls queue up where they take so many times as long as the fastest lately. */
const QUEUEING = 4;
/** Weight of a new latency in the mean. */
const SMOOTHING = 0.1;
/** How the memory of the fastest call fades, so that a table that got slower for good is taken as it is. */
const FADING = 1.002;

/**
 * How many calls to make at once: one more for each round of calls that went well, fewer where the store throttles or calls only queue up (additive
 * increase, multiplicative decrease). Pure.
 */
export class AdaptiveLimit {
  #limit = START;
  #meanMs: number | undefined;
  #fastestMs = Number.POSITIVE_INFINITY;
  /** Answers before the limit is lowered again: those to calls that were made before it was lowered say nothing new. */
  #calm = 0;

  get limit(): number {
    return Math.floor(this.#limit);
  }

  answered(latencyMs: number): void {
    this.#meanMs = this.#meanMs === undefined ? latencyMs : this.#meanMs + SMOOTHING * (latencyMs - this.#meanMs);
    this.#fastestMs = Math.min(this.#fastestMs * FADING, latencyMs);
    // One call at a time queues behind no other of ours: it takes as long as the store takes.
    if (this.limit === LEAST) this.#fastestMs = Math.max(this.#fastestMs, this.#meanMs);
    this.#calm -= 1;
    if (this.#meanMs > QUEUEING * this.#fastestMs) this.#lower(AFTER_QUEUEING);
    else this.#limit = Math.min(MOST, this.#limit + 1 / this.#limit);
  }

  throttled(): void {
    this.#lower(AFTER_THROTTLE);
  }

  #lower(factor: number): void {
    if (this.#calm > 0) return;
    this.#calm = this.limit;
    this.#limit = Math.max(LEAST, this.#limit * factor);
  }
}
