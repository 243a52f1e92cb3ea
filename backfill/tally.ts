/** What a pass over a table came to, by number of items unless said otherwise. */
export interface Tally {
  readonly scanned: number;
  /** New rows written. */
  readonly copied: number;
  /** New rows that were right, or at least there, already. */
  readonly present: number;
  /** Records whose KPI has no link. */
  readonly held: number;
  readonly quarantined: number;
  /** Well-typed values that the new model would refuse, by code. */
  readonly warnings: Readonly<Record<string, number>>;
  /** Attributes that tables.md does not know, and that are not copied, by name. */
  readonly unknownAttributes: Readonly<Record<string, number>>;
}

export const EMPTY_TALLY: Tally = {
  scanned: 0,
  copied: 0,
  present: 0,
  held: 0,
  quarantined: 0,
  warnings: {},
  unknownAttributes: {},
};

export function addTallies(tallies: Iterable<Tally>): Tally {
  const sum = { ...EMPTY_TALLY, warnings: {}, unknownAttributes: {} };
  for (const tally of tallies) {
    sum.scanned += tally.scanned;
    sum.copied += tally.copied;
    sum.present += tally.present;
    sum.held += tally.held;
    sum.quarantined += tally.quarantined;
    addCounts(sum.warnings, tally.warnings);
    addCounts(sum.unknownAttributes, tally.unknownAttributes);
  }
  return sum;
}

function addCounts(sum: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
}

/** How often each name comes. */
export function countNames(names: Iterable<string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
