/**
 * A provisioned capacity: it fills evenly, keeps what nobody uses for a while, and lets a request in while anything is left.
 * What a request takes is known only afterwards, so the bucket may be in debt; then it refuses until the debt is paid.
 */
export class CapacityBucket {
  readonly #unitsPerSecond: number;
  readonly #unitsMax: number;
  readonly #nowMs: () => number;
  #units: number;
  #filledAtMs: number;

  constructor(unitsPerSecond: number, burstSeconds: number, nowMs: () => number) {
    this.#unitsPerSecond = unitsPerSecond;
    this.#unitsMax = unitsPerSecond * Math.max(1, burstSeconds);
    this.#nowMs = nowMs;
    this.#units = unitsPerSecond;
    this.#filledAtMs = nowMs();
  }

  /** How many of so many items may go on if each takes at least so many units. */
  itemsFor(unitsEach: number, items: number): number {
    this.#fill();
    // An item is let in if anything is left, as one that is larger than a second's capacity must get through some time.
    return this.#units <= 0 ? 0 : Math.min(items, Math.ceil(this.#units / unitsEach));
  }

  take(units: number): void {
    this.#fill();
    this.#units = Math.min(this.#unitsMax, this.#units - units);
  }

  #fill(): void {
    const nowMs = this.#nowMs();
    const brought = ((nowMs - this.#filledAtMs) / 1_000) * this.#unitsPerSecond;
    this.#units = Math.min(this.#unitsMax, this.#units + brought);
    this.#filledAtMs = nowMs;
  }
}
