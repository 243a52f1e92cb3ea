import { type Command, InvalidArgumentError, Option } from 'commander';
import { SOURCES } from '../functions/migration/sources.ts';
import { SERVICE_TABLES } from '../functions/migration/tables.ts';
import { didYouMean } from '../infra/did-you-mean.ts';
import { commandLine } from '../infra/package-layout.ts';
import { DEFAULT_ENVIRONMENT } from './next-step.ts';

/** A command with what every command has: environment, form of the output, examples. */
export function addCommand(
  parent: Command,
  nameAndArguments: string,
  description: string,
  ...examples: string[]
): Command {
  const command = parent
    .command(nameAndArguments)
    .description(description)
    .option('--env <name>', 'the environment in cdk.json', DEFAULT_ENVIRONMENT)
    .option('--json', 'print one JSON document on standard output, and everything else on standard error', false);
  const lines = examples.map((example) => `\n  ${commandLine(example)}`);
  return command.addHelpText('after', `\nExample${lines.length > 1 ? 's' : ''}:${lines.join('')}`);
}

/** A command that changes something: it shows a plan without --execute, and is recorded with it. */
export function withExecute(command: Command, effect: string): Command {
  return withReason(command.option('--execute', effect, false));
}

export function withReason(command: Command): Command {
  return command.option('--reason <text>', 'why, for the record of who did what');
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

export function portNumber(text: string): number {
  return portFrom(1, text);
}

/** DynamoDB Local refuses port 1. */
export function enginePort(text: string): number {
  return portFrom(2, text);
}

/** Capacity units a second. */
export function unitsPerSecond(text: string): number {
  const units = wholeNumber(text);
  if (units < 1 || units > 1_000_000) throw new InvalidArgumentError('Give a whole number from 1 to 1000000.');
  return units;
}

/** US dollars. */
export function dollars(text: string): number {
  const usd = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && usd > 0 && usd <= 1_000_000) return usd;
  throw new InvalidArgumentError('Give an amount of US dollars above 0, as 12.50.');
}

function portFrom(least: number, text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port >= least && port <= 65_535) return port;
  throw new InvalidArgumentError(`Give a port from ${least} to 65535.`);
}

export function percentage(text: string): number {
  const percent = Number(text);
  if (!/^\d+(\.\d{1,2})?$/.test(text) || percent > 100) {
    throw new InvalidArgumentError('Give a number from 0 to 100, with at most two decimals.');
  }
  return percent;
}

/** `ROLE=NAME`, one more for those before. */
export function tableOfRole(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, role = '', name = ''] = /^([^=]*)=(.+)$/.exec(text) ?? [];
  if (SERVICE_TABLES.some((each) => each === role)) return { ...before, [role]: name };
  const near = didYouMean(role, SERVICE_TABLES);
  throw new InvalidArgumentError(`Give ROLE=NAME, with one of these roles: ${SERVICE_TABLES.join(', ')}.${near}`);
}

/** A step that asks for what the environment before has come through. */
export function withPromotion(command: Command): Command {
  return command
    .option('--evidence <dir>', 'the audit bundle of the environment before, where this one asks for it')
    .addOption(
      new Option('--without-evidence-by <name>', 'who answers for going on without that bundle').conflicts('evidence'),
    );
}

/** The effect of `--execute` on most commands. */
export const WRITES = 'write to the tables';

/** Where a backfill runs. */
export const HOSTS = ['here', 'workflow'] as const;

export function host(): Option {
  return new Option('--on <host>', 'where it runs: in this process, or on Step Functions')
    .choices(HOSTS)
    .default('here');
}

export function phase(): Option {
  return new Option('--phase <source>', 'only this source').choices(SOURCES);
}
