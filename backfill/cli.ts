import { CommanderError } from 'commander';
import { commandLine } from '../infra/package-layout.ts';
import { jsonOf } from './json.ts';
import { EXIT } from './outcome.ts';
import { createProgram } from './program.ts';
import { runCommand } from './run-command.ts';
import { leavesAnything } from './within.ts';
import { withoutHelpOfUnknown } from './words.ts';

// `| head` closes the pipe when it has read enough: nobody reads the rest, and the command still goes to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const words = process.argv.slice(2);
const program = createProgram(runCommand);
try {
  await program.parseAsync(withoutHelpOfUnknown(words, program), { from: 'user' });
  // A request that nobody waits for any more would keep the process.
  if (leavesAnything()) process.exit();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error.exitCode !== 0 && words.includes('--json')) process.stdout.write(`${usageErrorOf(error)}\n`);
}

/** A usage error as one document, like any other failure. */
function usageErrorOf({ message }: CommanderError): string {
  const text = message.replace(/^error: /, '');
  return jsonOf({
    error: { exitCode: EXIT.usage, code: 'USAGE', message: text, causes: [], nextStep: commandLine('--help') },
  });
}
