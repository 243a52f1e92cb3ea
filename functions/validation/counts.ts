import type { RowClass } from '../migration/rows.ts';
import { increase, shortName } from '../model/counts-by-name.ts';

/** A tenant of the new tables ends at 512 bytes (old-records.ts); that of an item in quarantine may be as long as the item. */
const TENANT_LENGTH_MAX = 512;

/** What a scan counts, by class of rows and tenant. */
export type Measure = 'expected' | 'found' | 'held' | 'quarantined' | 'warnings';

/** Counts by measure, class and tenant. */
export class Counts {
  readonly #counts: Map<string, number>;

  constructor(entries: Iterable<readonly [string, number]> = []) {
    this.#counts = new Map(entries);
  }

  add(measure: Measure, rowClass: RowClass, tenantId: string, by = 1): void {
    const key = `${measure} ${rowClass} ${shortName(tenantId, TENANT_LENGTH_MAX)}`;
    increase(this.#counts, key, by);
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
    for (const [key, count] of other.entries()) increase(sum.#counts, key, count);
    return sum;
  }

  entries(): [string, number][] {
    return [...this.#counts];
  }
}
