/**
 * How often each name comes. A name may come from data, so it is never a key of a plain object: `{}` has a `constructor`
 * already, and `__proto__` is no property at all.
 */
export type CountsByName = ReadonlyMap<string, number>;

/** How often each of the names comes. */
export function countNames(names: Iterable<string>): CountsByName {
  const counts = new Map<string, number>();
  for (const name of names) increase(counts, name, 1);
  return counts;
}

/** The sums of counts, name by name. */
export function addCounts(all: Iterable<CountsByName>): CountsByName {
  const sum = new Map<string, number>();
  for (const counts of all) for (const [name, count] of counts) increase(sum, name, count);
  return sum;
}

export function increase(counts: Map<string, number>, name: string, by: number): void {
  counts.set(name, (counts.get(name) ?? 0) + by);
}

/** A name of so many characters at most. A longer one is cut, so that names with the same beginning are counted as one. */
export function shortName(name: string, lengthMax: number): string {
  if (name.length <= lengthMax) return name;
  // A cut between the two halves of a character would leave text that is not UTF-8.
  return `${name.slice(0, lengthMax).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
