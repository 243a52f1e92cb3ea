import type { Command } from 'commander';
import { coloured } from './colours.ts';
import { readStatus } from './commands/status/read-status.ts';
import { openEnvironment } from './environment.ts';
import { jsonOf } from './json.ts';
import type { MakeAction } from './make-action.ts';
import { commandOf, type NextStep, nextStep, withOption, withPasteableCommands } from './next-step.ts';
import { beginOperation } from './operation-record.ts';
import { type CommandResult, describeFailure, EXIT, failureOf, forEnvironment } from './outcome.ts';
import { within } from './within.ts';

/** What every command has, and what those that change something have beside it. */
interface CommonOptions {
  readonly env: string;
  readonly json: boolean;
  readonly execute?: boolean;
  readonly reason?: string;
}

/** Runs an export of a module that is loaded only now, prints its result or why it failed, and the next step. */
export const runCommand: MakeAction = (load, name) => {
  return async (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const named = command.registeredArguments.map((argument, at) => [argument.name(), given[at]]);
    const options: CommonOptions = { ...command.opts<CommonOptions>(), ...Object.fromEntries(named) };
    const record = await recordOf(command, options);
    try {
      const { [name]: execute } = await load();
      // Ctrl-C kills a command that takes no signal.
      const stop = execute.length > 1 ? stopSignal() : new AbortController().signal;
      const result = await execute(options as never, stop);
      process.exitCode = result.exitCode;
      // What came of it comes first: whoever falls back must not wait for a record.
      if (!options.json && result.lines.length > 0) {
        tell(withPasteableCommands(result.lines.join('\n'), options.env));
      }
      await record?.end(result.exitCode, result.lines.at(-1) ?? '');
      await printNext(result, options);
    } catch (error) {
      const failure = forEnvironment(failureOf(error), options.env);
      process.exitCode = failure.exitCode;
      process.stderr.write(`${describeFailure(failure)}\n`);
      if (options.json) process.stdout.write(`${jsonOf({ error: failure })}\n`);
      await record?.end(failure.exitCode, `${failure.code}: ${failure.message}`);
    }
  };
};

/** Only what changes something is recorded. */
async function recordOf(command: Command, { env, execute, reason }: CommonOptions) {
  const isFallback = command.name() === 'fallback';
  // It writes a file of this machine, and before the first deployment there is nothing to record it in.
  if (command.name() === 'init') return undefined;
  if (!execute && !isFallback) return undefined;
  const words = process.argv.slice(2);
  // A fallback waits for nothing: it is recorded when reads are back.
  return beginOperation({ env, command: fullName(command), words, reason, noteBegin: !isFallback });
}

/** The command's name, with that of its group: `quarantine accept`. */
function fullName(command: Command): string {
  const parent = command.parent;
  return parent?.parent ? `${parent.name()} ${command.name()}` : command.name();
}

async function printNext(result: CommandResult, { env, json }: CommonOptions): Promise<void> {
  const next = await nextOf(result, env);
  if (json) process.stdout.write(`${jsonOf(withNext(result.document, next))}\n`);
  else if (next) tell(`${capital(next.why)}.\nNext: ${next.command}`);
}

function tell(text: string): void {
  for (const line of text.split('\n')) process.stdout.write(`${coloured(line, process.stdout)}\n`);
}

function withNext(document: unknown, next: NextStep | undefined): unknown {
  const isObject = document !== null && typeof document === 'object' && !Array.isArray(document);
  return isObject && next ? { ...document, next: { command: next.command, why: next.why } } : document;
}

async function nextOf({ next, exitCode }: CommandResult, env: string): Promise<NextStep | undefined> {
  if (next === 'none') return undefined;
  if (next === 'execute') {
    const words = withOption(process.argv.slice(2), '--execute');
    return { command: commandOf(words), words, why: 'nothing was written; --execute does what the plan says' };
  }
  return next ?? (await nextOfPosition(env, exitCode));
}

/** How long the position may take: a command has come to its end, whatever answers or does not. */
const POSITION_WITHIN_MS = 8_000;

async function nextOfPosition(env: string, exitCode: number): Promise<NextStep | undefined> {
  try {
    const status = openEnvironment(env, 'read').then(readStatus);
    return (await within(POSITION_WITHIN_MS, status)).position.next;
  } catch {
    // What the command came to is told already. `status` says what cannot be read, and why.
    return exitCode === EXIT.done ? nextStep(env, ['status'], 'shows where the migration is') : undefined;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The first Ctrl-C or SIGTERM aborts it, so that the command can finish its page. The second one kills the process. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write('\nStopping after the current page. Once more stops at once.\n');
      process.once(signal, () => {
        process.stderr.write(
          '\nStopped at once. What was saved stays saved: run the same command again to continue.\n',
        );
        process.kill(process.pid, signal);
      });
      stop.abort();
    });
  }
  return stop.signal;
}
