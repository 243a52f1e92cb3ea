/** Counts by name since they were last taken. */
export class Counters {
  #counts = new Map<string, number>();

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Returns the counts and starts again from zero. */
  take(): Readonly<Record<string, number>> {
    const taken = Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
    this.#counts = new Map();
    return taken;
  }
}
