import type { CapacityKind } from './capacity-requests.ts';

/** What happened to a table or an index in one minute. */
export interface CapacityMinute {
  /** When it began, in epoch milliseconds. */
  readonly atMs: number;
  readonly units: Readonly<Record<CapacityKind, number>>;
  /** Items that were refused. */
  readonly refused: Readonly<Record<CapacityKind, number>>;
}

const MINUTE_MS = 60_000;

/** What was taken of tables and indexes, and refused by them, minute by minute. It is in memory only. */
export class CapacityRecord {
  readonly #minutes = new Map<string, Map<number, CapacityMinute>>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  consumed(resource: string, kind: CapacityKind, units: number): void {
    this.#change(resource, (minute) => ({ ...minute, units: { ...minute.units, [kind]: minute.units[kind] + units } }));
  }

  refused(resource: string, kind: CapacityKind, items: number): void {
    this.#change(resource, (minute) => ({
      ...minute,
      refused: { ...minute.refused, [kind]: minute.refused[kind] + items },
    }));
  }

  /** The minutes of a table or an index in which anything happened, oldest first. */
  minutesOf(resource: string): readonly CapacityMinute[] {
    return [...(this.#minutes.get(resource)?.values() ?? [])];
  }

  #change(resource: string, change: (minute: CapacityMinute) => CapacityMinute): void {
    const atMs = Math.floor(this.#nowMs() / MINUTE_MS) * MINUTE_MS;
    const minutes = this.#minutes.get(resource) ?? new Map<number, CapacityMinute>();
    const minute = minutes.get(atMs) ?? { atMs, units: { read: 0, write: 0 }, refused: { read: 0, write: 0 } };
    minutes.set(atMs, change(minute));
    this.#minutes.set(resource, minutes);
  }
}
