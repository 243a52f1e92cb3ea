import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';
import { connect } from '../../../functions/tables/dynamo-tables.ts';
import { readSettings } from '../../../infra/settings-file.ts';
import { ODD_NAMES, withNames } from '../../odd-names.ts';
import { type LocalCloudProcess, runCli, startLocalCloud } from '../../run-cli.ts';
import { load, oldLink, oldRecord } from '../old-items.ts';

let cloud: LocalCloudProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'odd-names-'));
  cloud = await startLocalCloud([]);
});
afterAll(async () => {
  const exited = once(cloud.process, 'exit');
  cloud.process.kill('SIGINT');
  await exited;
  await rm(folder, { recursive: true });
});

/** What a command prints as JSON, where it ends well. */
async function documentOf(...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...command, '--json'], cloud.endpoints);
  expect(exitCode, `${command.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

test('every command goes on beside attributes named like members of every object, and counts them', async () => {
  const client = connect(localClientConfig(cloud.endpoints.AWS_ENDPOINT_URL_DYNAMODB));
  await load(client, readSettings('local').tables, {
    links: [withNames(oldLink('link', 1, '2024-01-01'), ODD_NAMES)],
    readings: [withNames(oldRecord('readings', 'reading', 1, '1'), ODD_NAMES)],
  });
  const counted = new Map([...ODD_NAMES, 'nested'].map((name) => [name, 1]));
  const countsIn = (tally: { readonly unknownAttributes: object }) => new Map(Object.entries(tally.unknownAttributes));

  const plan = JSON.parse(await documentOf('plan'));
  expect(countsIn(plan.sources.readings)).toEqual(counted);
  const backfill = JSON.parse(await documentOf('backfill', '--execute'));
  expect(backfill.state).toBe('finished');
  const status = JSON.parse(await documentOf('status'));
  for (const { passes } of [backfill, status]) {
    const readings = passes.find(({ pass }: { readonly pass: string }) => pass === 'readings');
    expect(countsIn(readings.tally)).toEqual(counted);
  }
  expect(status.quarantined).toEqual({ links: 0, milestones: 0, actuals: 0, readings: 0, events: 0 });
  expect(JSON.parse(await documentOf('validate'))).toMatchObject({ verdict: 'agree', counts: { found: 2 } });
  await documentOf('report', '--out', join(folder, 'bundle'));
  const bundle = await readFile(join(folder, 'bundle', 'backfill.json'), 'utf8');
  for (const name of ODD_NAMES) expect(bundle).toContain(`"${name}": 1`);
  const { stdout } = await runCli(['status'], cloud.endpoints);
  expect(stdout).toMatch(/In quarantine: links 0, milestones 0/);
});
