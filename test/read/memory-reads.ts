import type { ExpectedRows, OldContent } from '../../functions/migration/expected.ts';
import { DATE_ATTRIBUTE_OF } from '../../functions/migration/old-records.ts';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { LINK_LISTING, OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import {
  idsOfBatches,
  isAskedFor,
  isPartitionAsked,
  keysOfBatches,
} from '../../functions/tables/dynamo/memory-requests.ts';
import type { NewReads, SortedRange } from '../../functions/tables/new/new-reads.ts';
import type { OldReads, RecordEntry } from '../../functions/tables/old/old-reads.ts';
import type { Page } from '../../functions/tables/old/old-tables.ts';

const DATA_INDEX_KEY = {
  'kpi-link-index': 'kpi_link_id',
  'kpi-link-category-index': 'kpi_link_category_key',
  'target-subtype-index': 'target_key',
} as const;

/** Old tables in memory, which refuse what DynamoDB would refuse. Indexes may lag: `indexed` is the content that they were last brought up to date with. */
export function memoryOldReads(content: OldContent, indexed: OldContent = content): OldReads {
  const byId = (items: readonly Item[]) => new Map(items.map((item) => [textOf(item, 'id') ?? '', item]));
  const [links, kpis] = [byId(content.links), byId(content.kpis)];
  const records = RECORD_SOURCES.map((source) => byId(content[source]));
  return {
    readKpi: async (id) => (isAskedFor('kpis', { id: { S: id } }) ? kpis.get(id) : undefined),
    queryPeople: async (userId) =>
      isPartitionAsked('people', 'linked-user-index', userId)
        ? content.people.filter((item) => textOf(item, 'linked_user_id') === userId)
        : [],
    async readLinks(ids) {
      const asked = idsOfBatches('goalKpiLinks', ids);
      return new Map(asked.flatMap((id) => (links.has(id) ? [[id, links.get(id) as Item] as const] : [])));
    },
    async readRecords(wanted) {
      keysOfBatches(wanted.map(({ source, id }) => ({ table: OLD_TABLE_OF[source], key: { id: { S: id } } })));
      const found = new Map<string, Record<string, Item>>();
      for (const { source, id } of wanted) {
        for (const [at, earlier] of RECORD_SOURCES.slice(0, RECORD_SOURCES.indexOf(source) + 1).entries()) {
          const item = records[at]?.get(id);
          if (item) found.set(id, { ...found.get(id), [earlier]: item });
        }
      }
      return found;
    },
    queryLinkIds: async (index, key) =>
      isPartitionAsked('goalKpiLinks', index, key)
        ? indexed.links
            .filter((item) => textOf(item, LINK_LISTING[index].attribute) === key)
            .map((item) => textOf(item, 'id') ?? '')
        : [],
    async queryRecords(source, kpiId, range, cursor) {
      if (!isPartitionAsked(OLD_TABLE_OF[source], 'kpi-index', kpiId, boundsOf(range))) return { items: [] };
      const entries = indexed[source].flatMap((item): RecordEntry[] => {
        const date = textOf(item, DATE_ATTRIBUTE_OF[source]);
        return textOf(item, 'kpi_id') === kpiId && date !== undefined
          ? [{ source, id: textOf(item, 'id') ?? '', date }]
          : [];
      });
      return pageOf(entries, ({ date }) => date, range, cursor);
    },
    queryRecordIdsOfTenant: async (source, tenantId) =>
      isPartitionAsked(OLD_TABLE_OF[source], 'tenant-index', tenantId)
        ? indexed[source]
            .filter((item) => textOf(item, 'tenant_id') === tenantId)
            .map((item) => textOf(item, 'id') ?? '')
        : [],
  };
}

/** New tables in memory, holding what the mapping says, which refuse what DynamoDB would refuse. */
export function memoryNewReads(rows: Pick<ExpectedRows, 'kpiLinks' | 'kpiData'>): NewReads {
  return {
    getLink: async (id) => (isAskedFor('kpiLinks', { id: { S: id } }) ? rows.kpiLinks.get(id) : undefined),
    getData: async (id) => (isAskedFor('kpiData', { id: { S: id } }) ? rows.kpiData.get(id) : undefined),
    queryLinks: async (index, key, tenantId) =>
      isPartitionAsked('kpiLinks', index, key)
        ? [...rows.kpiLinks.values()].filter(
            (row) => textOf(row, LINK_LISTING[index].attribute) === key && textOf(row, 'tenant_id') === tenantId,
          )
        : [],
    async queryData(index, key, tenantId, range, cursor) {
      if (!isPartitionAsked('kpiData', index, key, boundsOf(range))) return { items: [] };
      const found = [...rows.kpiData.values()].filter(
        (row) => textOf(row, DATA_INDEX_KEY[index]) === key && textOf(row, 'tenant_id') === tenantId,
      );
      return pageOf(found, (row) => textOf(row, 'post_date') ?? '', range, cursor);
    },
  };
}

function boundsOf({ from, to, limit }: SortedRange) {
  return {
    ...(from !== undefined && { from: { S: from } }),
    ...(to !== undefined && { to: { S: to } }),
    limit,
  };
}

/** A page in the order of the index; equal keys in an order that is nobody's. */
function pageOf<T>(items: readonly T[], keyOf: (item: T) => string, range: SortedRange, cursor?: Item): Page<T> {
  const compare = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
  const sorted = items
    .filter((item) => range.from === undefined || compare(keyOf(item), range.from) >= 0)
    .filter((item) => range.to === undefined || compare(keyOf(item), range.to) <= 0)
    .sort((left, right) => compare(keyOf(left), keyOf(right)) * (range.descending ? -1 : 1));
  const start = cursor?.at !== undefined && 'N' in cursor.at ? Number(cursor.at.N) : 0;
  const end = start + range.limit;
  return {
    items: sorted.slice(start, end),
    ...(end < sorted.length && { cursor: { at: { N: String(end) } } }),
  };
}
