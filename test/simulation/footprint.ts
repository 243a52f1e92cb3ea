/** Told of every place in the storage that is read or written. */
export interface Tracker {
  reads(place: string): void;
  writes(place: string): void;
}

/** The places that one step of a schedule read and wrote. */
export class Footprint implements Tracker {
  readonly #read = new Set<string>();
  readonly #written = new Set<string>();
  #everything = false;

  reads(place: string): void {
    this.#read.add(place);
  }

  writes(place: string): void {
    this.#written.add(place);
  }

  /** The step may not change places with any other. */
  coversEverything(): void {
    this.#everything = true;
  }

  get isEverything(): boolean {
    return this.#everything;
  }

  /** Whether it matters which of the two steps comes first: one writes what the other reads or writes. */
  conflictsWith(other: Footprint): boolean {
    if (this.#everything || other.#everything) return true;
    return this.#overwrites(other) || other.#overwrites(this);
  }

  #overwrites(other: Footprint): boolean {
    for (const place of this.#written) if (other.#read.has(place) || other.#written.has(place)) return true;
    return false;
  }

  /** Takes in what another step read and wrote. */
  add(other: Footprint): void {
    for (const place of other.#read) this.#read.add(place);
    for (const place of other.#written) this.#written.add(place);
    this.#everything ||= other.#everything;
  }
}
