import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import * as z from 'zod';
import type { Item } from '../../functions/model/attribute-value.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';

const summarySchema = z.object({ itemCount: z.number().int(), outputFormat: z.literal('DYNAMODB_JSON') });
const fileSchema = z.object({ itemCount: z.number().int(), md5Checksum: z.string(), dataFileS3Key: z.string() });

interface DataFile {
  readonly path: string;
  readonly itemCount: number;
}

/** A full export of one table that was found whole. */
export interface TableExport {
  readonly itemCount: number;
  items(): AsyncGenerator<Item>;
}

/**
 * Opens the export of a table: a folder of the table's name, in the layout of a full DynamoDB export to S3 (Developer Guide,
 * "DynamoDB table export output format"). Manifests and checksums are proven here, before anything is read for use.
 *
 * @throws MigrationError EXPORT_UNREADABLE, with the file and what is wrong with it.
 */
export async function openTableExport(directory: string, tableName: string): Promise<TableExport> {
  const folder = join(directory, tableName);
  const summary = await readManifest(join(folder, 'manifest-summary.json'), summarySchema);
  const files = await readFileList(folder, directory);
  const listed = files.reduce((sum, file) => sum + file.itemCount, 0);
  if (listed !== summary.itemCount) {
    throw unreadable(folder, `the summary counts ${summary.itemCount} items, the files ${listed}`);
  }
  return {
    itemCount: summary.itemCount,
    async *items() {
      for (const file of files) yield* readItems(file);
    },
  };
}

async function readManifest<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  return parseManifest(path, await readText(path), schema);
}

function parseManifest<T>(path: string, text: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(path, 'it is no manifest of a DYNAMODB_JSON export', cause);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, 'it cannot be read', cause);
  }
}

async function readFileList(folder: string, directory: string): Promise<DataFile[]> {
  const manifest = join(folder, 'manifest-files.json');
  const lines = (await readText(manifest)).split('\n').filter((line) => line.trim() !== '');
  return Promise.all(
    lines.map(async (line) => {
      const entry = parseManifest(manifest, line, fileSchema);
      const path = join(directory, entry.dataFileS3Key);
      const md5 = await md5Of(path);
      if (md5 !== entry.md5Checksum)
        throw unreadable(path, `its MD5 is ${md5}, and the manifest has ${entry.md5Checksum}`);
      return { path, itemCount: entry.itemCount };
    }),
  );
}

async function md5Of(path: string): Promise<string> {
  try {
    const hash = createHash('md5');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest('base64');
  } catch (cause) {
    throw unreadable(path, 'it cannot be read', cause);
  }
}

async function* readItems({ path, itemCount }: DataFile): AsyncGenerator<Item> {
  let count = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path).pipe(createGunzip()) })) {
      if (line.trim() === '') continue;
      count += 1;
      yield (JSON.parse(line) as { Item: Item }).Item;
    }
  } catch (cause) {
    throw unreadable(path, `line ${count + 1} cannot be read`, cause);
  }
  if (count !== itemCount) throw unreadable(path, `it holds ${count} items, and the manifest says ${itemCount}`);
}

function unreadable(path: string, what: string, cause?: unknown): MigrationError {
  return new MigrationError('EXPORT_UNREADABLE', `The export cannot be used: ${path}: ${what}.`, {
    cause,
    nextStep: 'Give a folder with one folder a table, as in backfill/local/sample; download or make the export anew.',
  });
}
