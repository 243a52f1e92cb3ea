import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareAll, scanTable } from '../../backfill/local/agreement.ts';
import { localClientConfig } from '../../backfill/local/local-endpoint.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../infra/settings.ts';
import { writeSmallExport } from './small-export.ts';

const CLI = new URL('../../backfill/cli.ts', import.meta.url).pathname;
const { tables: names, heldRecords } = readSettings('local');
const directory = mkdtempSync(join(tmpdir(), 'local-cloud-'));
const exported = join(directory, 'export');
const started: ChildProcess[] = [];

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
}

/** Starts `kpi-migrate local` and waits until it serves. */
async function startLocal(): Promise<Running> {
  const options = ['local', '--export', exported, '--dir', join(directory, 'state')];
  const child = spawn(process.execPath, [CLI, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { ready, dynamodb } = JSON.parse(line);
  expect(ready).toBe(true);
  return { process: child, url: dynamodb };
}

/** Runs a command of the command line against a local cloud. */
async function kpiMigrate({ url }: Running, ...args: string[]) {
  const env = { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: url };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args, '--json'], { env });
  return JSON.parse(stdout);
}

const clientOf = ({ url }: Running) => connect(localClientConfig(url));

/** What disagrees, once the streams have had time to be delivered. */
async function disagreements(running: Running): Promise<unknown[]> {
  for (let wait = 0; ; wait += 1) {
    const agreement = await compareAll(clientOf(running), names, heldRecords);
    if (agreement.disagreements.length === 0 || wait === 60) return [...agreement.disagreements];
    await sleep(500);
  }
}

/** Changes a milestone of a KPI that has a link, so that a row has to follow. */
async function changeTarget(running: Running, value: string): Promise<void> {
  const client = clientOf(running);
  const linked = new Set((await scanTable(client, names, 'goalKpiLinks')).map((link) => textOf(link, 'kpi_id')));
  const milestones = await scanTable(client, names, 'kpiMilestones');
  const item = milestones.find((milestone) => linked.has(textOf(milestone, 'kpi_id')));
  expect(item).toBeDefined();
  const changed = { ...item, target_value: { N: value } };
  await client.send(new PutItemCommand({ TableName: names.kpiMilestones, Item: changed }));
  expect(await disagreements(running)).toEqual([]);
  const rows = await scanTable(client, names, 'kpiData');
  expect(rows.filter((row) => numberOf(row) === value).length).toBeGreaterThan(0);
}

function numberOf({ post_value: value }: Item): string | undefined {
  return value && 'N' in value ? value.N : undefined;
}

async function interrupt(running: Running, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(running.process, 'exit');
  running.process.kill(signal);
  return (await exited)[0];
}

beforeAll(() => writeSmallExport(exported, 8));
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

describe('a local cloud with its state in a folder', () => {
  test('serves the other commands, replicates, and goes on after kill -9 and after an interrupt', {
    timeout: 180_000,
  }, async () => {
    const first = await startLocal();
    expect(await kpiMigrate(first, 'preflight')).toMatchObject({ findings: [] });
    await kpiMigrate(first, 'backfill', '--execute');
    await changeTarget(first, '47.11');
    await interrupt(first, 'SIGKILL');

    const second = await startLocal();
    const rowsKept = await scanTable(clientOf(second), names, 'kpiData');
    expect(rowsKept.length).toBeGreaterThan(0);
    await changeTarget(second, '47.12');
    expect(await interrupt(second, 'SIGINT')).toBe(0);
  });

  test('refuses an export that is not there before anything starts', async () => {
    const refused = promisify(execFile)(process.execPath, [CLI, 'local', '--export', '/nonexistent', '--json']);
    await expect(refused).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('EXPORT_UNREADABLE') });
  });
});

describe('a rehearsal', () => {
  test('ends in agreement with functions and backfill killed at random', { timeout: 300_000 }, async () => {
    const options = ['--export', exported, '--seed', '3', '--writes', '150', '--faults', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'rehearse', ...options]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ agree: true, seed: 3, undelivered: 0, agreement: { disagreements: [] } });
    expect(report.events).toBeGreaterThan(100);
    expect(report.agreement.rowsCompared.kpiData).toBeGreaterThan(500);
  });
});
