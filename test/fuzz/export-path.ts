import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../backfill/environment.ts';
import { loadExport, openExport } from '../../backfill/local/export/load-export.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { writeTableExport } from '../local/export/small-export.ts';
import type { FuzzTables } from './fuzz-tables.ts';
import { type OldWorld, roleOf, storedTexts } from './old-world.ts';
import { SKETCHED_TABLES, type SketchedTable } from './sketch.ts';
import { mustFinish, requireSame } from './violation.ts';
import type { WireItem } from './wire.ts';

/** Writes an export as DynamoDB does and loads it into tables of its own: they hold the same items to the last byte. */
export async function requireExportLoads(tables: FuzzTables, { settings }: Environment, old: OldWorld): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'fuzz-export-'));
  try {
    const names = settings.tables;
    for (const table of SKETCHED_TABLES) {
      // An export has DynamoDB's own JSON, as the wire has.
      writeTableExport(directory, names[roleOf(table)], old.stored[table] as unknown as readonly Item[]);
    }
    const loaded = await mustFinish('load an export', async () =>
      loadExport(tables.client, await openExport(directory, names)),
    );
    void loaded;
    const stored = {} as Record<SketchedTable, WireItem[]>;
    for (const table of SKETCHED_TABLES) stored[table] = await tables.wire.scan(names[roleOf(table)]);
    requireSame('an export brings the same items', 'load', storedTexts(old), storedTexts({ stored }));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
