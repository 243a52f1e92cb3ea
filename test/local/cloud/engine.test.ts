import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { startEngine } from '../../../backfill/local/cloud/engine.ts';
import { isAlive, localClientConfig } from '../../../backfill/local-endpoint.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';

const ENGINE = new URL('../../../backfill/local/cloud/engine.ts', import.meta.url).href;

test('a port that is taken is told, with the remedy', async () => {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await expect(startEngine({ port })).rejects.toMatchObject({
    code: 'PORT_BUSY',
    nextStep: expect.stringContaining('--port'),
  });
  server.close();
});

test.each([
  ['no Java', '/nonexistent', 'JAVA_MISSING'],
  ['an old Java', join(import.meta.dirname, 'old-java'), 'JAVA_TOO_OLD'],
])('%s is told, with how to install it', async (_, path, code) => {
  const script = `import(${JSON.stringify(ENGINE)}).then((m) => m.startEngine()).catch((e) => console.log(e.code, e.nextStep))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env: { PATH: path } });
  expect(stdout).toContain(code);
  expect(stdout).toContain('apt-get install openjdk-17');
});

test('an engine ends with the process that started it, even when that is killed, and leaves no file behind', async () => {
  const temporaryFiles = mkdtempSync(join(tmpdir(), 'engine-'));
  const script = `import(${JSON.stringify(ENGINE)}).then(async (m) => { const e = await m.startEngine(); console.log(e.pid); setInterval(() => {}, 1000); })`;
  const owner = spawn(process.execPath, ['-e', script], {
    env: { ...process.env, TMPDIR: temporaryFiles },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = await once(owner.stdout, 'data');
  const enginePid = Number(String(printed));
  expect(isAlive(enginePid)).toBe(true);
  const written = readdirSync(temporaryFiles, { recursive: true, encoding: 'utf8' });
  expect(written.filter((name) => name.endsWith('.so'))).toHaveLength(1);
  owner.kill('SIGKILL');
  for (let waits = 0; isAlive(enginePid) && waits < 200; waits += 1) await sleep(50);
  expect(isAlive(enginePid)).toBe(false);
  for (let waits = 0; readdirSync(temporaryFiles).length > 0 && waits < 200; waits += 1) await sleep(50);
  expect(readdirSync(temporaryFiles)).toEqual([]);
});

test.each(['SIGTERM', 'SIGINT'] as const)('an engine ends with the guardian that %s ends', async (signal) => {
  const { pid } = await startEngine();
  const { stdout: guardianPid } = await promisify(execFile)('ps', ['-o', 'ppid=', '-p', String(pid)]);
  process.kill(Number(guardianPid), signal);
  for (let waits = 0; isAlive(pid) && waits < 200; waits += 1) await sleep(50);
  expect(isAlive(pid)).toBe(false);
});

test('an engine runs in a folder of its own, and serves from a path with any letter', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'my état-')), 'tables of Zoë');
  const { url, pid, stop } = await startEngine({ directory });
  // Into that of the process it writes dynamodb-local-metadata.json.
  const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]);
  const temporaryFiles = /-Djava\.io\.tmpdir=(\S+)/.exec(stdout)?.[1] ?? '';
  const workingFolder = process.platform === 'linux' ? readlinkSync(`/proc/${pid}/cwd`) : temporaryFiles;
  expect(realpathSync(temporaryFiles)).toBe(workingFolder);
  const client = connect(localClientConfig(url));
  await client.send(
    new CreateTableCommand({
      TableName: 'table',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  expect(readdirSync(directory)).toEqual(['shared-local-instance.db']);
  await stop();
});
