import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { MigrationError } from '../functions/model/migration-error.ts';
import { PACKAGE_ROOT } from './package-layout.ts';
import { parseSettings, partOf, type Settings } from './settings.ts';
import type { LineOf } from './settings-problems.ts';

export interface SettingsFile {
  readonly path: string;
  readonly text: string;
  /** The context of cdk.json, which holds all environments. */
  readonly context: unknown;
  readonly lineOf: LineOf;
}

/**
 * Reads the settings of one environment from cdk.json: that of the current folder, as the CDK command line does.
 *
 * @throws MigrationError SETTINGS_UNREADABLE; ENVIRONMENT_UNKNOWN; SETTINGS_INVALID
 */
export function readSettings(name: string, cdkJsonPath?: string): Settings {
  const { context, lineOf } = readSettingsFile(cdkJsonPath);
  return parseSettings(context, name, lineOf);
}

/** @throws MigrationError SETTINGS_UNREADABLE where it is missing or no JSON; SETTINGS_INVALID without a context. */
export function readSettingsFile(path: string = resolve('cdk.json')): SettingsFile {
  const text = textOf(path);
  const { tree, content } = parseJson(path, text);
  const context = partOf('', content, 'context');
  requireOnce(path, text, findNodeAtLocation(tree, ['context', 'migration']));
  const lineOf: LineOf = (place) => {
    const node = findNodeAtLocation(tree, ['context', ...place]);
    return node && positionOf(text, (node.parent?.type === 'property' ? node.parent : node).offset).line;
  };
  return { path, text, context, lineOf };
}

const READ_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you may not read it',
};

function textOf(path: string): string {
  try {
    // CDK ignores a byte order mark, too.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    throw new MigrationError('SETTINGS_UNREADABLE', `${path} cannot be read: ${READ_FAULTS[code] ?? message}.`, {
      cause,
      nextStep: `Run in the folder that holds your cdk.json; ${join(PACKAGE_ROOT, 'cdk.json')} is one to begin with. To write one from the tables of your account: kpi-migrate init --region REGION`,
    });
  }
}

function parseJson(path: string, text: string): { readonly tree: Node; readonly content: unknown } {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  try {
    const content: unknown = JSON.parse(text);
    if (tree !== undefined) return { tree, content };
    throw new SyntaxError('There is nothing in it.');
  } catch (cause) {
    throw notJson(path, text, errors, cause);
  }
}

function notJson(path: string, text: string, [first]: readonly ParseError[], cause: unknown): MigrationError {
  const nextStep = 'Correct the JSON of cdk.json.';
  if (text.trim() === '' || first === undefined) {
    const what = text.trim() === '' ? 'it is empty' : (cause as Error).message;
    return new MigrationError('SETTINGS_UNREADABLE', `${path} is no JSON: ${what}`, { cause, nextStep });
  }
  const { line, column } = positionOf(text, first.offset);
  const what = JSON_FAULTS[printParseErrorCode(first.error)] ?? 'this is no JSON';
  const shown = (text.split('\n')[line - 1] ?? '').replaceAll('\t', ' ').trimEnd();
  const from = Math.max(0, column - 60);
  const excerpt = [shown.slice(from, from + 100), `${' '.repeat(column - 1 - from)}^`].map((each) => `  ${each}`);
  return new MigrationError(
    'SETTINGS_UNREADABLE',
    [`${path}, line ${line}, column ${column}: ${what}.`, ...excerpt].join('\n'),
    { cause, nextStep },
  );
}

/** By the parser's names of what is wrong. */
const JSON_FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'JSON knows no such word or sign; texts and keys are in double quotes',
  InvalidNumberFormat: 'this is no number',
  PropertyNameExpected: 'a key in double quotes is missing, or a comma before it is one too many',
  ValueExpected: 'a value is missing, or a comma before it is one too many',
  ColonExpected: 'a colon is missing after the key',
  CommaExpected: 'a comma is missing before this',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'the file goes on after its end: there is one } or ] too many',
  InvalidCommentToken: 'JSON has no comments',
  UnexpectedEndOfComment: 'JSON has no comments',
  UnexpectedEndOfString: 'a text has no closing double quote on its line',
  UnexpectedEndOfNumber: 'this is no number',
  InvalidUnicode: 'after \\u there are four hexadecimal digits',
  InvalidEscapeCharacter: 'JSON knows no such character after a backslash',
  InvalidCharacter: 'a text holds a control character, such as a tab',
};

/** JSON itself keeps the last of two values under one key, without a word. */
function requireOnce(path: string, text: string, node: Node | undefined): void {
  if (node === undefined) return;
  const seen = new Map<string, Node>();
  for (const property of node.type === 'object' ? (node.children ?? []) : []) {
    const [key] = property.children ?? [];
    const first = seen.get(key?.value);
    if (first !== undefined) {
      const [one, other] = [first, property].map(({ offset }) => positionOf(text, offset).line);
      throw new MigrationError(
        'SETTINGS_INVALID',
        `${path} has the key "${key?.value}" twice: lines ${one} and ${other}.`,
        {
          nextStep: 'Leave one of them in cdk.json: only the last would count.',
        },
      );
    }
    seen.set(key?.value, property);
  }
  for (const child of node.children ?? []) requireOnce(path, text, child);
}

/** From 1, as editors count. */
function positionOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
