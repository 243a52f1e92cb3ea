import type * as z from 'zod';
import { printable } from './printable.ts';

/**
 * Why a value was refused, in plain words that follow "which". A reason that the schema itself gives comes before it. Pass it
 * to `safeParse` as `error`.
 */
export function reasonOf(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return typeReason(issue);
    case 'too_big':
      return `is more than ${Number(issue.maximum).toLocaleString('en-US')}`;
    case 'too_small': {
      if (issue.origin !== 'number') return 'is empty';
      const minimum = Number(issue.minimum).toLocaleString('en-US');
      return issue.inclusive ? `is less than ${minimum}` : `is not above ${minimum}`;
    }
    case 'invalid_value':
      return `is not ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'unrecognized_keys':
      return `has ${issue.keys.map(printable).join(', ')}, which nothing knows`;
    default:
      return 'is not allowed here';
  }
}

function typeReason({ expected, input }: z.core.$ZodRawIssue & { readonly expected?: unknown }): string {
  if (Number.isNaN(input)) return 'is no number';
  if (expected === 'int' && typeof input === 'number') return 'is no whole number';
  return `is ${kindOf(input)}`;
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  return KINDS[typeof input] ?? 'of another kind';
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  object: 'an object',
};

/** Each problem of what was parsed with {@link reasonOf}: `TABLE_NAMES is missing`. */
export function describeProblems(error: z.core.$ZodError): string[] {
  return error.issues.map(({ path, message }) => `${nameOf(path) || 'it'} ${message}`);
}

/** `readPath.callers[0].principal`; empty for the value as a whole. */
export function nameOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    const text = printable(String(key));
    return name === '' ? text : `${name}.${text}`;
  }, '');
}
