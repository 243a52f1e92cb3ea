import { askedOnce, type LookUpsLater } from '../../functions/migration/look-ups.ts';
import { RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { KnownIds } from './known-ids.ts';
import { KnownLinks } from './known-links.ts';
import { loadLookUps } from './known-look-ups.ts';
import type { PutQueue } from './put-queue.ts';
import { earlierSources } from './record-page.ts';
import type { Pass } from './run-state.ts';

export interface FirstCopyOptions {
  readonly queue: PutQueue;
  readonly replication: Replication;
  readonly totalSegments: number;
  /** Items in each record table, roughly. */
  readonly itemCountEstimates: Partial<Record<RecordSource, number>>;
  /** Whether this process copies one segment of many: then it reads neither all look-ups nor the links of all KPIs, but keeps the links that it reads. */
  readonly isPart?: boolean;
}

/** What the passes of a first run share in one process. Only then, when nobody reads the new tables, are rows put past the protocol. */
export class FirstCopy {
  readonly #options: FirstCopyOptions;
  readonly #ids: KnownIds;
  /** Sources whose every id is known: this process has scanned them from beginning to end. */
  readonly #scanned = new Set<Pass>();
  #lookUps: Promise<LookUpsLater> | undefined;
  #links: Promise<KnownLinks> | undefined;

  constructor(options: FirstCopyOptions) {
    this.#options = options;
    const expected = RECORD_SOURCES.map((source) => options.itemCountEstimates[source] ?? 0);
    this.#ids = new KnownIds(expected.reduce((sum, count) => sum + count, 0));
  }

  /** Puts rows, and resolves with those that the store refused. */
  put(rows: readonly Item[]): Promise<ReadonlySet<Item>> {
    return this.#options.queue.put(rows);
  }

  /** What the rows of links depend on. */
  async lookUps(): Promise<LookUpsLater> {
    const { replication, totalSegments, isPart = false } = this.#options;
    if (isPart) return askedOnce(replication.old);
    this.#lookUps ??= loadLookUps(replication.old, totalSegments);
    return this.#lookUps;
  }

  /** Asked for first when the checkpoints of a record pass are there: whoever changes links after that marks their KPI for the sweep. */
  links(): Promise<KnownLinks> {
    const { replication, totalSegments, isPart = false } = this.#options;
    this.#links ??= isPart ? Promise.resolve(KnownLinks.none()) : KnownLinks.load(replication, totalSegments);
    return this.#links;
  }

  /** The ids of a scanned page are known from now on. */
  add(ids: readonly string[]): void {
    for (const id of ids) this.#ids.add(id);
  }

  /** A pass that began in this process has scanned the whole source. */
  scanned(source: Pass): void {
    this.#scanned.add(source);
  }

  /**
   * Those of the ids that an item of an earlier table may have. Whatever was in an earlier table when that was scanned is known. What came
   * later was written live, and its own event and the sweep deal with it.
   */
  mayBeOwned(source: RecordSource, ids: readonly string[]): readonly string[] {
    const earlier = earlierSources(source);
    if (!earlier.every((each) => this.#scanned.has(each))) return ids;
    return earlier.length === 0 ? [] : ids.filter((id) => this.#ids.mayHave(id));
  }
}
