import type { AttributeValue, Item } from '../../../functions/model/attribute-value.ts';
import { unreadableExport } from './export-error.ts';
import { gunzippedLines, type Line } from './export-lines.ts';
import { type DataFile, readManifests } from './export-manifest.ts';

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
  const files = await readManifests(directory, tableName);
  return {
    itemCount: files.reduce((sum, file) => sum + file.itemCount, 0),
    async *items() {
      for (const file of files) yield* readItems(file);
    },
  };
}

async function* readItems({ path, itemCount }: DataFile): AsyncGenerator<Item> {
  let count = 0;
  for await (const line of gunzippedLines(path)) {
    count += 1;
    yield itemOf(path, line);
  }
  if (count !== itemCount) {
    throw unreadableExport(path, `it has ${count} items, but the manifest says ${itemCount}`);
  }
}

function itemOf(path: string, { number, text }: Line): Item {
  try {
    const { Item: item } = JSON.parse(text) as { readonly Item?: Item };
    if (item === undefined) throw new TypeError('It has no Item.');
    return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, withBytes(value)]));
  } catch (cause) {
    throw unreadableExport(path, `line ${number} has no item`, cause);
  }
}

/** The value as the SDK has it: an export writes bytes in base64 (Developer Guide, "DynamoDB JSON"). */
function withBytes(value: AttributeValue): AttributeValue {
  if ('B' in value) return { B: fromBase64(value.B) };
  if ('BS' in value) return { BS: value.BS.map(fromBase64) };
  if ('L' in value) return { L: value.L.map(withBytes) };
  if (!('M' in value)) return value;
  return { M: Object.fromEntries(Object.entries(value.M).map(([name, part]) => [name, withBytes(part)])) };
}

function fromBase64(text: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(String(text), 'base64'));
}
