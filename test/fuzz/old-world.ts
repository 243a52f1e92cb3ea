import type { Environment } from '../../backfill/environment.ts';
import { type ExpectedRows, expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import { RECORD_SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableRole } from '../../functions/migration/tables.ts';
import type { HeldRecords } from '../../functions/model/kpi.ts';
import { SKETCHED_TABLES, type SketchedTable } from './sketch.ts';
import { Violation } from './violation.ts';
import type { Wire, WireItem } from './wire.ts';
import { itemText, toItem } from './wire-form.ts';

/** The table's role: sources have names of their own. */
export function roleOf(table: SketchedTable): TableRole {
  return table === 'kpis' || table === 'people' ? table : OLD_TABLE_OF[table];
}

/** What the old tables hold, as they say themselves, and what of it the new ones are to hold. */
export interface OldWorld {
  readonly stored: Readonly<Record<SketchedTable, readonly WireItem[]>>;
  readonly expected: ExpectedRows;
}

export async function readOldWorld(wire: Wire, { settings }: Environment): Promise<OldWorld> {
  const stored = {} as Record<SketchedTable, WireItem[]>;
  for (const table of SKETCHED_TABLES) stored[table] = await wire.scan(settings.tables[roleOf(table)]);
  return oldWorldOf(stored, settings.heldRecords);
}

/** @throws Violation where the mapping itself loses something. */
export function oldWorldOf(stored: OldWorld['stored'], heldRecords: HeldRecords): OldWorld {
  const expected = expectedRows(contentOf(stored), heldRecords);
  requireAccounted(stored, expected);
  return { stored, expected };
}

export function contentOf(stored: OldWorld['stored']): OldContent {
  return Object.fromEntries(
    SKETCHED_TABLES.map((table) => [table, stored[table].map(toItem)]),
  ) as unknown as OldContent;
}

/** Every item of the tables by table and id, as one text each. */
export function storedTexts({ stored }: Pick<OldWorld, 'stored'>): Map<string, string> {
  return new Map(
    SKETCHED_TABLES.flatMap((table) =>
      stored[table].map((item) => [`${table} ${idOf(item)}`, itemText(item)] as const),
    ),
  );
}

export function idOf(item: WireItem): string {
  const { id } = item;
  return id !== undefined && 'S' in id ? id.S : '';
}

/**
 * The mapping itself loses nothing: each item is one of the three, a record has a row for each link of its KPI, and no two
 * rows have one id, which would make one of them go without a trace.
 */
export function requireAccounted(stored: OldWorld['stored'], expected: ExpectedRows): void {
  const problems: string[] = [];
  const held = new Set(expected.held.map(placeOf));
  const quarantined = new Set(expected.quarantined.map(placeOf));
  const isRefused = (source: Source, item: WireItem) => quarantined.has(placeOf({ source, id: idOf(item) }));
  const links = stored.links.filter((item) => !isRefused('links', item));
  const linksOfKpi = Map.groupBy(links, kpiOf);
  const ownLinks = new Set<string>();
  let rows = 0;
  for (const source of RECORD_SOURCES) {
    for (const item of stored[source]) {
      const place = placeOf({ source, id: idOf(item) });
      const count = linksOfKpi.get(kpiOf(item))?.length ?? 0;
      if (held.has(place) && (quarantined.has(place) || count > 0)) problems.push(`${place} is held, and is not`);
      if (held.has(place) || quarantined.has(place)) continue;
      if (!expected.kpiData.has(idOf(item))) problems.push(`${place} is nothing`);
      if (count === 0) ownLinks.add(kpiOf(item));
      rows += Math.max(count, 1);
    }
  }
  if (rows !== expected.kpiData.size) problems.push(`${rows} KpiData rows have ${expected.kpiData.size} ids`);
  const linkRows = links.length + ownLinks.size;
  if (linkRows !== expected.kpiLinks.size) problems.push(`${linkRows} KpiLink rows have ${expected.kpiLinks.size} ids`);
  if (problems.length > 0) {
    throw new Violation('every old item is a row, held or in quarantine', problems.slice(0, 5).join('; '));
  }
}

function placeOf({ source, id }: { readonly source: string; readonly id: string }): string {
  return JSON.stringify([source, id]);
}

function kpiOf(item: WireItem): string {
  return JSON.stringify([item.tenant_id, item.kpi_id]);
}
