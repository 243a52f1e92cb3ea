import { hash } from 'node:crypto';
import type { AttributeValue, Item } from './attribute-value.ts';
import { canonicalNumber } from './decimal.ts';
import { compareText } from './instant.ts';
import { type KpiKey, kpiIdentity } from './sources.ts';

/** Of a row's digest the first 128 bits are summed: four words. */
const WORDS = 4;
const WORD_BYTES = 4;

/** The row in one spelling: two rows have the same if, and only if, they are the same by compare.ts. */
export function canonicalRow(row: Item): string {
  let text = '';
  // Called for every row of every table, so without a list of the parts.
  for (const name of sortedNames(row)) text += framedName(name) + canonicalValue(row[name] as AttributeValue);
  return text;
}

/** Of the row before: a table's rows mostly have the same attributes in the same order, and sorting them takes longer than to see that. */
let namesBefore: readonly string[] = [];
let sortedBefore: readonly string[] = [];

/** By code unit, as sort has it where nothing else is said. */
function sortedNames(row: Item): readonly string[] {
  const names = Object.keys(row);
  if (names.length === namesBefore.length && names.every((name, at) => name === namesBefore[at])) return sortedBefore;
  namesBefore = names;
  sortedBefore = names.toSorted();
  return sortedBefore;
}

/** Names come again with every row; only those of the model are kept, and somebody's own attributes are not without bound. */
const FRAMED_NAMES_MAX = 1_000;
const framedNames = new Map<string, string>();

function framedName(name: string): string {
  const known = framedNames.get(name);
  if (known !== undefined) return known;
  const text = framed(name);
  if (framedNames.size < FRAMED_NAMES_MAX) framedNames.set(name, text);
  return text;
}

function canonicalValue(value: AttributeValue): string {
  if ('S' in value) return `S${framed(value.S)}`;
  if ('N' in value) return `N${framed(canonicalNumber(value.N))}`;
  if ('BOOL' in value) return value.BOOL ? 'T' : 'F';
  if ('M' in value) return `M${framed(canonicalRow(value.M))}`;
  if ('L' in value) return `L${framed(value.L.map(canonicalValue).join(''))}`;
  if ('B' in value) return `B${framed(Buffer.from(value.B).toString('base64'))}`;
  if ('SS' in value) return `SS${framedSet(value.SS)}`;
  if ('NS' in value) return `NS${framedSet(value.NS.map(canonicalNumber))}`;
  if ('BS' in value) return `BS${framedSet(value.BS.map((bytes) => Buffer.from(bytes).toString('base64')))}`;
  return 'Z';
}

function framedSet(texts: readonly string[]): string {
  return framed(texts.map(framed).sort(compareText).join(''));
}

/** With its length before it, no text can run into the next. */
function framed(text: string): string {
  return `${text.length}:${text}`;
}

/** SHA-256 of the row in its one spelling: a text of one character a byte, which is made faster than a Buffer. */
export function rowDigest(row: Item): string {
  return hash('sha256', hashable(canonicalRow(row)), 'binary');
}

/** SHA-256 of a whole item in its one spelling, in hex: two items have the same only if they are the same by compare.ts. */
export function itemDigest(item: Item): string {
  return hash('sha256', hashable(canonicalRow(item)), 'hex');
}

/** A text is hashed by its UTF-8 bytes, in which all lone surrogates are alike: then its code units are hashed. */
function hashable(text: string): string | Buffer {
  return text.isWellFormed() ? text : Buffer.from(text, 'utf16le');
}

/** Which of `buckets` a KPI's rows are counted in: FNV-1a over the key, with its high bits mixed in. */
export function bucketOf(kpi: KpiKey, buckets: number): number {
  const text = kpiIdentity(kpi);
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  return ((state ^ (state >>> 13)) >>> 0) % buckets;
}

/** The word that begins at this character, its lowest byte first. */
function wordOf(digest: string, at: number): number {
  const low = digest.charCodeAt(at) | (digest.charCodeAt(at + 1) << 8) | (digest.charCodeAt(at + 2) << 16);
  return (low | (digest.charCodeAt(at + 3) << 24)) >>> 0;
}

/**
 * Sums of row digests modulo 2^128, one a bucket. The order in which rows come does not matter, and a row counted twice
 * is not the same as one counted once.
 */
export class BucketDigests {
  readonly buckets: number;
  readonly #words: Uint32Array;

  constructor(buckets: number, words = new Uint32Array(buckets * WORDS)) {
    this.buckets = buckets;
    this.#words = words;
  }

  /** Adds a {@link rowDigest}. */
  add(bucket: number, digest: string): void {
    let carry = 0;
    for (let word = 0; word < WORDS; word += 1) {
      const at = bucket * WORDS + word;
      const sum = (this.#words[at] as number) + wordOf(digest, word * WORD_BYTES) + carry;
      this.#words[at] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  /** The buckets in which the two are not the same. */
  differing(other: BucketDigests): number[] {
    const different: number[] = [];
    for (let bucket = 0; bucket < this.buckets; bucket += 1) {
      for (let word = 0; word < WORDS; word += 1) {
        const at = bucket * WORDS + word;
        if (this.#words[at] === other.#words[at]) continue;
        different.push(bucket);
        break;
      }
    }
    return different;
  }

  toBase64(): string {
    return Buffer.from(this.#words.buffer, this.#words.byteOffset, this.#words.byteLength).toString('base64');
  }

  static fromBase64(text: string): BucketDigests {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
    return new BucketDigests(bytes.length / (WORDS * WORD_BYTES), new Uint32Array(bytes.buffer));
  }
}

/** Those whose hash sorts first: a sample that is spread over all, and the same in every run. */
export function smallestByHash<T>(all: readonly T[], count: number, nameOf: (each: T) => string): T[] {
  const ranked = all.map((each) => ({ each, rank: hash('md5', nameOf(each)) }));
  ranked.sort((left, right) => (left.rank < right.rank ? -1 : 1));
  return ranked.slice(0, count).map(({ each }) => each);
}
