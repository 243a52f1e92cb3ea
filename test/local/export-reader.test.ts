import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openTableExport } from '../../backfill/local/export-reader.ts';

const SAMPLE = new URL('../../backfill/local/sample', import.meta.url).pathname;
const TABLE = 'purposepath-kpis';
const directory = mkdtempSync(join(tmpdir(), 'export-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function readAll(from: string): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of (await openTableExport(from, TABLE)).items()) items.push(item);
  return items;
}

test('an export is read whole, digits and all', async () => {
  const items = await readAll(SAMPLE);
  expect(items).toHaveLength(49);
  expect(items[0]).toMatchObject({ id: { S: expect.any(String) } });
});

const dataFile = (): string => {
  const folder = join(directory, TABLE, 'data');
  return join(folder, readdirSync(folder)[0] ?? '');
};
const edit = (file: string, change: (text: string) => string): void => {
  const path = join(directory, TABLE, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};

describe('an export that is not whole is refused before anything is read', () => {
  test.each<[what: string, harm: () => void, told: string]>([
    ['no folder of the table', () => rmSync(join(directory, TABLE), { recursive: true }), 'cannot be read'],
    ['no manifest', () => rmSync(join(directory, TABLE, 'manifest-summary.json')), 'cannot be read'],
    ['a manifest that is no JSON', () => edit('manifest-summary.json', () => '{'), 'no manifest'],
    ['another format', () => edit('manifest-summary.json', (t) => t.replace('DYNAMODB_JSON', 'ION')), 'no manifest'],
    ['a missing data file', () => rmSync(dataFile()), 'cannot be read'],
    ['a data file cut short', () => writeFileSync(dataFile(), readFileSync(dataFile()).subarray(0, 500)), 'its MD5 is'],
    [
      'counts that differ',
      () => edit('manifest-summary.json', (t) => t.replace(/"itemCount": *\d+/, '"itemCount": 48')),
      '48',
    ],
  ])('%s', async (_, harm, told) => {
    cpSync(SAMPLE, directory, { recursive: true });
    harm();
    await expect(openTableExport(directory, TABLE)).rejects.toMatchObject({
      code: 'EXPORT_UNREADABLE',
      message: expect.stringContaining(told),
      nextStep: expect.stringContaining('backfill/local/sample'),
    });
  });
});
