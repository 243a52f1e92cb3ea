import type { RowClass } from './findings.ts';

/** What a scan counts, by class of rows and tenant. */
export type Measure = 'expected' | 'found' | 'held' | 'quarantined' | 'warnings';

/** Counts by measure, class and tenant. */
export class Counts {
  readonly #counts: Map<string, number>;

  constructor(entries: Iterable<readonly [string, number]> = []) {
    this.#counts = new Map(entries);
  }

  add(measure: Measure, rowClass: RowClass, tenantId: string, by = 1): void {
    const key = `${measure} ${rowClass} ${tenantId}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }

  /** The sum over what is not given. */
  sum(measure: Measure, rowClass?: RowClass, tenantId?: string): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      const [keyMeasure, keyClass, ...tenant] = key.split(' ');
      if (keyMeasure !== measure) continue;
      if (rowClass !== undefined && keyClass !== rowClass) continue;
      if (tenantId === undefined || tenant.join(' ') === tenantId) sum += count;
    }
    return sum;
  }

  /** Every class and tenant that anything was counted of. */
  cells(): { rowClass: RowClass; tenantId: string }[] {
    const keys = new Set([...this.#counts.keys()].map((key) => key.slice(key.indexOf(' ') + 1)));
    return [...keys].sort().map((key) => {
      const at = key.indexOf(' ');
      return { rowClass: key.slice(0, at) as RowClass, tenantId: key.slice(at + 1) };
    });
  }

  plus(other: Counts): Counts {
    const sum = new Counts(this.entries());
    for (const [key, count] of other.entries()) sum.#counts.set(key, (sum.#counts.get(key) ?? 0) + count);
    return sum;
  }

  entries(): [string, number][] {
    return [...this.#counts];
  }
}
