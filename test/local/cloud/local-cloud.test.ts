import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compareAll, scanTable } from '../../../backfill/local/rehearsal/agreement.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { type LocalCloudProcess, runCli, startLocalCloud } from '../../run-cli.ts';
import { writeSmallExport } from '../export/small-export.ts';

const { tables: names, heldRecords } = readSettings('local');
const directory = mkdtempSync(join(tmpdir(), 'local-cloud-'));
const exported = join(directory, 'export');
const started: ChildProcess[] = [];

/** A local cloud whose state outlives it. */
async function startLocal(): Promise<LocalCloudProcess> {
  const cloud = await startLocalCloud(['--export', exported, '--dir', join(directory, 'state')]);
  started.push(cloud.process);
  return cloud;
}

/** Runs a command of the command line against a local cloud. */
async function kpiMigrate({ endpoints }: LocalCloudProcess, ...args: string[]) {
  const { exitCode, stdout, stderr } = await runCli([...args, '--json'], endpoints);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout);
}

const clientOf = ({ endpoints }: LocalCloudProcess) => connect(localClientConfig(endpoints.AWS_ENDPOINT_URL_DYNAMODB));

/** What disagrees, once the streams have had time to be delivered. */
async function disagreements(running: LocalCloudProcess): Promise<unknown[]> {
  for (let wait = 0; ; wait += 1) {
    const agreement = await compareAll(clientOf(running), names, heldRecords);
    if (agreement.disagreements.length === 0 || wait === 60) return [...agreement.disagreements];
    await sleep(500);
  }
}

/** Changes a milestone of a KPI that has a link, so that a row has to follow. */
async function changeTarget(running: LocalCloudProcess, value: string): Promise<void> {
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

async function interrupt(running: LocalCloudProcess, signal: NodeJS.Signals): Promise<number | null> {
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
    const { exitCode, stdout } = await runCli(['local', '--export', '/nonexistent', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([1, { error: { code: 'EXPORT_UNREADABLE' } }]);
  });
});
