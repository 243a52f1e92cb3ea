import { type Item, textOf } from '../model/attribute-value.ts';
import { BucketDigests, bucketOf, rowDigest, smallestByHash } from '../model/digest.ts';
import {
  type HeldRecords,
  type KpiKey,
  kpiIdentity,
  kpiKeyOf,
  NO_KPI,
  type RecordSource,
  type Source,
} from '../model/sources.ts';
import { Counts } from './counts.ts';
import { Expectation, type ExpectedPage } from './expectation.ts';
import { CLASS_OF, classOfRow, type RowClass } from './findings.ts';
import {
  BUCKETS,
  type Digests,
  digestsOf,
  type ExpectedEntry,
  type RecordSides,
  type SampledLinks,
  textsOf,
} from './record-sides.ts';
import type { RefusedItems } from './refused-items.ts';
import type { Suspect } from './suspects.ts';
import { UNEXAMINED_TOLD, type Unexamined } from './unexamined.ts';

/** Rows without a KPI, and items for quarantine, that are remembered one by one; the rest is only counted. */
export const LISTED_MAX = 10_000;

/** Old links that the seed's own check is made on. */
const SAMPLED_LINKS = 100;

/** The scans in their order: each stage takes its own items only, and opens the next one when it has them all. */
type LookUpStage = Pick<Sides, 'addKpis' | 'addPeople' | 'lookUpsDone'>;
type OldLinkStage = Pick<Sides, 'addOldLinks' | 'oldLinksDone'>;
type NewLinkStage = Pick<Sides, 'addNewLinks' | 'newLinksDone'>;
type OldRecordStage = Pick<Sides, 'addOldRecords' | 'stored' | 'oldRecordsDone'>;
type NewDataStage = Pick<Sides, 'addNewData' | 'newDataDone'>;
/** Both sides after all scans. */
export type ScannedSides = Omit<
  Sides,
  keyof (LookUpStage & OldLinkStage & NewLinkStage & OldRecordStage & NewDataStage)
>;

export function beginSides(heldRecords: HeldRecords, stored?: RecordSides, refused?: RefusedItems): LookUpStage {
  return new Sides(heldRecords, stored, refused);
}

/**
 * Both sides as digests by bucket and class, made while both are scanned. Of the rows nothing else is kept, except those
 * that no KPI accounts for.
 *
 * Links come first, and again in every process, because the records' rows depend on them. What comes of the records is
 * kept apart, so that it can be stored and resumed.
 */
class Sides {
  readonly expectation: Expectation;
  readonly #linkDigests = { expected: new BucketDigests(BUCKETS), found: new BucketDigests(BUCKETS) };
  readonly #linkCounts = new Counts();
  readonly #linkRefused: ExpectedEntry[] = [];
  readonly #linkUnexamined: Unexamined[] = [];
  readonly #unexamined: Unexamined[];
  readonly #expected: Digests;
  readonly #found: Digests;
  readonly #counts: Counts;
  readonly #strays: Set<string>;
  readonly #refused: ExpectedEntry[];
  /** KPIs of links that only the new side has, and those links. */
  readonly #foundKpis = new Map<string, { readonly kpi: KpiKey; readonly linkIds: string[] }>();
  readonly #foundKpiOfLink = new Map<string, KpiKey>();
  readonly #linkStrays: string[] = [];
  /** Some of the old links, and the KPIs that their rows name. */
  #sample = new Map<string, string | undefined>();
  #straysUnlisted: number;

  constructor(heldRecords: HeldRecords, stored?: RecordSides, refused?: RefusedItems) {
    this.expectation = new Expectation(heldRecords, stored?.personal, refused);
    this.#expected = digestsOf(stored?.expected);
    this.#found = digestsOf(stored?.found);
    this.#counts = new Counts(stored?.counts);
    this.#strays = new Set(stored?.strays);
    this.#refused = [...(stored?.refused ?? [])];
    this.#unexamined = [...(stored?.unexamined ?? [])];
    this.#straysUnlisted = stored?.straysUnlisted ?? 0;
  }

  addKpis(items: readonly Item[]): void {
    this.expectation.addKpis(items);
  }

  addPeople(items: readonly Item[]): void {
    this.expectation.addPeople(items);
  }

  lookUpsDone(): OldLinkStage {
    return this;
  }

  addOldLinks(items: readonly Item[]): void {
    const page = this.expectation.addLinks(items);
    this.#count('links', page, this.#linkCounts, this.#linkRefused);
    this.#linkUnexamined.push(...page.unexamined);
    for (const { kpi, row } of page.rows) {
      this.#linkDigests.expected.add(bucketOf(kpi, BUCKETS), rowDigest(row));
    }
  }

  oldLinksDone(): NewLinkStage {
    const ids = smallestByHash([...this.expectation.linkIds()], SAMPLED_LINKS, (id) => id);
    this.#sample = new Map(ids.map((id) => [id, undefined]));
    return this;
  }

