import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { openTableExport } from '../../../backfill/local/export/export-reader.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { sameItem } from '../../../functions/model/compare.ts';
import { ODD_NAMES, withNames } from '../../odd-names.ts';
import { SAMPLE, writeDataFiles, writeTableExport } from './small-export.ts';

const TABLE = 'purposepath-kpis';
const directory = mkdtempSync(join(tmpdir(), 'export-'));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function readAll(from: string): Promise<Item[]> {
  return Array.fromAsync((await openTableExport(from, TABLE)).items());
}

const json = (item: object): string => JSON.stringify({ Item: item });
const ids = (items: readonly Item[]) => items.map(({ id }) => (id as { S: string }).S);

describe('an export is read whole', () => {
  test('digits and all', async () => {
    const items = await readAll(SAMPLE);
    expect(items).toHaveLength(49);
    expect(items[0]).toMatchObject({ id: { S: expect.any(String) } });
  });

  test('where only the folder of the table was downloaded, whose files have other keys', async () => {
    cpSync(SAMPLE, directory, { recursive: true });
    edit('manifest-files.json', (text) => text.replace('purposepath-kpis/', 'AWSDynamoDB/01693685827463-2d8752fd/'));
    expect(await readAll(directory)).toHaveLength(49);
  });

  test('with a manifest of before there were incremental exports', async () => {
    cpSync(SAMPLE, directory, { recursive: true });
    edit('manifest-summary.json', (text) => text.replace(/,\s*"exportType": "FULL_EXPORT"/, ''));
    expect(await readAll(directory)).toHaveLength(49);
  });

  test('bytes and names of every kind', async () => {
    const item = withNames(
      { id: { S: '1' }, b: { B: Uint8Array.of(0, 255) }, m: { M: { l: { L: [{ BS: [Uint8Array.of(1)] }] } } } },
      ODD_NAMES,
    );
    writeTableExport(directory, TABLE, [item]);
    const [found] = await readAll(directory);
    expect(sameItem(found, item)).toBe(true);
    expect(found?.b).toEqual({ B: Uint8Array.of(0, 255) });
  });
});

describe('a line ends with LF and with nothing else', () => {
  const U2028 = json({ id: { S: '1' }, note: { S: 'a\u2028b\u2029c\u0085d\u000be' } });
  const LONG = json({ id: { S: '2' }, note: { S: 'ü😀'.repeat(200_000) } });

  test.each<[what: string, files: readonly Buffer[], expected: readonly string[]]>([
    ['a raw U+2028, U+2029 and U+0085', [gzipSync(`${U2028}\n${json({ id: { S: '2' } })}\n`)], ['1', '2']],
    ['no LF at the end', [gzipSync(`${json({ id: { S: '1' } })}\n${json({ id: { S: '2' } })}`)], ['1', '2']],
    ['CR before LF', [gzipSync(`${json({ id: { S: '1' } })}\r\n${json({ id: { S: '2' } })}\r\n`)], ['1', '2']],
    ['empty lines', [gzipSync(`\n${json({ id: { S: '1' } })}\n\n \n${json({ id: { S: '2' } })}\n\n`)], ['1', '2']],
    ['a line of a megabyte and more, cut within characters', [gzipSync(`${LONG}\n${LONG}\n`)], ['2', '2']],
    [
      'several compressed texts in one file, cut within a line',
      [Buffer.concat([gzipSync('{"Item":{"id":'), gzipSync('{"S":"1"}}}\n'), gzipSync(json({ id: { S: '2' } }))])],
      ['1', '2'],
    ],
    ['files without items', [gzipSync(`${json({ id: { S: '1' } })}\n`), gzipSync(''), Buffer.alloc(0)], ['1']],
  ])('%s', async (_, files, expected) => {
    writeDataFiles(directory, TABLE, files, expected.length);
    const items = await readAll(directory);
    expect(ids(items)).toEqual(expected);
    for (const { note } of items) {
      if (note !== undefined) expect([U2028, LONG].map((line) => JSON.parse(line).Item.note)).toContainEqual(note);
    }
  });

  test.each<[what: string, file: Buffer, told: RegExp]>([
    ['a line that is no JSON', gzipSync(`${json({ id: { S: '1' } })}\n\n{"Item":\n`), /line 3 has no item/],
    ['a line of an incremental export', gzipSync('{"Keys":{"id":{"S":"1"}}}\n'), /line 1 has no item/],
    ['an attribute that is no value', gzipSync('{"Item":{"id":"1"}}\n'), /line 1 has no item/],
    ['text that is not UTF-8', gzipSync(Buffer.from([0x22, 0xff, 0x22, 0x0a])), /line 1 cannot be read/],
    ['no end of the compressed text', gzipSync(`${U2028}\n`).subarray(0, -6), /line \d cannot be read/],
    ['something else after it', Buffer.concat([gzipSync(`${U2028}\n`), Buffer.from('x')]), /line 2 cannot be read/],
    ['text that is not compressed', Buffer.from(`${U2028}\n`), /line 1 cannot be read/],
    ['a line without end', gzipSync('x'.repeat(17 * 1024 * 1024)), /line 1 cannot be read/],
    ['fewer lines than the manifest has', gzipSync(''), /has 0 items, but the manifest says 2/],
  ])('refused, with file and line: %s', async (_, file, told) => {
    writeDataFiles(directory, TABLE, [file], 2);
    await expect(readAll(directory)).rejects.toMatchObject({
      code: 'EXPORT_UNREADABLE',
      message: expect.stringMatching(told),
    });
    await expect(readAll(directory)).rejects.toThrow(join(TABLE, 'data', 'part-0.json.gz'));
  });
});

