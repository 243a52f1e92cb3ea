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

  /** The sum over all tenants, of one class or of all. */
  sum(measure: Measure, rowClass?: RowClass): number {
    return this.cells()
      .filter((cell) => cell.measure === measure && (rowClass === undefined || cell.rowClass === rowClass))
      .reduce((sum, cell) => sum + cell.count, 0);
  }

  /** Every count by itself. */
  cells(): { measure: Measure; rowClass: RowClass; tenantId: string; count: number }[] {
    return [...this.#counts].map(([key, count]) => {
      const [measure, rowClass, ...tenant] = key.split(' ');
      return { measure: measure as Measure, rowClass: rowClass as RowClass, tenantId: tenant.join(' '), count };
    });
  }

  /** Only the counts of these classes. */
  of(classes: readonly RowClass[]): Counts {
    return new Counts([...this.#counts].filter(([key]) => classes.some((rowClass) => key.split(' ')[1] === rowClass)));
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
