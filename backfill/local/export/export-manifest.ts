import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import * as z from 'zod';
import { unreadableExport } from './export-error.ts';

/**
 * What is used of the manifests (Developer Guide, "DynamoDB table export output format"). Manifests from before incremental
 * exports were introduced have no `exportType`.
 */
const summarySchema = z.object({
  itemCount: z.number().int(),
  outputFormat: z.string(),
  exportType: z.string().default('FULL_EXPORT'),
  tableArn: z.string().optional(),
});
const fileSchema = z.object({ itemCount: z.number().int(), md5Checksum: z.string(), dataFileS3Key: z.string() });

/** A file of data that is there and whole. */
export interface DataFile {
  readonly path: string;
  readonly itemCount: number;
}

/** What can be loaded, with what it is called in a manifest. */
const KINDS = {
  exportType: { wanted: 'FULL_EXPORT', names: { INCREMENTAL_EXPORT: 'an incremental export' } },
  outputFormat: { wanted: 'DYNAMODB_JSON', names: { ION: 'an export in Amazon Ion' } },
} as const;

const MAKE_ANOTHER =
  'Make a full export in DynamoDB JSON (aws dynamodb export-table-to-point-in-time --export-type FULL_EXPORT ' +
  '--export-format DYNAMODB_JSON) and give a folder with one folder a table, as in backfill/local/sample.';

/**
 * Reads the manifests of a table's export, and finds all its files of data whole.
 *
 * @param directory holds a folder for each table, named after it.
 * @throws MigrationError EXPORT_UNREADABLE
 */
export async function readManifests(directory: string, tableName: string): Promise<readonly DataFile[]> {
  const folder = join(directory, tableName);
  const summaryPath = join(folder, 'manifest-summary.json');
  const summary = parse(summaryPath, await textOf(summaryPath), summarySchema, 'it is no manifest of an export');
  requireKind(summaryPath, summary, 'exportType');
  requireKind(summaryPath, summary, 'outputFormat');
  requireTable(summaryPath, summary.tableArn, tableName);

  const filesPath = join(folder, 'manifest-files.json');
  const entries = linesOf(await textOf(filesPath)).map(({ line, number }) =>
    parse(filesPath, line, fileSchema, `line ${number} names no file of data`),
  );
  const listed = entries.reduce((sum, entry) => sum + entry.itemCount, 0);
  if (listed !== summary.itemCount) {
    throw unreadableExport(folder, `the summary counts ${summary.itemCount} items, but the files ${listed}`);
  }
  for (const { dataFileS3Key } of entries) requireOwnFolder(filesPath, directory, tableName, dataFileS3Key);
  const files = entries.map(({ dataFileS3Key, ...entry }) => ({
    ...entry,
    path: pathOf(directory, tableName, dataFileS3Key),
  }));
  requireDistinct(filesPath, files);
  await Promise.all(files.map(requireWhole));
  return files;
}

function requireKind(path: string, summary: z.infer<typeof summarySchema>, attribute: keyof typeof KINDS): void {
  const { wanted, names } = KINDS[attribute];
  const found = summary[attribute];
  if (found === wanted) return;
  const name = new Map<string, string>(Object.entries(names)).get(found) ?? 'another kind of export';
  const what = `it is ${name} (${attribute} ${found}), but only ${wanted} can be loaded`;
  throw unreadableExport(path, what, undefined, MAKE_ANOTHER);
}

function requireTable(path: string, tableArn: string | undefined, tableName: string): void {
  const exported = tableArn?.split(':table/')[1] ?? tableArn;
  if (exported === undefined || exported === tableName) return;
  const what = `it is an export of the table ${exported}, but its folder is named ${tableName}`;
  const nextStep = `Put the export of ${tableName} there. If ${exported} is the right table, give the folder that name, and set the table's name in cdk.json (migration.environments.local.tables).`;
  throw unreadableExport(path, what, undefined, nextStep);
}

/** A list of files that was made for another table leads to that table's items. */
function requireOwnFolder(path: string, directory: string, tableName: string, key: string): void {
  const [folder = '', ...rest] = key.split('/');
  const isOther =
    rest.length > 0 && folder !== tableName && existsSync(join(directory, folder, 'manifest-summary.json'));
  if (!isOther) return;
  const what = `it names a file of the table ${folder} (${key}), but its folder is named ${tableName}`;
  throw unreadableExport(path, what, undefined, `Put the export of ${tableName} there, with its own list of files.`);
}

/** Where a file of data is: under its key, or, where only the table's own folder was downloaded, in `data` of that. */
function pathOf(directory: string, tableName: string, key: string): string {
  const byKey = resolve(directory, key);
  const byName = resolve(directory, tableName, 'data', basename(key));
  const isInside = byKey.startsWith(resolve(directory) + sep);
  return isInside && (existsSync(byKey) || !existsSync(byName)) ? byKey : byName;
}

function requireDistinct(path: string, files: readonly DataFile[]): void {
  const seen = new Set<string>();
  for (const file of files) {
    if (seen.has(file.path)) throw unreadableExport(path, `it names ${file.path} twice`);
    seen.add(file.path);
  }
}

async function requireWhole({ path, md5Checksum }: DataFile & { readonly md5Checksum: string }): Promise<void> {
  const hash = createHash('md5');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (cause) {
    throw unreadableExport(path, 'it cannot be read', cause);
  }
  const md5 = hash.digest('base64');
  if (md5 !== md5Checksum) throw unreadableExport(path, `its MD5 is ${md5}, but the manifest has ${md5Checksum}`);
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw unreadableExport(path, 'it cannot be read', cause);
  }
}

function linesOf(text: string): { readonly line: string; readonly number: number }[] {
  return text
    .split('\n')
    .map((line, at) => ({ line, number: at + 1 }))
    .filter(({ line }) => line.trim() !== '');
}

function parse<T>(path: string, text: string, schema: z.ZodType<T>, otherwise: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadableExport(path, otherwise, cause);
  }
}
