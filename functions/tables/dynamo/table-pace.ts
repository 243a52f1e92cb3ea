import { UnitPace } from './unit-pace.ts';

/** After a throttle the pace is halved, down to so much of the ceiling, and reads pause, longer each time. */
const SLOWEST = 1 / 32;
const PAUSE_MS = { first: 1_000, most: 30_000 } as const;

/** Without a throttle for so long, the pace doubles again, up to the ceiling. */
const RECOVERY_MS = 30_000;

/** What a page of a scan takes at most: 1 MB, read strongly (API Reference, Scan). */
const PAGE_UNITS_MAX = 256;

/** Items of the first page of a table whose items may be of any size. */
const FIRST_PAGE_ITEMS = 10;

/**
 * How fast one table of the service may be read: not faster than a ceiling, and slower for a while after the table had to
 * throttle anyone's read of ours. The service's own reads are throttled by the same capacity, so a throttle is theirs too.
 */
export class TablePace {
  readonly #ceiling: number;
  readonly #nowMs: () => number;
  #pace: UnitPace;
  #unitsPerSecond: number;
  #pausedUntilMs = 0;
  #nextPauseMs: number = PAUSE_MS.first;
  #changedAtMs: number;
  /** Of the larger items met lately; undefined before the first page. */
  #unitsPerItem: number | undefined;

  constructor(ceiling: number, nowMs: () => number) {
    this.#ceiling = ceiling;
    this.#nowMs = nowMs;
    this.#unitsPerSecond = ceiling;
    this.#pace = new UnitPace(ceiling, nowMs);
    this.#changedAtMs = nowMs();
  }

  get unitsPerSecond(): number {
    return this.#unitsPerSecond;
  }

  /** Milliseconds until the table may be asked again after a throttle. */
  get pauseMs(): number {
    return Math.max(0, this.#pausedUntilMs - this.#nowMs());
  }

  /** @returns milliseconds to wait for what a read has taken. */
  took(units: number): number {
    if (this.#unitsPerSecond < this.#ceiling && this.#nowMs() - this.#changedAtMs >= RECOVERY_MS) {
      this.#nextPauseMs = PAUSE_MS.first;
      this.#change(Math.min(this.#ceiling, this.#unitsPerSecond * 2));
    }
    return this.#pace.take(units);
  }

  /**
   * How many items a page of a scan may have so that it does not take more than a second brings: a page is served at once, and
   * "a sudden spike" of reads is what throttles others (Developer Guide, "Best practices for querying and scanning data").
   */
  pageItems(asked: number): number {
    if (this.#unitsPerSecond >= PAGE_UNITS_MAX) return asked;
    if (this.#unitsPerItem === undefined) return Math.min(asked, FIRST_PAGE_ITEMS);
    return Math.max(1, Math.min(asked, Math.floor(this.#unitsPerSecond / this.#unitsPerItem)));
  }

  /** A page of a scan has come. */
  scanned(items: number, units: number): void {
    if (items === 0) return;
    const latest = units / items;
    this.#unitsPerItem = Math.max(latest, ((this.#unitsPerItem ?? latest) + latest) / 2);
  }

  /** The table has refused a read for lack of capacity. */
  throttled(): void {
    // Segments read side by side: those that are refused while all pause say nothing new.
    if (this.pauseMs > 0) return;
    this.#pausedUntilMs = this.#nowMs() + this.#nextPauseMs;
    this.#nextPauseMs = Math.min(PAUSE_MS.most, this.#nextPauseMs * 2);
    this.#change(Math.max(this.#ceiling * SLOWEST, this.#unitsPerSecond / 2));
  }

  #change(unitsPerSecond: number): void {
    this.#unitsPerSecond = unitsPerSecond;
    this.#pace = new UnitPace(unitsPerSecond, this.#nowMs);
    this.#changedAtMs = this.#nowMs();
  }
}
