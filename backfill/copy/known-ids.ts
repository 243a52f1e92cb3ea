/** Bits an id, and places it is noted at: about one in a hundred ids that are new is taken for a known one. */
const BITS_PER_ID = 10;
const PLACES = 7;
/** 8 KiB at least, for tables that grew since they were counted; 256 MiB at most. */
const BITS_MIN = 2 ** 16;
const BITS_MAX = 2 ** 31;

/**
 * A set of ids in little memory (a Bloom filter). It never forgets one. It takes some that are new for known ones, more of them the more ids it
 * holds beyond those that were expected.
 */
export class KnownIds {
  readonly #bytes: Uint8Array;
  readonly #bits: number;

  constructor(idsExpected: number) {
    this.#bits = Math.min(BITS_MAX, Math.max(BITS_MIN, Math.ceil(idsExpected * BITS_PER_ID)));
    this.#bytes = new Uint8Array(Math.ceil(this.#bits / 8));
  }

  add(id: string): void {
    for (const place of this.#placesOf(id))
      this.#bytes[place >>> 3] = (this.#bytes[place >>> 3] ?? 0) | (1 << (place & 7));
  }

  /** False only for an id that was not added. */
  mayHave(id: string): boolean {
    return this.#placesOf(id).every((place) => ((this.#bytes[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0);
  }

  /** Two hashes give all places (Kirsch and Mitzenmacher, "Less hashing, same performance"). */
  #placesOf(id: string): number[] {
    const first = hashOf(id, 0x811c9dc5);
    // Odd, so that the places differ.
    const second = hashOf(id, 0x9747b28c) | 1;
    return Array.from({ length: PLACES }, (_, at) => ((first + at * second) >>> 0) % this.#bits);
  }
}

/** FNV-1a over UTF-16 units, and the mixing of MurmurHash3 (both in the public domain). */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
