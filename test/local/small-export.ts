import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openTableExport } from '../../backfill/local/export-reader.ts';
import { OLD_TABLE_ROLES } from '../../backfill/local/old-table-schemas.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { readSettings } from '../../infra/settings.ts';

const SAMPLE = new URL('../../backfill/local/sample', import.meta.url).pathname;

/** Writes an export with every `part`-th KPI of the sample, its links and its records, the items with these ids, and all people. */
export async function writeSmallExport(directory: string, part: number, ids = new Set<string>()): Promise<void> {
  const { tables } = readSettings('local');
  for (const role of OLD_TABLE_ROLES) {
    const kept: Item[] = [];
    for await (const item of (await openTableExport(SAMPLE, tables[role])).items()) {
      const kpiId = textOf(item, role === 'kpis' ? 'id' : 'kpi_id') ?? '';
      const isPart = createHash('md5').update(kpiId).digest().readUInt16BE() % part === 0;
      if (role === 'people' || isPart || ids.has(textOf(item, 'id') ?? '')) kept.push(item);
    }
    writeTableExport(directory, tables[role], kept);
  }
}

/** Writes one table's export: a manifest and a single file of data. */
export function writeTableExport(directory: string, tableName: string, items: readonly Item[]): void {
  const data = gzipSync(items.map((item) => JSON.stringify({ Item: item })).join('\n'));
  const key = join(tableName, 'data', 'part.json.gz');
  const itemCount = items.length;
  const md5Checksum = createHash('md5').update(data).digest('base64');
  mkdirSync(join(directory, tableName, 'data'), { recursive: true });
  writeFileSync(join(directory, key), data);
  const write = (name: string, content: object): void =>
    writeFileSync(join(directory, tableName, name), JSON.stringify(content));
  write('manifest-summary.json', { itemCount, outputFormat: 'DYNAMODB_JSON' });
  write('manifest-files.json', { itemCount, md5Checksum, dataFileS3Key: key });
}
