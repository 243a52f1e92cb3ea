/** Where every choice of a schedule comes from: by seed, or enumerated. */
export interface Decisions {
  /** One of `count` alternatives, from 0, of which an exhaustive search need only try the first `enough`. */
  choose(count: number, enough?: number): number;
  /**
   * Whether something happens that does so with this probability; 0 never, and then no choice is used up.
   *
   * @param matters false where nobody could tell.
   */
  chance(probability: number, matters?: boolean): boolean;
}

/** Choices that are the same for the same seed, on every machine (the generator is mulberry32). */
export class SeededDecisions implements Decisions {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  choose(count: number): number {
    return count <= 1 ? 0 : Math.floor(this.#next() * count);
  }

  chance(probability: number): boolean {
    return probability > 0 && this.#next() < probability;
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
}

/** One of the values, which are not empty. */
export function oneOf<T>(decisions: Decisions, values: readonly T[]): T {
  return values[decisions.choose(values.length)] as T;
}