const dataFile = (): string => {
  const folder = join(directory, TABLE, 'data');
  return join(folder, readdirSync(folder)[0] ?? '');
};
const edit = (file: string, change: (text: string) => string): void => {
  const path = join(directory, TABLE, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
};
const summary = (from: string | RegExp, to: string) => () =>
  edit('manifest-summary.json', (text) => text.replace(from, to));

describe('an export that is not whole, or another than wanted, is refused before anything is read', () => {
  test.each<[what: string, harm: () => void, told: RegExp, nextStep: RegExp]>([
    ['no folder of the table', () => rmSync(join(directory, TABLE), { recursive: true }), /cannot be read/, /sample/],
    ['no manifest', () => rmSync(join(directory, TABLE, 'manifest-summary.json')), /cannot be read/, /sample/],
    ['no list of files', () => rmSync(join(directory, TABLE, 'manifest-files.json')), /cannot be read/, /sample/],
    ['a manifest that is no JSON', () => edit('manifest-summary.json', () => '{'), /no manifest/, /sample/],
    ['a manifest without a format', summary('outputFormat', 'format'), /no manifest/, /sample/],
    ['an export in Ion', summary('DYNAMODB_JSON', 'ION'), /Amazon Ion \(outputFormat ION\)/, /DYNAMODB_JSON/],
    ['an export in CSV', summary('DYNAMODB_JSON', 'CSV'), /another kind.*CSV/, /DYNAMODB_JSON/],
    [
      'an incremental export',
      summary('FULL_EXPORT', 'INCREMENTAL_EXPORT'),
      /incremental export \(exportType INCREMENTAL_EXPORT\)/,
      /FULL_EXPORT/,
    ],
    ['a kind of no name', summary('FULL_EXPORT', 'constructor'), /another kind.*constructor/, /FULL_EXPORT/],
    [
      'an export of another table',
      summary('table/purposepath-kpis', 'table/purposepath-people'),
      /of the table purposepath-people.*named purposepath-kpis/,
      /cdk\.json/,
    ],
    [
      'a list of files of another table',
      () => {
        summary(/"tableArn": .*/, '')();
        cpSync(join(SAMPLE, 'purposepath-people/manifest-files.json'), join(directory, TABLE, 'manifest-files.json'));
        const { itemCount } = JSON.parse(readFileSync(join(directory, TABLE, 'manifest-files.json'), 'utf8'));
        summary('"itemCount": 49', `"itemCount": ${itemCount}`)();
      },
      /manifest-files\.json: it names a file of the table purposepath-people.*named purposepath-kpis/,
      /list of files/,
    ],
    ['no entry of a file', () => edit('manifest-files.json', () => ''), /counts 49 items, but the files 0/, /sample/],
    ['a line that names no file', () => edit('manifest-files.json', (t) => `${t}\n{"a":1}`), /line \d names/, /sample/],
    [
      'a file named twice',
      () => {
        edit('manifest-files.json', (text) => `${text.trim()}\n${text.trim()}`);
        summary('"itemCount": 49', '"itemCount": 98')();
      },
      /names .*twice/,
      /sample/,
    ],
    ['a missing data file', () => rmSync(dataFile()), /cannot be read/, /sample/],
    ['a data file by another name', () => renameSync(dataFile(), `${dataFile()}.old`), /cannot be read/, /sample/],
    [
      'a data file outside of the folder',
      () => {
        edit('manifest-files.json', (text) => text.replace('purposepath-kpis/data', '../../..'));
        rmSync(dataFile());
      },
      /purposepath-kpis\/data\/.*: it cannot be read/,
      /sample/,
    ],
    ['a file cut short', () => writeFileSync(dataFile(), readFileSync(dataFile()).subarray(0, 500)), /MD5/, /sample/],
    ['a file of other data', () => writeFileSync(dataFile(), gzipSync(json({ id: { S: '1' } }))), /MD5/, /sample/],
    ['counts that differ', summary('"itemCount": 49', '"itemCount": 48'), /48 items, but the files 49/, /sample/],
  ])('%s', async (_, harm, told, nextStep) => {
    cpSync(SAMPLE, directory, { recursive: true });
    harm();
    await expect(openTableExport(directory, TABLE)).rejects.toMatchObject({
      code: 'EXPORT_UNREADABLE',
      message: expect.stringMatching(told),
      nextStep: expect.stringMatching(nextStep),
    });
  });
});
