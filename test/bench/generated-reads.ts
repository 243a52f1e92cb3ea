import { expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { ReadTable, ValidationReads } from '../../functions/tables/validation-reads.ts';
import { generatedContent } from './generated-content.ts';

/** KPIs whose items make one page of a scan. */
const KPIS_OF_PAGE = 5;

/**
 * Both sides of so many KPIs, made page by page as they are scanned and kept nowhere: what memory a validation takes is its own. They agree, so
 * that nothing is read by its key.
 */
export function generatedReads(kpis: number, recordsOfKpi: number): ValidationReads {
  const none = async () => new Map<string, never>();
  return {
    async scan(table, { cursor }) {
      const from = Number((cursor?.id as { N: string } | undefined)?.N ?? 0);
      const to = Math.min(kpis, from + KPIS_OF_PAGE);
      const items = itemsOf(table, generatedContent(from, to, recordsOfKpi));
      return { items, ...(to < kpis && { cursor: { id: { N: String(to) } } }) };
    },
    readItems: none,
    listIds: async () => ({ items: [] }),
    listPeople: async () => [],
    listQuarantine: none,
    listRefused: async () => new Map(),
    readQuarantine: async () => undefined,
  };
}

function itemsOf(table: ReadTable, content: OldContent): Item[] {
  if (table === 'kpis' || table === 'people') return [...content[table]];
  if (table === 'kpiLinks' || table === 'kpiData') return [...expectedRows(content, 'hold')[table].values()];
  return SOURCES.filter((source) => OLD_TABLE_OF[source] === table).flatMap((source) => content[source]);
}
