import { demandOfPersonalLink, linkIn, recordIn, rowOfLink } from '../../migration/demand.ts';
import { personalLinkId } from '../../migration/ids.ts';
import { answerLater, askedOnce, type LookUpsLater } from '../../migration/look-ups.ts';
import type { OldLink } from '../../migration/old-records.ts';
import { RECORD_SOURCES, type RecordSource } from '../../migration/sources.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import { distinctKpis, type HeldRecords, type KpiKey, kpiIdentity, type LinkReference } from '../../model/kpi.ts';
import type { OldReads, RecordEntry } from '../../tables/old/old-reads.ts';
import { entriesOf } from './record-entries.ts';

/** A link that has a row in the new model, and its KPI. */
export interface FoundLink extends LinkReference {
  readonly kpi: KpiKey;
  /** The KPI's personal link. Its id alone does not tell: a GoalKpiLink may bear the same. */
  readonly isPersonal?: true;
}

/** A link that may have a row, with the GoalKpiLink that was read for it; none for a KPI's personal link. */
export interface CandidateLink {
  readonly id: string;
  readonly kpi: KpiKey;
  readonly known: readonly OldLink[];
}

/** The new model's links, read from the old tables. An instance serves one read and looks up each KPI and user once. */
export class OldLinks {
  readonly #tables: OldReads;
  readonly #heldRecords: HeldRecords;
  readonly #lookUps: LookUpsLater;

  constructor(tables: OldReads, heldRecords: HeldRecords) {
    this.#tables = tables;
    this.#heldRecords = heldRecords;
    this.#lookUps = askedOnce(tables);
  }

  /** A link's KpiLink row; undefined if the link is quarantined. */
  async rowOf(link: OldLink): Promise<Item | undefined> {
    const mapping = await answerLater(rowOfLink(link), this.#lookUps);
    return mapping.kind === 'valid' ? mapping.row : undefined;
  }

  /** The well-formed links with these ids, in the order of the ids. */
  async read(ids: readonly string[]): Promise<OldLink[]> {
    const items = await this.#tables.readLinks(ids);
    return ids.flatMap((id) => {
      const item = items.get(id);
      return (item && linkIn(item)) ?? [];
    });
  }

  /** The tenant's link with this id. Whether it has a row is for {@link ofKpi} to tell, beside other reads. */
  async find(tenantId: string, linkId: string): Promise<CandidateLink | undefined> {
    const [link] = await this.read([linkId]);
    if (link) return link.kpi.tenantId === tenantId ? { id: link.id, kpi: link.kpi, known: [link] } : undefined;
    const [kpi] = await this.linklessKpis(tenantId, (kpiId) => personalLinkId(kpiId) === linkId);
    return kpi && { id: linkId, kpi, known: [] };
  }

  /** All links of the KPI that have rows. The index may not list links yet that the caller has read: pass them as `known`. */
  async ofKpi(kpi: KpiKey, known: readonly OldLink[] = []): Promise<FoundLink[]> {
    const knownIds = new Set(known.map(({ id }) => id));
    const others = (await this.#tables.queryLinkIds('kpi-index', kpi.kpiId)).filter((id) => !knownIds.has(id));
    const links = [...known, ...(await this.read(others))];
    const real = await this.mapped(links.filter((link) => kpiIdentity(link.kpi) === kpiIdentity(kpi)));
    if (real.length > 0 || this.#heldRecords === 'hold') return real;
    const linkedAt = textOf(await this.personalRow(kpi), 'linked_at');
    return linkedAt === undefined ? [] : [{ id: personalLinkId(kpi.kpiId), linkedAt, kpi, isPersonal: true }];
  }

  /** Those of the links that have rows: whether a link's person can be a key is known only by the look-ups. */
  async mapped(links: readonly OldLink[]): Promise<FoundLink[]> {
    const rows = await Promise.all(links.map((link) => this.rowOf(link)));
    return links.filter((_, at) => rows[at] !== undefined).map(foundLink);
  }

  /**
   * The row of a KPI's personal link; the caller has checked that the KPI has no other link. It reads all of the KPI's
   * records, because the earliest instant need not be the first date as text.
   */
  async personalRow(kpi: KpiKey): Promise<Item | undefined> {
    const dates = await this.#recordDates(kpi);
    return (await answerLater(demandOfPersonalLink(kpi, dates), this.#lookUps))?.row;
  }

  /** The tenant's KPIs with records but no link, among those wanted; none if such records are held. */
  async linklessKpis(tenantId: string, isWanted: (kpiId: string) => boolean): Promise<KpiKey[]> {
    if (this.#heldRecords === 'hold') return [];
    const wanted = await Promise.all(
      RECORD_SOURCES.map(async (source) =>
        (await this.#tables.queryRecordIdsOfTenant(source, tenantId)).map((id) => ({ source, id })),
      ),
    );
    const records = [...(await this.#tables.readRecords(wanted.flat())).values()].flatMap(
      (items) => recordIn(items)?.kpi ?? [],
    );
    const kpis = distinctKpis(records.filter((kpi) => kpi.tenantId === tenantId && isWanted(kpi.kpiId)));
    const linkIds = await this.#tables.queryLinkIds('tenant-index', tenantId);
    const linked = new Set((await this.mapped(await this.read(linkIds))).map((link) => kpiIdentity(link.kpi)));
    return kpis.filter((kpi) => !linked.has(kpiIdentity(kpi)));
  }

  async #recordDates(kpi: KpiKey): Promise<string[]> {
    const entries = await Promise.all(RECORD_SOURCES.map((source) => allEntries(this.#tables, source, kpi.kpiId)));
    const items = await this.#tables.readRecords(entries.flat());
    return [...items.values()].flatMap((each) => {
      const record = recordIn(each);
      return record && kpiIdentity(record.kpi) === kpiIdentity(kpi) ? [record.date] : [];
    });
  }
}

function foundLink(link: OldLink): FoundLink {
  return { id: link.id, linkedAt: link.linkedAt, kpi: link.kpi };
}

const LISTING_LIMIT = 1_000;

/** All records of the KPI in one table, of any tenant. */
export function allEntries(tables: OldReads, source: RecordSource, kpiId: string): Promise<RecordEntry[]> {
  return Array.fromAsync(entriesOf(tables, source, kpiId, {}, 'oldest-first', LISTING_LIMIT));
}
