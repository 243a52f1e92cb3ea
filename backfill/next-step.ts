import { shellWord } from '../functions/model/shell-word.ts';
import { commandLine } from '../infra/package-layout.ts';

/** The one command to run next, and why. */
export interface NextStep {
  /** As it is pasted into a shell. */
  readonly command: string;
  /** The words after `kpi-migrate`; absent for a command of another tool. */
  readonly words?: readonly string[];
  readonly why: string;
}

/** The environment that commands use when none is named. */
export const DEFAULT_ENVIRONMENT = 'local';

/** A command of this tool for an environment. */
export function nextStep(environment: string, words: readonly string[], why: string): NextStep {
  const whole = withEnvironment(environment, words);
  return { command: commandOf(whole), words: whole, why };
}

/** The command of these words, as it is pasted into a shell. */
export function commandOf(words: readonly string[]): string {
  return commandLine(words.map(shellWord).join(' '));
}

/** The same command line with an option more. What follows `--` is not an option. */
export function withOption(words: readonly string[], ...option: readonly string[]): string[] {
  const end = words.indexOf('--');
  return end < 0 ? [...words, ...option] : [...words.slice(0, end), ...option, ...words.slice(end)];
}

/** An id as the last words of a command. It may begin with a dash, which would look like an option. */
export function idWords(id: string): string[] {
  return id.startsWith('-') ? ['--', id] : [id];
}

function withEnvironment(environment: string, words: readonly string[]): string[] {
  return environment === DEFAULT_ENVIRONMENT ? [...words] : withOption(words, '--env', environment);
}

const COMMANDS = [
  ...[
    'backfill',
    'backup',
    'cockpit',
    'fallback',
    'held list',
    'init',
    'local',
    'plan',
    'preflight',
    'rehearse',
    'repair',
    'reseed',
  ],
  ...['report', 'retire', 'rollback', 'stage', 'status', 'validate', 'watch'],
  ...['list', 'show', 'accept', 'replay'].map((name) => `quarantine ${name}`),
];
const MENTION = new RegExp(`(?<!npx |-s )\\bkpi-migrate (${COMMANDS.join('|')})\\b(?![^.;]*--env)`, 'g');

/**
 * Names each command of this tool in a text as it is run here, for an environment. Errors and blockers also come from
 * functions that run in AWS, which know neither how this tool is installed nor what its user calls the environment.
 */
export function withPasteableCommands(text: string, environment: string): string {
  return text.replace(MENTION, (_, words: string) => commandOf(withEnvironment(environment, words.split(' '))));
}
