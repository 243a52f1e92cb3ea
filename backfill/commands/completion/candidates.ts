import type { Command, Option } from 'commander';

/** What may stand in place of the word that is being typed. */
export interface Candidate {
  readonly word: string;
  readonly about: string;
}

/** Or the names of folders, which the shell knows best. */
export type Candidates = readonly Candidate[] | 'folders';

/**
 * What may follow the words of a command line. Pure, but for what the program was made from.
 *
 * @param words after the program's name; the last one is being typed, and may be empty.
 */
export function candidatesFor(program: Command, words: readonly string[], environments: readonly string[]): Candidates {
  const typed = words.at(-1) ?? '';
  const before = withoutEquals(words.slice(0, -1));
  // Bash takes `--env=x` for three words.
  if (typed === '=') return valuesOf(optionIn(program, before), '', environments);
  const { command, positions, open } = walk(program, before);
  if (open) return valuesOf(open, typed, environments);
  const [, flag, value] = /^(--[^=]+)=(.*)$/s.exec(typed) ?? [];
  if (flag !== undefined) {
    const values = valuesOf(
      command.options.find(({ long }) => long === flag),
      value ?? '',
      environments,
    );
    return values === 'folders' ? values : values.map((each) => ({ ...each, word: `${flag}=${each.word}` }));
  }
  if (typed.startsWith('-')) return starting(typed, optionsOf(command, before));
  if (command.commands.length > 0) return positions > 0 ? [] : starting(typed, command.commands.map(asCandidate));
  const argument = command.registeredArguments[positions];
  return starting(
    typed,
    (argument?.argChoices ?? []).map((word) => ({ word, about: argument?.description ?? '' })),
  );
}

interface Walked {
  readonly command: Command;
  /** Arguments that stand there already. */
  readonly positions: number;
  /** The option whose value comes next. */
  readonly open?: Option;
}

/** Follows the words to their command. */
function walk(program: Command, words: readonly string[]): Walked {
  let command = program;
  let positions = 0;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word.startsWith('-')) {
      const option = command.options.find(({ long, short }) => long === word || short === word);
      if (option === undefined || option.isBoolean() || !(option.required || option.optional)) continue;
      if (at === words.length - 1) return { command, positions, open: option };
      at += 1;
      continue;
    }
    const named = command.commands.find((each) => each.name() === word);
    if (named) command = named;
    else positions += 1;
  }
  return { command, positions };
}

function optionIn(program: Command, words: readonly string[]): Option | undefined {
  const { command } = walk(program, words.slice(0, -1));
  return command.options.find(({ long }) => long === words.at(-1));
}

/** The words of bash with `--env`, `=` and `x` as `--env` and `x`. */
function withoutEquals(words: readonly string[]): string[] {
  return words.filter((word, at) => !(word === '=' && words[at - 1]?.startsWith('--')));
}

function valuesOf(option: Option | undefined, typed: string, environments: readonly string[]): Candidates {
  if (option === undefined) return [];
  if (option.long === '--env')
    return starting(
      typed,
      environments.map((word) => ({ word, about: 'environment' })),
    );
  if (/<dir>/.test(option.flags)) return 'folders';
  return starting(
    typed,
    (option.argChoices ?? []).map((word) => ({ word, about: option.description })),
  );
}

/** Those that were not given yet, but for those that can be repeated. */
function optionsOf(command: Command, words: readonly string[]): Candidate[] {
  const help = { word: '--help', about: 'display help' };
  const open = command.options.filter(({ long, variadic, parseArg }) => {
    const isRepeatable = variadic || (parseArg?.length ?? 0) > 1;
    return long !== undefined && (isRepeatable || !words.includes(long));
  });
  return [...open.map(({ long, description }) => ({ word: long ?? '', about: description })), help];
}

function asCandidate(command: Command): Candidate {
  return { word: command.name(), about: command.description() };
}

function starting(typed: string, all: readonly Candidate[]): Candidate[] {
  return all.filter(({ word }) => word.startsWith(typed));
}
