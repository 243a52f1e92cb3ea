import type { Environment } from '../../backfill/environment.ts';
import type { QuarantineReason } from '../../functions/migration/quarantine-reason.ts';
import { toJson } from '../../functions/tables/control/packed-image.ts';
import { listQuarantine, readQuarantined } from '../../functions/tables/control/quarantine-entries.ts';
import { requireControlGroup } from './control-group.ts';
import { idOf, type OldWorld } from './old-world.ts';
import type { SketchedTable } from './sketch.ts';
import { mustFinish, requireSame, Violation } from './violation.ts';
import type { Wire, WireItem } from './wire.ts';
import { itemText, toWire } from './wire-form.ts';

/** All that the migration has written and a reader can see: rows by table and id, entries of quarantine by source and id. */
export interface NewWorld {
  readonly rows: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, string>;
}

/** Reads the new tables as they say themselves, and quarantine as the product shows it. */
export async function readNewWorld(wire: Wire, environment: Environment): Promise<NewWorld> {
  const { tables } = environment.settings;
  const kpiLinks = await wire.scan(tables.kpiLinks);
  const kpiData = await wire.scan(tables.kpiData);
  requireControlGroup(kpiLinks, kpiData);
  const texts = (table: string, rows: readonly WireItem[]) =>
    rows.map((row) => [`${table} ${idOf(row)}`, itemText(row)] as const);
  return {
    rows: new Map([...texts('kpiLinks', kpiLinks), ...texts('kpiData', kpiData)]),
    entries: await mustFinish('quarantine list', () => quarantineTexts(environment)),
  };
}

/** Each entry by what `quarantine show` tells of it. */
async function quarantineTexts({ client, settings, tables }: Environment): Promise<Map<string, string>> {
  const entries = new Map<string, string>();
  for await (const { source, id, reason } of listQuarantine(client, settings.tables)) {
    const found = await readQuarantined(tables.transactions, source, id);
    const image = found?.image && itemText(toJson(found.image) as WireItem);
    entries.set(`${source} ${id}`, `${reason.code} ${image ?? 'without its image'}`);
  }
  return entries;
}

/**
 * Rows are exactly those that the mapping demands, and quarantine holds what it refuses, to the last byte.
 *
 * @param mayLack the reason of entries that need not be there.
 */
export function requireMigrated(
  what: string,
  found: NewWorld,
  { stored, expected }: OldWorld,
  mayLack?: QuarantineReason['code'],
): void {
  const rows = new Map<string, string>();
  for (const [id, row] of expected.kpiLinks) rows.set(`kpiLinks ${id}`, itemText(toWire(row)));
  for (const [id, row] of expected.kpiData) rows.set(`kpiData ${id}`, itemText(toWire(row)));
  requireSame('rows are what the mapping says', what, rows, found.rows);
  const entries = new Map(
    expected.quarantined
      .filter(({ source, id, reason }) => reason.code !== mayLack || found.entries.has(`${source} ${id}`))
      .map(({ source, id, reason }) => [
        `${source} ${id}`,
        `${reason.code} ${itemText(storedItem(stored, source, id))}`,
      ]),
  );
  requireSame('quarantine holds what the mapping refuses, whole', what, entries, found.entries);
}

function storedItem(stored: OldWorld['stored'], table: SketchedTable, id: string): WireItem {
  const item = stored[table].find((each) => idOf(each) === id);
  if (item === undefined) throw new Violation('counts are right', `${table} has no item ${id} that is refused`);
  return item;
}

export function requireUnchanged(what: string, before: NewWorld, after: NewWorld): void {
  requireSame('what is repeated changes nothing', what, before.rows, after.rows);
  requireSame('what is repeated changes nothing', what, before.entries, after.entries);
}
