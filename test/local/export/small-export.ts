import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openTableExport } from '../../../backfill/local/export/export-reader.ts';
import { SERVICE_TABLES } from '../../../functions/migration/tables.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { readSettings } from '../../../infra/settings-file.ts';

export const SAMPLE = join(import.meta.dirname, '../../../backfill/local/sample');

/** Writes an export with every `part`-th KPI of the sample, its links and its records, the items with these ids, and all people. */
export async function writeSmallExport(directory: string, part: number, ids = new Set<string>()): Promise<void> {
  const { tables } = readSettings('local');
  for (const role of SERVICE_TABLES) {
    const kept: Item[] = [];
    for await (const item of (await openTableExport(SAMPLE, tables[role])).items()) {
      const kpiId = textOf(item, role === 'kpis' ? 'id' : 'kpi_id') ?? '';
      const isPart = createHash('md5').update(kpiId).digest().readUInt16BE() % part === 0;
      if (role === 'people' || isPart || ids.has(textOf(item, 'id') ?? '')) kept.push(item);
    }
    writeTableExport(directory, tables[role], kept);
  }
}

/** Writes one table's export: manifests and a single file of data. */
export function writeTableExport(directory: string, tableName: string, items: readonly Item[]): void {
  const lines = items.map((item) => JSON.stringify({ Item: item }, bytesInBase64));
  writeDataFiles(directory, tableName, [gzipSync(lines.join('\n'))], items.length);
}

/** Writes one table's export of these files of data; the first is said to hold all items. */
export function writeDataFiles(
  directory: string,
  tableName: string,
  files: readonly Buffer[],
  itemCount: number,
): void {
  const folder = join(directory, tableName);
  mkdirSync(join(folder, 'data'), { recursive: true });
  const entries = files.map((data, at) => {
    const dataFileS3Key = `${tableName}/data/part-${at}.json.gz`;
    writeFileSync(join(directory, dataFileS3Key), data);
    const md5Checksum = createHash('md5').update(data).digest('base64');
    return { itemCount: at === 0 ? itemCount : 0, md5Checksum, dataFileS3Key };
  });
  const tableArn = `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}`;
  const summary = { tableArn, itemCount, outputFormat: 'DYNAMODB_JSON', exportType: 'FULL_EXPORT' };
  writeFileSync(join(folder, 'manifest-summary.json'), JSON.stringify(summary));
  writeFileSync(join(folder, 'manifest-files.json'), entries.map((entry) => JSON.stringify(entry)).join('\n'));
}

function bytesInBase64(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
