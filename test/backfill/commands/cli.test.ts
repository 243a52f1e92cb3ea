import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { createProgram } from '../../../backfill/program.ts';
import { programFile } from '../../../infra/package-layout.ts';
import { engineUrl } from '../../engine-client.ts';
import { runCli, runToEnd } from '../../run-cli.ts';
import { parsedBy, shellWords } from './status/parse-command.ts';

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
  ['a port that there is not', ['local', '--port', '99999']],
  ['a seed that is no number', ['rehearse', '--seed', 'today']],
  ['a rehearsal on somebody’s tables', ['rehearse', '--env', 'production']],
  ['a retune of nothing', ['retune']],
  ['a budget that is no amount', ['backfill', '--budget-usd', '1e3']],
  ['a ceiling of nothing', ['retune', '--write-units', '0']],
  ['an item without its id', ['quarantine', 'show', 'links']],
])('%s is bad usage', async (_name, given) => {
  const { exitCode, stdout, stderr } = await runCli(given);
  expect(exitCode).toBe(2);
  expect(stderr).not.toBe('');
  expect(stdout).toBe('');
});

test.each([
  ['a misspelt command', ['bakfill', '--help'], /unknown command 'bakfill'[\s\S]*backfill/],
  ['a misspelt subcommand', ['quarantine', 'lst', '--help'], /unknown command 'lst'[\s\S]*list/],
])('%s is an error beside --help, too', async (_name, given, said) => {
  const { exitCode, stdout, stderr } = await runCli(given);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toMatch(said);
});

test.each([
  ['an unknown command', ['migrate', '--json']],
  ['an unknown option', ['backfill', '--json', '--force']],
  ['a missing option', ['quarantine', 'accept', 'links', 'l1', '--json']],
])('with --json %s is one document on standard output', async (_name, given) => {
  const { exitCode, stdout } = await runCli(given);
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'USAGE', exitCode: 2, nextStep: expect.any(String) } });
});

test('every command has an example in its help that it takes', async () => {
  const program = createProgram(() => async () => {});
  const leaves = (commands: readonly Command[]): Command[] =>
    commands.flatMap((command) => (command.commands.length > 0 ? leaves(command.commands) : [command]));
  for (const command of leaves(program.commands)) {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    const examples = help.match(/^ {2}npm run -s kpi-migrate -- .*$/gm) ?? [];
    expect(examples, command.name()).not.toEqual([]);
    for (const example of examples) {
      const [, , , , , ...words] = shellWords(example.trim());
      await expect(parsedBy(words), example).resolves.toBeDefined();
    }
  }
});

test.each([
  ['coloured where FORCE_COLOR asks for it', { FORCE_COLOR: '1' }, true],
  ['plain in a pipe', {}, false],
  ['plain where NO_COLOR asks for it', { NO_COLOR: '1' }, false],
])('the next step is %s', async (_name, variables, isColoured) => {
  const url = engineUrl();
  const { stdout } = await runCli(['preflight'], { AWS_ENDPOINT_URL_DYNAMODB: url, ...variables });
  expect(stdout).toMatch(/Next: npm run/);
  expect(stdout.includes('\u001b[')).toBe(isColoured);
});

test('a reader who has seen enough is no error', async () => {
  const line = `"$0" "$1" completion bash | true; echo "\${PIPESTATUS[0]}"`;
  const words = ['-c', line, process.execPath, programFile('command line')];
  expect(await runToEnd('bash', words)).toEqual({ exitCode: 0, stdout: '0\n', stderr: '' });
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
  const { exitCode, stdout } = await runCli(given, { AWS_ENDPOINT_URL_DYNAMODB: engineUrl() });
  expect(exitCode).toBe(1);
  check(JSON.parse(stdout));
});

test.each([
  ['a busy port', (port: string) => ['--port', port], {}, 'PORT_BUSY'],
  ['no Java', () => [], { PATH: '/nowhere' }, 'JAVA_MISSING'],
])('local finds %s before it begins with anything', async (_name, options, variables, code) => {
  const { port } = new URL(engineUrl());
  const { exitCode, stdout, stderr } = await runCli(['local', ...options(port)], variables);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(new RegExp(`^${code}: [\\s\\S]*Next: `));
  expect(stderr + stdout).not.toContain('synthesising');
});
