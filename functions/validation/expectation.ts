import {
  demandOfLink,
  demandOfRecord,
  type PersonalLink,
  personalLinkOf,
  personForKpi,
  quarantined,
} from '../migration/demand.ts';
import { personalLinkId } from '../migration/ids.ts';
import { answer, LookUpsInMemory } from '../migration/look-ups.ts';
import type { OldRecord } from '../migration/old-records.ts';
import type { QuarantineReason } from '../migration/quarantine-reason.ts';
import { type RecordSource, type Source, tenantOf } from '../migration/sources.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { type HeldRecords, type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import { attempt } from '../tables/dynamo/attempt.ts';
import { NONE_REFUSED, type RefusedItems, refusalOf } from './refused-items.ts';
import { type Unexamined, unexaminedItem } from './unexamined.ts';

/** What items of an old table demand of the new ones. */
export interface ExpectedPage {
  readonly rows: readonly { readonly kpi: KpiKey; readonly row: Item }[];
  /** The tenants of the records that have no row to live in, each as often as it has one. */
  readonly held: readonly string[];
  readonly quarantined: readonly {
    readonly id: string;
    readonly tenantId: string;
    readonly reason: QuarantineReason;
  }[];
  /** The tenants of the warnings, each as often as it has one. */
  readonly warnings: readonly string[];
  /** Items of which it cannot be told what they demand. */
  readonly unexamined: readonly Unexamined[];
}

/**
 * What the old tables demand, one page at a time. It keeps the links, the KPIs' owners and the people in memory, and of the
 * records nothing; with `heldRecords: "personal-link"` one date for each KPI that has records and no link.
 *
 * An id that two record tables share is not known here, where neither sees the other: both demand their rows, so the
 * digests of their buckets cannot agree, and who has the id is found out where the bucket is opened.
 */
export class Expectation {
  readonly #heldRecords: HeldRecords;
  /** To be filled before links are added. */
  readonly lookUps = new LookUpsInMemory();
  readonly #links = new Map<string, { readonly kpi: KpiKey; readonly links: LinkReference[] }>();
  readonly #kpiOfLink = new Map<string, KpiKey>();
  readonly #twinKeys = new Set<string>();
  readonly #personal: Map<string, { readonly kpi: KpiKey; readonly date: string }>;

  readonly #refused: RefusedItems;

  /** @param refused items that have no rows because the store refused them as they are. */
  constructor(
    heldRecords: HeldRecords,
    personal: readonly { readonly kpi: KpiKey; readonly date: string }[] = [],
    refused: RefusedItems = NONE_REFUSED,
  ) {
    this.#heldRecords = heldRecords;
    this.#refused = refused;
    this.#personal = new Map(personal.map((each) => [kpiIdentity(each.kpi), each]));
    for (const { kpi } of personal) this.#kpiOfLink.set(personalLinkId(kpi.kpiId), kpi);
  }

  /** What a page of links demands. Look-ups come before links, links before records: `Sides` holds to that. */
  addLinks(items: readonly Item[]): ExpectedPage {
    return this.#pageOf('links', items, (item, page) => this.#addLink(item, page));
  }

  /** What a page of records demands. */
  ofRecords(source: RecordSource, items: readonly Item[]): ExpectedPage {
    return this.#pageOf(source, items, (item, page) => this.#addRecord(source, item, page));
  }

