import { validate, version } from 'uuid';
import { demandOfRecord, type RecordItems, recordIn, sourcesIn } from '../../migration/demand.ts';
import { fanOutRowId } from '../../migration/ids.ts';
import type { OldRecord } from '../../migration/old-records.ts';
import { RECORD_SOURCES, type RecordSource } from '../../migration/sources.ts';
import { type Item, textOf } from '../../model/attribute-value.ts';
import { type KpiKey, kpiIdentity } from '../../model/kpi.ts';
import type { OldReads, RecordEntry } from '../../tables/old/old-reads.ts';
import { isInRange, rangeToRead } from '../date-range.ts';
import { compareTexts, compareUtf8 } from '../position.ts';
import type { DataByIdQuery, DataOfLinkQuery, ReadRequest, RowPage } from '../query.ts';
import { allEntries, type FoundLink, type OldLinks } from './old-links.ts';
import { type PositionedRow, positionedData, sorted, takePage } from './ordered-page.ts';
import { entryChunks } from './record-entries.ts';

/** The tables behind each category, and its only subtype (tables.md, "The mapping"). */
const SOURCES_OF = {
  Target: { subtype: 'Expected', sources: ['milestones'] },
  Actual: { subtype: 'Measured', sources: ['actuals', 'readings'] },
} as const satisfies Record<string, { subtype: string; sources: readonly RecordSource[] }>;

/** The KpiData row with this id, derived from the old tables. */
export async function oldDataById(tables: OldReads, links: OldLinks, query: DataByIdQuery): Promise<Item | undefined> {
  const items = (await tables.readRecords([{ source: 'readings', id: query.dataId }])).get(query.dataId);
  if (items !== undefined) {
    const record = recordIn(items);
    if (record?.kpi.tenantId !== query.tenantId) return undefined;
    const [anchorRow] = rowsOf(items, record.kpi, await links.ofKpi(record.kpi));
    return isOfLink(anchorRow, query) ? anchorRow : undefined;
  }
  if (!isGeneratedId(query.dataId)) return undefined;
  for (const { kpi, linksOfKpi } of await candidates(tables, links, query)) {
    const row = await findFanOutRow(tables, query, kpi, linksOfKpi);
    if (row) return row;
  }
  return undefined;
}

/** A link's rows by date, derived from the old tables. */
export async function oldDataOfLink(
  tables: OldReads,
  links: OldLinks,
  query: DataOfLinkQuery,
  request: ReadRequest,
): Promise<RowPage> {
  const range = rangeToRead(query, request.after);
  const sources = sourcesOf(query);
  if (range === undefined || sources.length === 0) return { rows: [] };
  const link = await links.find(query.tenantId, query.linkId);
  if (link === undefined) return { rows: [] };
  const linksRead = links.ofKpi(link.kpi, link.known);
  // Awaited together with the records. If those fail first, nobody else would handle this one's rejection.
  linksRead.catch(() => {});

  const load = async (entries: readonly RecordEntry[]): Promise<PositionedRow[]> => {
    const [records, linksOfKpi] = await Promise.all([tables.readRecords(entries), linksRead]);
    return entries.flatMap((entry): PositionedRow[] => {
      // If the id belongs to a record of another table, that record has an entry of its own.
      const items = records.get(entry.id);
      if (items === undefined || sourcesIn(items)[0] !== entry.source) return [];
      const row = rowsOf(items, link.kpi, linksOfKpi).find((each) => textOf(each, 'kpi_link_id') === link.id);
      return row ? [positionedData(row)] : [];
    });
  };

  const isBeyond = (date: string, other: string) => compareTexts(date, other, query.order) > 0;
  const rows = async function* (): AsyncGenerator<PositionedRow> {
    const seen = new Set<string>();
    let ahead: PositionedRow[] = [];
    let passed: string | undefined;
    const chunks = entryChunks(tables, sources, link.kpi.kpiId, range, query.order, request.limit + 1);
    for await (const { entries, through } of chunks) {
      const fresh = entries.filter(({ source, id }) => !seen.has(`${source}/${id}`));
      for (const { source, id } of fresh) seen.add(`${source}/${id}`);
      // The base item's date may have changed since the index was updated. Its row then belongs to the new date.
      const loaded = (await load(fresh)).filter(
        ({ position: { sort } }) => isInRange(sort, range) && (passed === undefined || isBeyond(sort, passed)),
      );
      const all = sorted([...ahead, ...loaded], query.order);
      const isReady = ({ position: { sort } }: PositionedRow) => through === undefined || !isBeyond(sort, through);
      yield* all.filter(isReady);
      ahead = all.filter((each) => !isReady(each));
      passed = through;
    }
  };
  return takePage(rows(), { ...request, order: query.order });
}

