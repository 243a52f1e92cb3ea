/** Counts by name since they were last taken: what a process tells of its reads. */
export class Counters {
  #counts = new Map<string, number>();

  count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** The counts, which start again from nothing. */
  take(): Readonly<Record<string, number>> {
    const taken = Object.fromEntries([...this.#counts].sort(([left], [right]) => (left < right ? -1 : 1)));
    this.#counts = new Map();
    return taken;
  }
}