  /** An item that fails for its own reason takes no other along. */
  #pageOf(source: Source, items: readonly Item[], add: (item: Item, page: MutablePage) => void): ExpectedPage {
    const page: MutablePage = { rows: [], held: [], quarantined: [], warnings: [], unexamined: [] };
    for (const item of items) {
      const added = attempt(() => add(item, page));
      if ('error' in added) page.unexamined.push(unexaminedItem(source, idOf(item), added.error));
    }
    return page;
  }

  #addLink(item: Item, page: MutablePage): void {
    const tenantId = tenantOf(item) ?? '';
    const refusal = refusalOf(this.#refused, 'links', item);
    const link = refusal ? quarantined(refusal, item) : answer(demandOfLink(item), this.lookUps);
    if (link.kind === 'quarantined') page.quarantined.push({ id: idOf(item), tenantId, reason: link.reason });
    if (link.kind !== 'valid') return;
    page.rows.push({ kpi: link.kpi, row: link.row });
    page.warnings.push(...link.warnings.map(() => tenantId));
    if (this.#twinKeys.has(link.twinKey)) page.warnings.push(tenantId);
    this.#twinKeys.add(link.twinKey);
    const known = this.#links.get(kpiIdentity(link.kpi)) ?? { kpi: link.kpi, links: [] };
    known.links.push({ id: link.id, linkedAt: link.linkedAt });
    this.#links.set(kpiIdentity(link.kpi), known);
    this.#kpiOfLink.set(link.id, known.kpi);
  }

  #addRecord(source: RecordSource, item: Item, page: MutablePage): void {
    const tenantId = tenantOf(item) ?? '';
    const refusal = refusalOf(this.#refused, source, item);
    const demanded = () => demandOfRecord(source, { [source]: item }, (record) => this.#linksOf(record));
    // Also for a refused record its KPI gets a personal link; but it need not even be parsed.
    if (refusal) attempt(demanded);
    const demand = refusal ? quarantined(refusal, item) : demanded();
    if (demand.kind === 'mapped') page.rows.push(...demand.rows.map((row) => ({ kpi: demand.kpi, row })));
    if (demand.kind === 'held') page.held.push(tenantId);
    if (demand.kind === 'quarantined') page.quarantined.push({ id: idOf(item), tenantId, reason: demand.reason });
  }

  /** The links that KPIs without one get of their own; complete when all records have been seen. */
  personalLinks(): { kpi: KpiKey; row: Item }[] {
    return [...this.#personal.values()].flatMap(({ kpi, date }) => {
      const link = this.#personalLinkOf(kpi, [date]);
      return link ? [{ kpi, row: link.row }] : [];
    });
  }

  /** What of the records' scan has to be kept beside the digests, for a run that continues. */
  personalDates(): { kpi: KpiKey; date: string }[] {
    return [...this.#personal.values()];
  }

  /** The KPI of a link that an old link, or a KPI's personal link, accounts for. */
  kpiOfLink(linkId: string): KpiKey | undefined {
    return this.#kpiOfLink.get(linkId);
  }

  /** Every KPI of which rows are expected, with the ids of its links. */
  *kpis(): Generator<{ kpi: KpiKey; linkIds: readonly string[] }> {
    for (const { kpi, links } of this.#links.values()) yield { kpi, linkIds: links.map((link) => link.id) };
    for (const { kpi } of this.#personal.values()) yield { kpi, linkIds: [personalLinkId(kpi.kpiId)] };
  }

  get kpiCount(): number {
    return this.#links.size + this.#personal.size;
  }

  linkIds(): IterableIterator<string> {
    return this.#kpiOfLink.keys();
  }

  #personalLinkOf(kpi: KpiKey, dates: readonly string[]): PersonalLink | undefined {
    return personalLinkOf(kpi, answer(personForKpi(kpi), this.lookUps), dates);
  }

  #linksOf({ kpi, date }: OldRecord): readonly LinkReference[] {
    const identity = kpiIdentity(kpi);
    const known = this.#links.get(identity);
    if (known) return known.links;
    if (this.#heldRecords === 'hold') return [];
    const earlier = this.#personal.get(identity);
    // A record's row does not depend on the link's date, which later records may still change.
    const personal = this.#personalLinkOf(kpi, earlier ? [earlier.date, date] : [date]);
    if (personal === undefined) return [];
    this.#personal.set(identity, { kpi, date: personal.linkedAt });
    this.#kpiOfLink.set(personal.id, kpi);
    return [personal];
  }
}

/** How many rows a scan expects of an item, taken by itself; undefined where it quarantines it for a reason of its own. */
export function rowsExpectedOf(source: RecordSource, item: Item, links: readonly LinkReference[]): number | undefined {
  const demand = demandOfRecord(source, { [source]: item }, () => links);
  if (demand.kind === 'quarantined') return undefined;
  return demand.kind === 'mapped' ? demand.rows.length : 0;
}

type Mutable<Page> = { -readonly [Part in keyof Page]: Page[Part] extends readonly (infer Each)[] ? Each[] : never };
type MutablePage = Mutable<ExpectedPage>;
