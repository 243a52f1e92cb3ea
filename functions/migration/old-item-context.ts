import { type Item, textOf } from '../model/attribute-value.ts';
import { kpiIdOf, type Source, tenantOf } from './sources.ts';
import { OLD_TABLE_OF, TABLES } from './tables.ts';

/** Whose an old item is, and of when, for a person who looks for it. What it lacks, or has in another type, is absent. */
export interface OldItemContext {
  readonly tenantId?: string;
  readonly kpiId?: string;
  /** Of a link, when it was linked. */
  readonly date?: string;
}

/** Pure. */
export function contextOfItem(source: Source, item: Item): OldItemContext {
  const [tenantId, kpiId, date] = [tenantOf(item), kpiIdOf(item), textOf(item, dateAttributeOf(source))];
  return {
    ...(tenantId !== undefined && { tenantId }),
    ...(kpiId !== undefined && { kpiId }),
    ...(date !== undefined && { date }),
  };
}

/** The records of a KPI are listed by their date. */
function dateAttributeOf(source: Source): string {
  return source === 'links' ? 'linked_at' : TABLES[OLD_TABLE_OF[source]].indexes['kpi-index'][1];
}
