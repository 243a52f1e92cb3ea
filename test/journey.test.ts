import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../infra/package-layout.ts';
import { writeSmallExport } from './local/export/small-export.ts';
import { type LocalCloudProcess, type Outcome, runToEnd, startLocalCloud } from './run-cli.ts';

let cloud: LocalCloudProcess;
const exported = mkdtempSync(join(tmpdir(), 'journey-'));

/** Items of the sample that cannot be migrated. */
const QUARANTINED = ['aeb0f056-646b-5d36-9ccc-b447371db014', '9981c872-b70f-56d6-afb8-b4061b7fa520'];

beforeAll(async () => {
  await writeSmallExport(exported, 32, new Set(QUARANTINED));
  cloud = await startLocalCloud(['--export', exported]);
}, 120_000);
afterAll(async () => {
  const exited = once(cloud.process, 'exit');
  cloud.process.kill('SIGINT');
  await exited;
  rmSync(exported, { recursive: true });
}, 60_000);

/** Pastes a command into a shell. */
function paste(command: string): Promise<Outcome> {
  return runToEnd('/bin/sh', ['-c', command], { cwd: PACKAGE_ROOT, variables: cloud.endpoints });
}

/** More commands than the journey has. */
const COMMANDS_MAX = 60;

test('gets from preflight to retire by the next command alone', { timeout: 600_000 }, async () => {
  const pasted: string[] = [];
  let command = 'npm run -s kpi-migrate -- preflight';
  while (!command.endsWith(' retire') && pasted.length < COMMANDS_MAX) {
    const { exitCode, stdout, stderr } = await paste(command);
    const so = `${pasted.join('\n')}\n${command}\n${stdout}${stderr}`;
    expect(exitCode, so).toBe(0);
    const next = stdout.match(/^Next: (.*)$/gm) ?? [];
    expect(next, so).toHaveLength(1);
    pasted.push(command);
    command = next[0]?.slice('Next: '.length) ?? '';
  }
  const ran = pasted.map((each) => each.replace('npm run -s kpi-migrate -- ', ''));
  expect(ran.slice(0, 3)).toEqual(['preflight', 'plan', 'backfill --execute']);
  expect(ran.filter((each) => each.startsWith('quarantine accept'))).toHaveLength(QUARANTINED.length);
  for (const each of ['stage shadow', 'stage new --percent 1', 'stage new --percent 10', 'stage new --percent 100']) {
    expect(ran).toContain(`${each} --execute`);
  }
  expect(ran.at(-1)).toBe('watch --once');

  // DynamoDB Local has no backups, and nobody waits seven days: the end is what still keeps the old tables.
  const retire = await paste(command);
  expect(retire).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/must stay:[\s\S]*READS_NEW_RECENTLY/) });
  expect(retire.stdout).not.toMatch(/READS_NOT_NEW|QUARANTINE_NOT_ACCEPTED|REPORT_/);

  // Every command that changed something is in the record, with who ran it.
  const { stdout } = await paste('npm run -s kpi-migrate -- status --json');
  const { operations } = JSON.parse(stdout);
  const executed = ran.filter((each) => each.includes('--execute'));
  expect(operations).toHaveLength(executed.length);
  expect(operations[0]).toMatchObject({
    ...{ command: 'backfill', arguments: ['--execute'], exitCode: 0, endedAt: expect.any(String) },
    ...{ operator: expect.stringMatching(/^arn:aws:iam::000000000000:/), outcome: 'Everything is copied and swept.' },
  });
});

test('falls back with one command, and says how to go on', { timeout: 120_000 }, async () => {
  const { exitCode, stdout } = await paste('npm run -s kpi-migrate -- fallback --reason "users miss data"');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^All reads are on the old tables\.$/m);
  expect(stdout).toMatch(/^Next: npm run -s kpi-migrate -- validate$/m);
  const status = await paste('npm run -s kpi-migrate -- status --json');
  expect(JSON.parse(status.stdout)).toMatchObject({
    position: { state: 'fell-back' },
    operations: expect.arrayContaining([expect.objectContaining({ command: 'fallback', reason: 'users miss data' })]),
  });
});
