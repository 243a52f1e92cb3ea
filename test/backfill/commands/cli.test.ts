import { expect, inject, test } from 'vitest';
import { runCli } from '../../run-cli.ts';

test('--help names every command and is no error', async () => {
  const { exitCode, stdout } = await runCli(['--help']);
  expect(exitCode).toBe(0);
  for (const name of ['local', 'rehearse', 'preflight', 'backfill', 'status', 'quarantine'])
    expect(stdout).toContain(name);
});

test.each([
  ['an unknown command', ['migrate']],
  ['an unknown option', ['backfill', '--force']],
  ['an unknown phase', ['backfill', '--phase', 'kpis']],
  ['a seed that is no number', ['rehearse', '--seed', 'today']],
  ['a rehearsal on somebody’s tables', ['rehearse', '--env', 'production']],
  ['an item without its id', ['quarantine', 'show', 'links']],
])('%s is bad usage', async (_name, given) => {
  const { exitCode, stdout, stderr } = await runCli(given);
  expect(exitCode).toBe(2);
  expect(stderr).not.toBe('');
  expect(stdout).toBe('');
});

test('an unknown environment is answered with those there are', async () => {
  const { exitCode, stderr } = await runCli(['preflight', '--env', 'nowhere']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/nowhere[\s\S]*local[\s\S]*production/);
});

test('with --json a failure, too, is one document on standard output', async () => {
  const { exitCode, stdout } = await runCli(['status', '--env', 'nowhere', '--json']);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ENVIRONMENT_UNKNOWN', exitCode: 2 } });
});

test.each([
  ['preflight', ['preflight', '--json'], (document: unknown) => expect(document).toMatchObject({ ready: false })],
  [
    'backfill',
    ['backfill', '--execute', '--json'],
    (document: unknown) => expect(document).toMatchObject({ error: { code: 'PREFLIGHT_FAILED' } }),
  ],
])('%s refuses where there are no tables, before anything is written', async (_name, given, check) => {
  const { exitCode, stdout } = await runCli(given, { AWS_ENDPOINT_URL_DYNAMODB: inject('engineUrl') });
  expect(exitCode).toBe(1);
  check(JSON.parse(stdout));
});
