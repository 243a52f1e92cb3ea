/** A ceiling on read or write units, as a bucket that fills evenly and holds what one second brings. */
export class UnitPace {
  readonly #unitsPerSecond: number;
  readonly #nowMs: () => number;
  #units: number;
  #filledAtMs: number;

  constructor(unitsPerSecond: number, nowMs: () => number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#nowMs = nowMs;
    this.#units = unitsPerSecond;
    this.#filledAtMs = nowMs();
  }

  /**
   * Takes units out and tells how many milliseconds to wait before they may be used. More than the bucket holds can be
   * taken: it is then in debt, and those who come next wait for it.
   */
  take(units: number): number {
    const nowMs = this.#nowMs();
    const brought = ((nowMs - this.#filledAtMs) / 1_000) * this.#unitsPerSecond;
    this.#units = Math.min(this.#unitsPerSecond, this.#units + brought) - units;
    this.#filledAtMs = nowMs;
    return this.#units >= 0 ? 0 : (-this.#units / this.#unitsPerSecond) * 1_000;
  }
}
