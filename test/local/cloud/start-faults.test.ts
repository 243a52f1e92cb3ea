import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listenFault } from '../../../backfill/listen-fault.ts';
import { lockFolder } from '../../../backfill/local/cloud/folder-lock.ts';
import { requireWritableFolder } from '../../../backfill/writable-folder.ts';
import { runCli } from '../../run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'start-faults-'));
const file = join(folder, 'file');
/** As a local cloud of this process would leave it while it runs. */
const used = join(folder, 'used');
let server: Server;
let busy: number;

beforeAll(async () => {
  writeFileSync(file, '');
  mkdirSync(used);
  writeFileSync(join(used, 'process'), String(process.pid));
  server = createServer().listen(0);
  await once(server, 'listening');
  busy = (server.address() as { port: number }).port;
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('a fault of the machine is told before the synthesis, with its remedy', () => {
  test.each<[string, () => readonly string[], Readonly<Record<string, string>>, string, RegExp]>([
    ['a port that is taken', () => ['local', '--port', String(busy)], {}, 'PORT_BUSY', /--port/],
    ['a port that is none', () => ['local', '--port', '65536'], {}, 'USAGE', /--help/],
    ['the port that the engine refuses', () => ['local', '--port', '1'], {}, 'USAGE', /--help/],
    ['a folder below a file', () => ['local', '--dir', join(file, 'x')], {}, 'FOLDER_UNUSABLE', /--dir/],
    ['a folder that is a file', () => ['local', '--dir', file], {}, 'FOLDER_UNUSABLE', /--dir/],
    ['a folder of another local cloud', () => ['local', '--dir', used], {}, 'FOLDER_UNUSABLE', /--dir/],
    ['no place for temporary files', () => ['rehearse'], { TMPDIR: join(file, 'x') }, 'FOLDER_UNUSABLE', /TMPDIR/],
    ['no Java', () => ['local'], { PATH: '/nonexistent' }, 'JAVA_MISSING', /openjdk/],
    ['no Java, for a rehearsal', () => ['rehearse'], { PATH: '/nonexistent' }, 'JAVA_MISSING', /openjdk/],
    ['an old Java', () => ['local'], { PATH: join(import.meta.dirname, 'old-java') }, 'JAVA_TOO_OLD', /openjdk/],
    [
      'no export',
      () => ['local', '--export', join(folder, 'nowhere')],
      {},
      'EXPORT_UNREADABLE',
      /one folder per table/,
    ],
  ])('%s', async (_, words, variables, code, remedy) => {
    const { exitCode, stdout, stderr } = await runCli([...words(), '--json'], variables);
    expect(exitCode).not.toBe(0);
    const { error } = JSON.parse(stdout);
    expect(error).toMatchObject({ code, nextStep: expect.stringMatching(remedy) });
    expect(stderr).not.toContain('synthesising');
  });

  // The system answers there that the folder above does not exist, for ever.
  test.runIf(process.platform === 'linux')('a folder that cannot be', { timeout: 20_000 }, async () => {
    const { stdout } = await runCli(['local', '--dir', '/proc/nope/deeper', '--json']);
    expect(JSON.parse(stdout).error).toMatchObject({
      code: 'FOLDER_UNUSABLE',
      message: expect.stringContaining('no folder can be made there'),
    });
  });
});

describe('a folder for files', () => {
  test('is made, with those above it, and left empty', async () => {
    const made = join(folder, 'a', 'b', 'c');
    await requireWritableFolder(made, '');
    await requireWritableFolder(made, '');
    expect(readdirSync(made)).toEqual([]);
  });

  test('is made by two at once', async () => {
    const made = join(folder, 'd', 'e');
    await Promise.all([requireWritableFolder(made, ''), requireWritableFolder(made, '')]);
    expect(readdirSync(made)).toEqual([]);
  });
});

test.each([
  ['EADDRINUSE', 'PORT_BUSY'],
  ['EACCES', 'PORT_FORBIDDEN'],
  ['EADDRNOTAVAIL', 'EADDRNOTAVAIL'],
])('a server that may not listen for %s is told %s', (code, told) => {
  expect(listenFault(80, Object.assign(new Error('listen'), { code }))).toMatchObject({ code: told });
});

test.each([
  ['a process that was killed', '999999999'],
  ['a file that was not written to its end', ''],
])('a folder’s lock left behind by %s is taken over, and given up at the end', async (_, left) => {
  const directory = mkdtempSync(join(folder, 'left-'));
  writeFileSync(join(directory, 'process'), left);
  {
    await using _lock = await lockFolder(directory);
    expect(readFileSync(join(directory, 'process'), 'utf8')).toBe(String(process.pid));
    await expect(lockFolder(directory)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
  }
  expect(readdirSync(directory)).toEqual([]);
});
