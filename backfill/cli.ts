import { CommanderError } from 'commander';
import { EXIT } from './outcome.ts';
import { createProgram } from './program.ts';
import { runCommand } from './run-command.ts';

try {
  await createProgram(runCommand).parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
}
