import type { Command } from 'commander';

const HELP = new Set(['--help', '-h']);

/**
 * The words without `--help`, where it stands beside a command that does not exist: commander would print the help of
 * everything and call that a success. Without it, the misspelt command is the error, and the nearest one is named.
 */
export function withoutHelpOfUnknown(words: readonly string[], program: Command): string[] {
  return namesUnknown(words, program) ? words.filter((word) => !HELP.has(word)) : [...words];
}

function namesUnknown(words: readonly string[], program: Command): boolean {
  let group = program;
  for (const word of words.filter((each) => !each.startsWith('-'))) {
    if (group.commands.length === 0 || word === 'help') return false;
    const named = group.commands.find((command) => command.name() === word);
    if (named === undefined) return true;
    group = named;
  }
  return false;
}
