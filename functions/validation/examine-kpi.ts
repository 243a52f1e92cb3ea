import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import { demandOfRecord, personalLinkOf, personForKpi, type RecordItems, sourcesIn } from '../model/demand.ts';
import { answerLater } from '../model/look-ups.ts';
import type { OldRecord } from '../model/old-records.ts';
import {
  type HeldRecords,
  type KpiKey,
  kpiIdentity,
  kpiKeyOf,
  type LinkReference,
  NO_KPI,
  RECORD_SOURCES,
  type RecordSource,
} from '../model/sources.ts';
import { attempt, valuesOf } from '../tables/dynamo/attempt.ts';
import { OLD_TABLE_OF } from '../tables/table-names.ts';
import type { ValidationReads } from '../tables/validation-reads.ts';
import { examineLinks, listAll, readApart } from './examine-links.ts';
import { rowsExpectedOf } from './expectation.ts';
import { CLASS_OF, classOfRow, compareRows, type Finding } from './findings.ts';
import { type RefusedItems, refusalOf } from './refused-items.ts';
import { type Unexamined, unexaminedItem } from './unexamined.ts';

/** For a personal link whose date does not matter: no row of a record depends on it. */
export const UNDATED = [''];

/** Records whose rows are compared at once. */
const RECORDS_PAGE = 100;

/** A record that is quarantined because an earlier table has its id, and that a scan, which cannot know it, took for one with rows or held. */
export interface Collision {
  readonly source: RecordSource;
  readonly id: string;
  readonly kpi: KpiKey;
  /** Rows that the scan expected for it; none where it took it for held. */
  readonly rowsExpected: number;
  /** Whether the scan expected the KPI's personal link only for such records; said by one of them. */
  readonly alsoPersonalLink?: boolean;
}

/** A KPI looked at row by row. */
export interface Examination {
  readonly findings: readonly Finding[];
  readonly collisions: readonly Omit<Collision, 'kpi'>[];
  /** Rows that were there or should have been. */
  readonly rows: number;
  /** Items of the KPI that could not be compared. */
  readonly unexamined: readonly Unexamined[];
}

/** How a KPI is looked at. */
export interface Examiner {
  readonly reads: ValidationReads;
  readonly heldRecords: HeldRecords;
}

/** An examiner who knows which items have no rows because the store refused them. */
export interface InformedExaminer extends Examiner {
  readonly refused: RefusedItems;
}

/**
 * Compares all rows of a KPI, both sides read strongly, the old one first. What the indexes do not have yet is missed on
 * both sides, or shows as a difference that goes at the next look. Only ids are kept of the rows, and the findings.
 *
 * @param knownLinkIds links that a scan has met under this KPI.
 */
export async function examineKpi(
  { reads, heldRecords, refused }: InformedExaminer,
  kpi: KpiKey,
  knownLinkIds: readonly string[],
): Promise<Examination> {
  if (kpiIdentity(kpi) === kpiIdentity(NO_KPI)) return { findings: [], collisions: [], rows: 0, unexamined: [] };
  const links = await examineLinks(reads, kpi, knownLinkIds, refused);
  const personId = heldRecords === 'hold' ? undefined : await personNow(reads, kpi, links.kpiItem);
  const personal = personalLinkOf(kpi, personId, UNDATED);
  const inForce: readonly LinkReference[] = links.inForce.length === 0 && personal ? [personal] : links.inForce;
  const comparison = new RecordComparison(reads, kpi, inForce, refused);

  for (const source of RECORD_SOURCES) {
    const ids = await listAll(reads, OLD_TABLE_OF[source], 'kpi_id', kpi.kpiId);
    for (let start = 0; start < ids.length; start += RECORDS_PAGE) {
      await comparison.add(ids.slice(start, start + RECORDS_PAGE));
    }
  }
  await comparison.addUnexpected([...new Set([...links.ids, ...(personal ? [personal.id] : [])])]);

  const findings = [...links.findings, ...comparison.findings];
  const unexamined = [...links.unexamined, ...comparison.unexamined];
  const surplus = findings.filter(({ kind }) => kind === 'extra').length;
  const rows = inForce.length + comparison.expectedRows + surplus;
  if (links.inForce.length === 0 && personal) {
    const dated = personalLinkOf(kpi, personId, comparison.dates);
    const own = await comparePersonalLink(reads, kpi, personal.id, dated?.row);
    const [first, ...others] = comparison.collisions;
    const collisions =
      first && dated === undefined ? [{ ...first, alsoPersonalLink: true }, ...others] : comparison.collisions;
    return { collisions, rows, unexamined, findings: replaced(findings, personal.id, own) };
  }
  return { collisions: comparison.collisions, rows, unexamined, findings };
}

/** The person whom the KPI's personal link would name, by the KPI's item. */
export function personNow(reads: ValidationReads, kpi: KpiKey, kpiItem: Item | undefined): Promise<string | undefined> {
  const queryPeople = (userId: string) => reads.listPeople(userId);
  return answerLater(personForKpi(kpi), { readKpi: () => kpiItem, queryPeople });
}

/** The KPI's personal link has no old link that demands it, so the links' comparison takes it for an extra row. */
function replaced(findings: readonly Finding[], personalId: string, own: Finding | undefined): Finding[] {
  const others = findings.filter((finding) => finding.table !== 'kpiLinks' || finding.id !== personalId);
  return own ? [...others, own] : others;
}