  addNewLinks(rows: readonly Item[]): void {
    for (const row of rows) {
      const id = textOf(row, 'id') ?? '';
      const kpi = kpiKeyOf(row);
      if (this.#sample.has(id)) this.#sample.set(id, textOf(row, 'kpi_id') ?? '');
      this.#linkCounts.add('found', 'links', textOf(row, 'tenant_id') ?? '');
      this.#linkDigests.found.add(bucketOf(kpi, BUCKETS), rowDigest(row));
      if (kpiIdentity(kpi) === kpiIdentity(NO_KPI)) this.#linkStrays.push(id);
      else if (this.expectation.kpiOfLink(id) === undefined) {
        const known = this.#foundKpis.get(kpiIdentity(kpi)) ?? { kpi, linkIds: [] };
        known.linkIds.push(id);
        this.#foundKpis.set(kpiIdentity(kpi), known);
        this.#foundKpiOfLink.set(id, kpi);
      }
    }
  }

  newLinksDone(): OldRecordStage {
    return this;
  }

  addOldRecords(source: RecordSource, items: readonly Item[]): void {
    const page = this.expectation.ofRecords(source, items);
    this.#count(source, page, this.#counts, this.#refused);
    if (this.#unexamined.length < UNEXAMINED_TOLD) this.#unexamined.push(...page.unexamined);
    const digests = this.#expected[CLASS_OF[source]];
    for (const { kpi, row } of page.rows) digests.add(bucketOf(kpi, BUCKETS), rowDigest(row));
  }

  /** The KPIs' personal links are known when all records are. */
  oldRecordsDone(): NewDataStage {
    for (const { kpi, row } of this.expectation.personalLinks()) {
      this.#linkDigests.expected.add(bucketOf(kpi, BUCKETS), rowDigest(row));
      this.#linkCounts.add('expected', 'links', kpi.tenantId);
    }
    return this;
  }

  /** Adds KpiData rows. A row without a link that anyone knows belongs to no bucket. */
  addNewData(rows: readonly Item[]): void {
    for (const row of rows) {
      const rowClass = classOfRow(row);
      const linkId = textOf(row, 'kpi_link_id') ?? '';
      const kpi = this.expectation.kpiOfLink(linkId) ?? this.#foundKpiOfLink.get(linkId);
      this.#counts.add('found', rowClass, textOf(row, 'tenant_id') ?? '');
      if (kpi) this.#found[rowClass].add(bucketOf(kpi, BUCKETS), rowDigest(row));
      // Without a date, the index by which a KPI's rows are listed does not have the row.
      if (kpi === undefined || textOf(row, 'post_date') === undefined) this.#addStray(textOf(row, 'id') ?? '');
    }
  }

  newDataDone(): ScannedSides {
    return this;
  }

  /** How the rows of some old links are, as the scans met them. */
  sampledLinks(): SampledLinks {
    const sample = [...this.#sample];
    const existing = sample.filter(([, kpiId]) => kpiId !== undefined);
    const matching = existing.filter(([id, kpiId]) => this.expectation.kpiOfLink(id)?.kpiId === kpiId);
    return { ids: sample.map(([id]) => id), existing: existing.length, matching: matching.length };
  }

  /** The buckets in which a class of rows differs. */
  differing(classes: readonly RowClass[]): number[] {
    const buckets = classes.flatMap((rowClass) =>
      rowClass === 'links'
        ? this.#linkDigests.expected.differing(this.#linkDigests.found)
        : this.#expected[rowClass].differing(this.#found[rowClass]),
    );
    return [...new Set(buckets)].sort((left, right) => left - right);
  }

  /** What has to be looked at row by row where these buckets differ. */
  *suspectsIn(buckets: ReadonlySet<number>): Generator<Suspect> {
    const only = new Map(this.#foundKpis);
    for (const { kpi, linkIds } of this.expectation.kpis()) {
      const found = only.get(kpiIdentity(kpi));
      only.delete(kpiIdentity(kpi));
      if (buckets.has(bucketOf(kpi, BUCKETS))) {
        yield { kind: 'kpi', kpi, linkIds: [...linkIds, ...(found?.linkIds ?? [])] };
      }
    }
    for (const { kpi, linkIds } of only.values()) {
      if (buckets.has(bucketOf(kpi, BUCKETS))) yield { kind: 'kpi', kpi, linkIds };
    }
  }

  /** Rows that no KPI accounts for. */
  strays(): Suspect[] {
    return [
      ...this.#linkStrays.map((id) => ({ kind: 'row', table: 'kpiLinks', id }) as const),
      ...[...this.#strays].map((id) => ({ kind: 'row', table: 'kpiData', id }) as const),
    ];
  }

  get straysUnlisted(): number {
    return this.#straysUnlisted;
  }

  get refused(): readonly ExpectedEntry[] {
    return [...this.#linkRefused, ...this.#refused];
  }

  /** Items of which it could not be told what they demand; some of them where there are very many. */
  get unexamined(): readonly Unexamined[] {
    return [...this.#linkUnexamined, ...this.#unexamined];
  }

  get counts(): Counts {
    return this.#linkCounts.plus(this.#counts);
  }

  /** What has come of the records so far. */
  stored(): RecordSides {
    return {
      expected: textsOf(this.#expected),
      found: textsOf(this.#found),
      counts: this.#counts.entries(),
      strays: [...this.#strays],
      straysUnlisted: this.#straysUnlisted,
      refused: this.#refused,
      unexamined: this.#unexamined,
      personal: this.expectation.personalDates(),
    };
  }

  #addStray(id: string): void {
    if (this.#strays.size < LISTED_MAX) this.#strays.add(id);
    else this.#straysUnlisted += 1;
  }

  #count(source: Source, page: ExpectedPage, counts: Counts, refused: ExpectedEntry[]): void {
    const rowClass = CLASS_OF[source];
    for (const { kpi } of page.rows) counts.add('expected', rowClass, kpi.tenantId);
    for (const tenantId of page.held) counts.add('held', rowClass, tenantId);
    for (const tenantId of page.warnings) counts.add('warnings', rowClass, tenantId);
    for (const { id, tenantId, reason } of page.quarantined) {
      counts.add('quarantined', rowClass, tenantId);
      if (refused.length < LISTED_MAX) refused.push({ source, id, code: reason.code });
    }
  }
}