function sourcesOf(query: DataOfLinkQuery): readonly RecordSource[] {
  if (query.category === undefined) return RECORD_SOURCES;
  const { subtype, sources } = SOURCES_OF[query.category];
  return query.subtype === undefined || query.subtype === subtype ? sources : [];
}

/** The rows of one id's items under a KPI's links, the anchor's first. */
function rowsOf(items: RecordItems, kpi: KpiKey, linksOfKpi: readonly FoundLink[]): readonly Item[] {
  const [owner] = sourcesIn(items);
  const isOfKpi = (record: OldRecord) => kpiIdentity(record.kpi) === kpiIdentity(kpi);
  const demand = owner && demandOfRecord(owner, items, (record) => (isOfKpi(record) ? linksOfKpi : []));
  return demand?.kind === 'mapped' ? demand.rows : [];
}

function isOfLink(row: Item | undefined, query: DataByIdQuery): boolean {
  return query.linkId === undefined || textOf(row, 'kpi_link_id') === query.linkId;
}

const GENERATED_ID_VERSION = 5;

/** Whether the migration can have generated the id (tables.md, "Ids"). Any other id without a record has no row. */
function isGeneratedId(id: string): boolean {
  return validate(id) && version(id) === GENERATED_ID_VERSION;
}

/**
 * The KPIs that a generated id may belong to. The id is a hash and names neither record nor link, so either the caller
 * names the link, or every KPI of the tenant with several links is tried.
 */
async function candidates(tables: OldReads, links: OldLinks, query: DataByIdQuery) {
  let found: readonly FoundLink[];
  if (query.linkId === undefined) {
    const ids = await tables.queryLinkIds('tenant-index', query.tenantId);
    found = (await links.mapped(await links.read(ids))).filter(({ kpi }) => kpi.tenantId === query.tenantId);
  } else {
    const link = await links.find(query.tenantId, query.linkId);
    found = link ? await links.ofKpi(link.kpi, link.known) : [];
  }
  return [...Map.groupBy(found, ({ kpi }) => kpiIdentity(kpi)).values()]
    .flatMap((linksOfKpi) => {
      const [first, second] = linksOfKpi;
      return first && second ? [{ kpi: first.kpi, linksOfKpi }] : [];
    })
    .sort((left, right) => compareUtf8(left.kpi.kpiId, right.kpi.kpiId));
}

async function findFanOutRow(
  tables: OldReads,
  query: DataByIdQuery,
  kpi: KpiKey,
  linksOfKpi: readonly FoundLink[],
): Promise<Item | undefined> {
  const linkIds = query.linkId === undefined ? linksOfKpi.map(({ id }) => id) : [query.linkId];
  for (const source of RECORD_SOURCES) {
    const entries = await allEntries(tables, source, kpi.kpiId);
    const entry = entries.find(({ id }) => linkIds.some((linkId) => fanOutRowId(id, linkId) === query.dataId));
    if (entry === undefined) continue;
    const items = (await tables.readRecords([{ source: 'readings', id: entry.id }])).get(entry.id);
    const row = items && rowsOf(items, kpi, linksOfKpi).find((each) => textOf(each, 'id') === query.dataId);
    if (row) return row;
  }
  return undefined;
}
