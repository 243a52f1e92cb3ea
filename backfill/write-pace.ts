import type { Item } from '../functions/model/attribute-value.ts';
import { itemBytes } from '../functions/model/item-size.ts';

/** Bytes in one write unit (DynamoDB on-demand capacity). */
const WRITE_UNIT_BYTES = 1_024;

/** KpiData has three indexes that project ALL (tables.md), so a new row is written four times. */
const DATA_ROW_COPIES = 4;

/** Write units that the insert of a KpiData row takes, its indexes included; an upper bound, as rows that are there take less. */
export function writeUnitsOf(row: Item): number {
  return Math.ceil(itemBytes(row) / WRITE_UNIT_BYTES) * DATA_ROW_COPIES;
}

/** A ceiling on write units, as a bucket that fills evenly and holds what one second brings. */
export class WritePace {
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
