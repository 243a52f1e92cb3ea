import { personalLinkId } from '../../migration/ids.ts';
import type { OldLink } from '../../migration/old-records.ts';
import type { Item } from '../../model/attribute-value.ts';
import type { HeldRecords, KpiKey } from '../../model/kpi.ts';
import type { OldReads } from '../../tables/old/old-reads.ts';
import { compareUtf8 } from '../position.ts';
import type { KpiQuery, ReadRequest, ReadSide, RowPage } from '../query.ts';
import { oldDataById, oldDataOfLink } from './old-data.ts';
import { OldLinks } from './old-links.ts';
import { type PositionedRow, positionedLink, takePage } from './ordered-page.ts';

type LinksQuery = Extract<KpiQuery, { kind: `links-${string}` }>;

/**
 * Answers from the old tables, by the mapping that fills the new ones, so quarantined and held items have no row.
 *
 * @param heldRecords the setting that replication runs with.
 */
export function oldSide(tables: OldReads, heldRecords: HeldRecords): ReadSide {
  return {
    async read(request) {
      const links = new OldLinks(tables, heldRecords);
      const { query } = request;
      switch (query.kind) {
        case 'link-by-id':
          return single(await linkById(links, query.tenantId, query.linkId));
        case 'data-by-id':
          return single(await oldDataById(tables, links, query));
        case 'data-of-link':
          return oldDataOfLink(tables, links, query, request);
        default:
          return takePage(linkRows(tables, links, query, request), { ...request, order: 'oldest-first' });
      }
    },
  };
}

function single(row: Item | undefined): RowPage {
  return { rows: row ? [row] : [] };
}

async function linkById(links: OldLinks, tenantId: string, linkId: string): Promise<Item | undefined> {
  const [link] = await links.read([linkId]);
  if (link) return link.kpi.tenantId === tenantId ? links.rowOf(link) : undefined;
  const [kpi] = await links.linklessKpis(tenantId, (kpiId) => personalLinkId(kpiId) === linkId);
  return kpi && links.personalRow(kpi);
}

/** A link that may be listed: a GoalKpiLink, or the personal link of a KPI that has none. */
interface LinkEntry {
  readonly id: string;
  readonly personalOf?: KpiKey;
}

/** The rows of a listing by id. It reads and maps only as many as the page needs. */
async function* linkRows(
  tables: OldReads,
  links: OldLinks,
  query: LinksQuery,
  request: ReadRequest,
): AsyncGenerator<PositionedRow> {
  const { after } = request;
  const entries = (await listEntries(tables, links, query))
    .filter(({ id }) => after === undefined || compareUtf8(id, after.id) > 0)
    .sort((left, right) => compareUtf8(left.id, right.id));
  const size = request.limit + 1;
  for (let start = 0; start < entries.length; start += size) {
    const part = entries.slice(start, start + size);
    const real = await links.read(part.filter(({ personalOf }) => !personalOf).map(({ id }) => id));
    const realById = new Map(real.filter((link) => isListed(link, query)).map((link) => [link.id, link]));
    const rows = await Promise.all(
      part.map(({ id, personalOf }) => {
        const link = realById.get(id);
        if (link) return links.rowOf(link);
        return personalOf && links.personalRow(personalOf);
      }),
    );
    for (const row of rows) {
      if (row) yield positionedLink(row);
    }
  }
}

async function listEntries(tables: OldReads, links: OldLinks, query: LinksQuery): Promise<LinkEntry[]> {
  const toEntry = (id: string): LinkEntry => ({ id });
  const toPersonal = (kpi: KpiKey): LinkEntry => ({ id: personalLinkId(kpi.kpiId), personalOf: kpi });
  switch (query.kind) {
    case 'links-by-goal':
      return (await tables.queryLinkIds('goal-index', query.id)).map(toEntry);
    case 'links-by-kpi': {
      const kpi = { tenantId: query.tenantId, kpiId: query.id };
      return (await links.ofKpi(kpi)).map(({ id, isPersonal }) => (isPersonal ? toPersonal(kpi) : toEntry(id)));
    }
    default: {
      const linkless = await links.linklessKpis(query.tenantId, () => true);
      return [...(await tables.queryLinkIds('tenant-index', query.tenantId)).map(toEntry), ...linkless.map(toPersonal)];
    }
  }
}

/** Whether the link, as it is now, still matches the query: the index may be behind. */
function isListed(link: OldLink, query: LinksQuery): boolean {
  if (link.kpi.tenantId !== query.tenantId) return false;
  if (query.kind === 'links-by-kpi') return link.kpi.kpiId === query.id;
  return query.kind === 'links-by-tenant' || link.goalId === query.id;
}
