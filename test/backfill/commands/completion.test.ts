import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { candidatesFor } from '../../../backfill/commands/completion/candidates.ts';
import { SHELLS, scriptOf } from '../../../backfill/commands/completion/scripts.ts';
import { createProgram } from '../../../backfill/program.ts';
import { runCli, runToEnd } from '../../run-cli.ts';

const program = createProgram(() => async () => {});
const words = (...typed: string[]) => {
  const found = candidatesFor(program, typed, ['dev', 'production']);
  return found === 'folders' ? found : found.map(({ word }) => word);
};

describe('what may follow', () => {
  test.each<[string, string[], readonly string[] | string]>([
    ['a beginning of a command', ['st'], ['status', 'stage']],
    ['a group', ['quarantine', ''], ['list', 'show', 'accept', 'replay']],
    ['a command with choices', ['stage', ''], ['old', 'shadow', 'new']],
    ['a choice that was made', ['stage', 'new', ''], []],
    ['the beginning of an option', ['stage', 'new', '--per'], ['--percent']],
    ['an option that can be repeated', ['stage', 'new', '--tenant', 'a', '--ten'], ['--tenant']],
    ['an option that was given', ['status', '--watch', '--wa'], ['--wait']],
    ['--env', ['status', '--env', ''], ['dev', 'production']],
    ['--env and a beginning', ['status', '--env', 'p'], ['production']],
    ['--env=', ['status', '--env=p'], ['--env=production']],
    ['--env= as bash has it', ['status', '--env', '='], ['dev', 'production']],
    ['--env=p as bash has it', ['status', '--env', '=', 'p'], ['production']],
    ['--env= and more, as bash has it', ['status', '--env', '=', 'dev', '--watc'], ['--watch']],
    ['an option with choices', ['backfill', '--phase', 'r'], ['readings']],
    ['an option for a folder', ['report', '--out', ''], 'folders'],
    ['an option with any value', ['rehearse', '--seed', ''], []],
    ['a second argument of a subcommand', ['quarantine', 'show', 'links', ''], []],
    ['options before the argument', ['quarantine', 'show', '--env', 'dev', 'mile'], ['milestones']],
    ['what there is not', ['nothing', 'here', ''], []],
  ])('%s', (_, typed, expected) => {
    expect(words(...typed)).toEqual(expected);
  });

  test('nothing at all: every command, and no option', () => {
    expect(words('')).toEqual(program.commands.map((command) => command.name()));
  });

  test('a dash: every option of the command, and --help', () => {
    const status = program.commands.find((command) => command.name() === 'status');
    expect(words('status', '-')).toEqual([...(status?.options ?? []).map(({ long }) => long), '--help']);
  });
});

describe('in a real bash', () => {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'));
  const script = join(folder, 'script');
  const bash = (line: string) => runToEnd('bash', ['-c', `source ${script}; ${line}`], { cwd: folder });

  beforeAll(async () => {
    writeFileSync(script, (await runCli(['completion', 'bash'])).stdout);
    const environments = { lab: {}, 'live-eu': {} };
    writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ context: { migration: { environments } } }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each<[string, string[], string[]]>([
    ['a command', ['kpi-migrate', 'fall'], ['fallback']],
    ['an environment of the folder', ['kpi-migrate', 'status', '--env', 'l'], ['lab', 'live-eu']],
    ['an environment after =', ['kpi-migrate', 'status', '--env', '=', 'li'], ['live-eu']],
    ['a word that is empty', ['kpi-migrate', 'held', ''], ['list']],
  ])('completes %s', async (_, typed, expected) => {
    const given = typed.map((word) => `'${word}'`).join(' ');
    const line = `COMP_WORDS=(${given}); COMP_CWORD=${typed.length - 1}; _kpi_migrate; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = await bash(line);
    expect({ words: stdout.trim().split('\n'), stderr }).toEqual({ words: expected, stderr: '' });
  });

  test('makes the command itself where there is none, and completes it', async () => {
    const { stdout } = await bash('complete -p kpi-migrate; kpi-migrate --version');
    expect(stdout).toMatch(/^complete -F _kpi_migrate kpi-migrate\n\d+\.\d+\.\d+\n$/);
  });
});

test.each(SHELLS)('the script for %s starts this program by its file, whatever letters are in its path', (shell) => {
  expect(scriptOf(shell, ['/my node', '/état/bin.js'])).toContain(`'/my node' '/état/bin.js' completion ${shell} -- `);
});

test('the script for bash is one that bash can read', () => {
  expect(() => execFileSync('bash', ['-n'], { input: scriptOf('bash', ['node', 'bin.js']) })).not.toThrow();
});

test('another shell is bad usage, with those there are', async () => {
  const { exitCode, stderr } = await runCli(['completion', 'csh']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('bash, zsh, fish') });
});