async function comparePersonalLink(
  reads: ValidationReads,
  kpi: KpiKey,
  id: string,
  expected: Item | undefined,
): Promise<Finding | undefined> {
  const found = (await reads.readItems('kpiLinks', [id])).get(id);
  // The id is made of the KPI's id alone: another tenant's KPI of that id may have the row.
  if (expected === undefined && textOf(found, 'tenant_id') !== kpi.tenantId) return undefined;
  return compareRows({ table: 'kpiLinks', id, rowClass: 'links', kpi }, expected, found);
}

/** The rows of one KPI's records, compared as the records are listed. */
class RecordComparison {
  readonly findings: Finding[] = [];
  readonly dates: string[] = [];
  readonly collisions: Omit<Collision, 'kpi'>[] = [];
  readonly unexamined: Unexamined[] = [];
  readonly #seen = new Set<string>();
  readonly #expectedIds = new Set<string>();
  readonly #reads: ValidationReads;
  readonly #kpi: KpiKey;
  readonly #inForce: readonly LinkReference[];
  readonly #refused: RefusedItems;

  constructor(reads: ValidationReads, kpi: KpiKey, inForce: readonly LinkReference[], refused: RefusedItems) {
    this.#reads = reads;
    this.#kpi = kpi;
    this.#inForce = inForce;
    this.#refused = refused;
  }

  get expectedRows(): number {
    return this.#expectedIds.size;
  }

  /** Compares the rows that the records with these ids demand. */
  async add(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => !this.#seen.has(id));
    for (const id of fresh) this.#seen.add(id);
    if (fresh.length === 0) return;
    const bySource = new Map<RecordSource, ReadonlyMap<string, Item>>();
    const unread = new Set<string>();
    for (const source of RECORD_SOURCES) {
      const read = await readApart(this.#reads, OLD_TABLE_OF[source], fresh, this.unexamined);
      bySource.set(source, read.items);
      for (const id of read.unread) unread.add(id);
    }
    const demanded = [...new Set(fresh).difference(unread)].flatMap((id) => {
      const items = Object.fromEntries(
        RECORD_SOURCES.flatMap((source) => {
          const item = bySource.get(source)?.get(id);
          return item ? [[source, item]] : [];
        }),
      ) as RecordItems;
      const rows = attempt(() => this.#rowsOf(id, items));
      if ('error' in rows) this.unexamined.push(unexaminedItem(sourcesIn(items)[0] ?? 'records', id, rows.error));
      return valuesOf([rows]).flat();
    });
    const rowIds = demanded.map(({ rowId }) => rowId);
    const found = await readApart(this.#reads, 'kpiData', rowIds, this.unexamined);
    for (const { rowId, row, source, recordId } of demanded) {
      this.#expectedIds.add(rowId);
      if (found.unread.has(rowId)) continue;
      const about = {
        table: 'kpiData',
        id: rowId,
        rowClass: CLASS_OF[source],
        kpi: this.#kpi,
        demandedBy: { source, id: recordId },
      } as const;
      this.#note(compareRows(about, row, found.items.get(rowId)));
    }
  }

  /** Finds the rows under these links that no record demands. */
  async addUnexpected(linkIds: readonly string[]): Promise<void> {
    for (const linkId of linkIds) {
      const listed = await listAll(this.#reads, 'kpiData', 'kpi_link_id', linkId);
      for (let start = 0; start < listed.length; start += RECORDS_PAGE) {
        const unexpected = listed.slice(start, start + RECORDS_PAGE).filter((id) => !this.#expectedIds.has(id));
        if (unexpected.length > 0) await this.#addUnexpectedPage(linkId, unexpected);
      }
    }
  }

  async #addUnexpectedPage(linkId: string, ids: readonly string[]): Promise<void> {
    // Their records may be too new for the index of their own table.
    await this.add(ids);
    const found = await readApart(this.#reads, 'kpiData', ids, this.unexamined);
    const orphan = !this.#inForce.some((link) => link.id === linkId);
    for (const [id, row] of found.items) {
      if (this.#expectedIds.has(id) || textOf(row, 'kpi_link_id') !== linkId) continue;
      const about = { table: 'kpiData', id, rowClass: classOfRow(row), kpi: this.#kpi, orphan } as const;
      this.#note(compareRows(about, undefined, row));
    }
  }

  #rowsOf(id: string, items: RecordItems) {
    const [owner, ...others] = sourcesIn(items);
    for (const source of others) {
      const item = items[source];
      if (item === undefined || !this.#isOfKpi(kpiKeyOf(item))) continue;
      const rowsExpected = rowsExpectedOf(source, item, this.#inForce);
      if (rowsExpected !== undefined) this.collisions.push({ source, id, rowsExpected });
    }
    const item = owner && items[owner];
    if (owner === undefined || item === undefined) return [];
    const demanded = () => demandOfRecord(owner, items, (record) => this.#linksOf(record));
    // A refused record need not even be parsed; where it can be, its date counts for its KPI's personal link.
    if (refusalOf(this.#refused, owner, item)) attempt(demanded);
    const demand = refusalOf(this.#refused, owner, item) ? undefined : demanded();
    if (demand?.kind !== 'mapped') return [];
    return demand.rows.map((row) => ({ rowId: idOf(row), row, source: owner, recordId: id }));
  }

  /** A record of another KPI is for that one to compare: it has no rows here. */
  #linksOf(record: OldRecord): readonly LinkReference[] {
    if (!this.#isOfKpi(record.kpi)) return [];
    this.dates.push(record.date);
    return this.#inForce;
  }

  #isOfKpi(kpi: KpiKey): boolean {
    return kpiIdentity(kpi) === kpiIdentity(this.#kpi);
  }

  #note(finding: Finding | undefined): void {
    if (finding) this.findings.push(finding);
  }
}
