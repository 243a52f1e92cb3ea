/** Told when a write that waited for its units was answered: the store has said what it took. */
export type Settle = () => void;

/** Resolves when so many write units may be used, as they were estimated. */
export type Pace = (writeUnits: number) => Promise<Settle | undefined>;

/** How soon those who wait notice that the ceiling was changed. */
const LOOK_MS = 250;

/**
 * A ceiling on write units a second that can be changed while writers wait for it. Each write takes its estimate first; what the
 * store says it took replaces the estimate. So the ceiling holds for what was consumed, however good the estimates are.
 * Unused units are kept for one second.
 */
export class WritePace {
  readonly #nowMs: () => number;
  readonly #sleep: (ms: number) => Promise<unknown>;
  #ceiling: number | undefined;
  #takenUnits = 0;
  /** Units that time has brought, less those that writes took beyond their estimates. Whoever took up to so many may write. */
  #broughtUnits: number;
  #filledAtMs: number;

  /** @param ceiling write units a second; undefined for none. */
  constructor(ceiling: number | undefined, nowMs: () => number, sleep: (ms: number) => Promise<unknown>) {
    this.#ceiling = ceiling;
    this.#nowMs = nowMs;
    this.#sleep = sleep;
    this.#filledAtMs = nowMs();
    this.#broughtUnits = ceiling ?? 0;
  }

  readonly pace: Pace = async (writeUnits) => {
    this.#fill();
    this.#takenUnits += writeUnits;
    const mine = this.#takenUnits;
    for (let waitMs = this.#waitMs(mine); waitMs > 0; waitMs = this.#waitMs(mine)) {
      await this.#sleep(Math.min(waitMs, LOOK_MS));
    }
    return () => {
      this.#broughtUnits += writeUnits;
    };
  };

  /** The store has said what a write took. */
  used(writeUnits: number): void {
    this.#broughtUnits -= writeUnits;
  }

  /** The ceiling from now on. */
  change(ceiling: number | undefined): void {
    this.#fill();
    if (ceiling !== undefined && this.#ceiling === undefined) this.#broughtUnits = this.#takenUnits + ceiling;
    this.#ceiling = ceiling;
  }

  #fill(): void {
    const nowMs = this.#nowMs();
    const { unitsPerMs, most } = {
      unitsPerMs: (this.#ceiling ?? 0) / 1_000,
      most: this.#takenUnits + (this.#ceiling ?? 0),
    };
    this.#broughtUnits = Math.min(most, this.#broughtUnits + (nowMs - this.#filledAtMs) * unitsPerMs);
    this.#filledAtMs = nowMs;
  }

  #waitMs(mine: number): number {
    this.#fill();
    if (this.#ceiling === undefined) return 0;
    return ((mine - this.#broughtUnits) / this.#ceiling) * 1_000;
  }
}
