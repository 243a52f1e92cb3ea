import { programFile } from '../../../infra/package-layout.ts';
import { readSettingsFile } from '../../../infra/settings-file.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { createProgram } from '../../program.ts';
import { candidatesFor } from './candidates.ts';
import { FOLDERS, type Shell, scriptOf } from './scripts.ts';

export interface CompletionOptions {
  readonly shell: Shell;
  /** What was typed so far. */
  readonly words: readonly string[];
}

/** `completion`: the script for a shell; with words, which the script gives, what may follow them. */
export async function completionCommand({ shell, words }: CompletionOptions): Promise<CommandResult> {
  const lines = words.length === 0 ? script(shell) : linesFor(words);
  return { exitCode: EXIT.done, document: { lines }, lines, next: 'none' };
}

function script(shell: Shell): string[] {
  return scriptOf(shell, [process.execPath, programFile('command line')]).split('\n');
}

function linesFor(words: readonly string[]): string[] {
  const program = createProgram(() => async () => {});
  const found = candidatesFor(program, words, environmentNames());
  return found === 'folders' ? [FOLDERS] : found.map(({ word, about }) => `${word}\t${about}`);
}

/** A shell that completes has nowhere to say what is wrong with cdk.json: the command itself says it. */
function environmentNames(): string[] {
  try {
    const { migration } = readSettingsFile().context as { migration?: { environments?: object } };
    return Object.keys(migration?.environments ?? {});
  } catch {
    return [];
  }
}
