/** Told of every place in the storage that is read or written. */
export interface Tracker {
  reads(place: string): void;
  writes(place: string): void;
  /** Writes in such a way that of two that do so it does not matter which comes first: another row of a listing, say. */
  adds(place: string): void;
}

/** The places that one step of a schedule read and wrote. */
export class Footprint implements Tracker {
  readonly #read = new Set<string>();
  readonly #written = new Set<string>();
  readonly #added = new Set<string>();
  #everything = false;

  reads(place: string): void {
    this.#read.add(place);
  }

  writes(place: string): void {
    this.#written.add(place);
  }

  adds(place: string): void {
    this.#added.add(place);
  }

  /** The step may not change places with any other. */
  coversEverything(): void {
    this.#everything = true;
  }

  get isEverything(): boolean {
    return this.#everything;
  }

  /** Whether it matters which of the two steps comes first: one changes what the other reads or changes. */
  conflictsWith(other: Footprint): boolean {
    if (this.#everything || other.#everything) return true;
    return this.#changesUnder(other) || other.#changesUnder(this);
  }

  #changesUnder(other: Footprint): boolean {
    for (const place of this.#written) {
      if (other.#read.has(place) || other.#written.has(place) || other.#added.has(place)) return true;
    }
    for (const place of this.#added) if (other.#read.has(place)) return true;
    return false;
  }

  /** Takes in what another step read and wrote. */
  add(other: Footprint): void {
    for (const place of other.#read) this.#read.add(place);
    for (const place of other.#written) this.#written.add(place);
    for (const place of other.#added) this.#added.add(place);
    this.#everything ||= other.#everything;
  }
}
