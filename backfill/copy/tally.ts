import { addCounts, type CountsByName, increase, shortName } from '../../functions/model/counts-by-name.ts';
import type { UnfinishedItem } from '../../functions/tables/control/unfinished-items.ts';

/** What a pass over a table came to, by number of items unless said otherwise. */
export interface Tally {
  readonly scanned: number;
  /** New rows written. */
  readonly copied: number;
  /** Write units that puts of data rows took, indexes included (`writeUnitsOf`); the protocol's own rows come on top. */
  readonly dataWriteUnits: number;
  /** New rows that were right, or at least there, already. */
  readonly present: number;
  /** Records whose KPI has no link. */
  readonly held: number;
  readonly quarantined: number;
  /** Items that were passed over because they could neither be replicated nor quarantined. */
  readonly unfinished: Unfinished;
  /** Well-typed values that the new model would refuse, by code. */
  readonly warnings: CountsByName;
  /** Attributes that tables.md does not know, and that are not copied, by name; the first {@link NAMES_MAX} names only. */
  readonly unknownAttributes: CountsByName;
  /** How often an unknown attribute came whose name is not among those. */
  readonly otherUnknownAttributes: number;
}

/** How many items are unfinished, and the first {@link UNFINISHED_NAMED_MAX} of them. */
export interface Unfinished {
  readonly count: number;
  readonly named: readonly Pick<UnfinishedItem, 'kind' | 'id' | 'code'>[];
}

/** Unfinished items that are named; a checkpoint has to fit in 400 KB, and an id can have 2 KB. */
export const UNFINISHED_NAMED_MAX = 20;

/** What a tally says of unknown attributes. */
export type UnknownAttributes = Pick<Tally, 'unknownAttributes' | 'otherUnknownAttributes'>;

/** Unknown attributes counted by name. One item can have 100,000 names, and a checkpoint has to fit in 400 KB. */
export const NAMES_MAX = 200;

/** Characters of a name that are kept; DynamoDB allows 65,535 bytes (Developer Guide, "Naming rules and data types"). */
export const NAME_LENGTH_MAX = 128;

export const EMPTY_TALLY: Tally = {
  scanned: 0,
  copied: 0,
  dataWriteUnits: 0,
  present: 0,
  held: 0,
  quarantined: 0,
  unfinished: { count: 0, named: [] },
  warnings: new Map(),
  unknownAttributes: new Map(),
  otherUnknownAttributes: 0,
};

export function addTallies(tallies: Iterable<Tally>): Tally {
  const all = [...tallies];
  const sum = {
    ...EMPTY_TALLY,
    warnings: addCounts(all.map(({ warnings }) => warnings)),
    unfinished: addUnfinished(all.map(({ unfinished }) => unfinished)),
  };
  const unknown = new UnknownAttributeCounts();
  for (const tally of all) {
    sum.scanned += tally.scanned;
    sum.copied += tally.copied;
    sum.dataWriteUnits += tally.dataWriteUnits;
    sum.present += tally.present;
    sum.held += tally.held;
    sum.quarantined += tally.quarantined;
    unknown.addAll(tally);
  }
  return { ...sum, ...unknown.counts };
}

/** What of a page is unfinished. */
export function countUnfinished(items: readonly UnfinishedItem[]): Unfinished {
  const named = items.slice(0, UNFINISHED_NAMED_MAX).map(({ kind, id, code }) => ({ kind, id, code }));
  return { count: items.length, named };
}

function addUnfinished(all: readonly Unfinished[]): Unfinished {
  const named = all.flatMap((unfinished) => unfinished.named).slice(0, UNFINISHED_NAMED_MAX);
  return { count: all.reduce((sum, { count }) => sum + count, 0), named };
}

/** How often each name of an unknown attribute comes, within the bounds of a tally. */
export function countUnknownAttributes(items: Iterable<readonly string[]>): UnknownAttributes {
  const unknown = new UnknownAttributeCounts();
  for (const names of items) for (const name of names) unknown.add(shortName(name, NAME_LENGTH_MAX), 1);
  return unknown.counts;
}

class UnknownAttributeCounts {
  readonly #byName = new Map<string, number>();
  #others = 0;

  get counts(): UnknownAttributes {
    return { unknownAttributes: this.#byName, otherUnknownAttributes: this.#others };
  }

  add(name: string, by: number): void {
    if (this.#byName.has(name) || this.#byName.size < NAMES_MAX) increase(this.#byName, name, by);
    else this.#others += by;
  }

  addAll({ unknownAttributes, otherUnknownAttributes }: UnknownAttributes): void {
    for (const [name, count] of unknownAttributes) this.add(name, count);
    this.#others += otherUnknownAttributes;
  }
}
