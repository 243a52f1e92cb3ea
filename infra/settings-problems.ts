import * as z from 'zod';
import { nameOf, reasonOf } from '../functions/model/plain-problems.ts';
import { printable } from '../functions/model/printable.ts';
import { didYouMean, nearestName } from './did-you-mean.ts';

type Path = readonly (string | number)[];

/** The line of cdk.json that a setting is in; undefined where that is not known. */
export type LineOf = (path: Path) => number | undefined;

/** What a JSON schema says of one setting. */
interface Facts {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Facts>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Facts | false;
  readonly items?: Facts;
  readonly anyOf?: readonly Facts[];
}

/**
 * Checks settings, and says every problem in plain words: the key and its line, what was found, what is allowed in which
 * unit, and the default.
 */
export function checkSettings<T>(
  schema: z.ZodType<T>,
  given: unknown,
  lineOf: LineOf,
): { readonly settings: T } | { readonly problems: readonly string[] } {
  const parsed = schema.safeParse(given, { error: shortReasonOf, reportInput: true });
  if (parsed.success) return { settings: parsed.data };
  const facts = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Facts;
  return { problems: parsed.error.issues.flatMap((issue) => describeIssue(issue, given, facts, lineOf)) };
}

function describeIssue(issue: z.core.$ZodIssue, given: unknown, whole: Facts, lineOf: LineOf): string[] {
  const path = issue.path as Path;
  const facts = factsAt(whole, path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => describeUnknown([...path, key], facts, whole, lineOf([...path, key])));
  }
  const found = path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], given);
  const isRequired = isRequiredAt(whole, path);
  const parts = [
    describeFound(found, issue),
    ...describeAllowed(issue, facts, path),
    ...describeDefault(facts, isRequired),
  ];
  return [`${nameOf(path) || 'the environment'}${lineText(lineOf(path))}: ${parts.join('. ')}.`];
}

function describeFound(found: unknown, { message }: z.core.$ZodIssue): string {
  // What is compared is part of the message: a whole object would only hide it.
  if (found === undefined) return message || 'is missing';
  if (typeof found === 'object' && found !== null) {
    const what = Array.isArray(found) ? 'a list' : 'an object';
    return message === '' ? `found ${what}` : message;
  }
  return `found ${quoted(found)}${message === '' ? '' : `, which ${message}`}`;
}

/** What is allowed follows: a reason that only says that again is left out. */
function shortReasonOf(issue: z.core.$ZodRawIssue): string {
  const isFound = typeof issue.input === 'string' || typeof issue.input === 'number';
  if (issue.code === 'invalid_type') return isFound ? reasonOf(issue) : '';
  return issue.code === 'invalid_value' || issue.code === 'invalid_union' ? '' : reasonOf(issue);
}

function describeAllowed(issue: z.core.$ZodIssue, facts: Facts | undefined, path: Path): string[] {
  if (facts === undefined) return [];
  // The reason already says what a text has to look like, and what two settings have to do with each other.
  const isTold = issue.code === 'custom' || (issue.code === 'invalid_format' && facts.description === undefined);
  return isTold ? [] : [`Allowed: ${allowed(facts, unitOf(path))}`];
}

function describeDefault(facts: Facts | undefined, isRequired: boolean): string[] {
  const { default: given } = facts ?? {};
  if (given === undefined) return isRequired ? [] : ['It may be left out'];
  if (typeof given === 'object') return [];
  return [`Default: ${typeof given === 'number' ? figure(given) : quoted(given)}`];
}

/** An element of a list, and the environment itself, cannot be left out. */
function isRequiredAt(whole: Facts, path: Path): boolean {
  const name = path.at(-1);
  return typeof name !== 'string' || (factsAt(whole, path.slice(0, -1))?.required?.includes(name) ?? false);
}

function allowed(facts: Facts, unit: string | undefined): string {
  if (facts.description !== undefined) return facts.description;
  if (facts.anyOf !== undefined) return facts.anyOf.map((each) => allowed(each, unit)).join(', or ');
  if (facts.enum !== undefined) return facts.enum.map(quoted).join(' or ');
  const units = unit === undefined ? '' : ` ${unit}`;
  switch (facts.type) {
    case 'integer':
      return `a whole number from ${figure(leastWhole(facts))} to ${figure(mostWhole(facts))}${units}`;
    case 'number':
      return `a number ${rangeOf(facts)}${units}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list, each ${facts.items ? allowed(facts.items, unit) : 'of any kind'}`;
    case 'object':
      return facts.properties ? `an object with ${Object.keys(facts.properties).join(', ')}` : 'an object';
    case 'null':
      return 'null';
    default:
      return 'a text in double quotes';
  }
}

function leastWhole({ minimum, exclusiveMinimum }: Facts): number {
  return minimum ?? (exclusiveMinimum ?? 0) + 1;
}

function mostWhole({ maximum, exclusiveMaximum }: Facts): number {
  return maximum ?? (exclusiveMaximum ?? 0) - 1;
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Facts): string {
  if (minimum !== undefined) return `from ${figure(minimum)}${maximum === undefined ? '' : ` to ${figure(maximum)}`}`;
  return `above ${figure(exclusiveMinimum ?? 0)}${maximum === undefined ? '' : `, up to ${figure(maximum)}`}`;
}

/** What the names of settings end with, and the unit that this says. The longest come first. */
const UNITS: readonly (readonly [ending: RegExp, unit: string])[] = [
  [/^usdPerMillion/, 'US dollars a million units'],
  [/ReadUnitsPerSecond$/, 'read units a second'],
  [/WriteUnitsPerSecond$/, 'write units a second'],
  [/requestsPerSecondMax$/, 'requests a second'],
  [/PerMinute$/, 'reads a minute'],
  [/Seconds(Max)?$/, 'seconds'],
  [/Minutes$/, 'minutes'],
  [/Days$/, 'days'],
  [/Percent$/, 'percent'],
  [/Megabytes$/, 'megabytes'],
  [/^batchSize$/, 'records'],
  [/^recordConcurrency$/, 'records at once'],
  [/Concurrency$/i, 'invocations at once'],
  [/^parallelizationFactor$/, 'batches a shard'],
  [/Attempts$/, 'attempts'],
  [/^segments$/, 'segments'],
  [/^burstMax$/, 'requests'],
  [/Parts$/, 'parts'],
];

/** The unit of a number; undefined where the setting is none. */
function unitOf(path: Path): string | undefined {
  const name = String(path.at(-1));
  return UNITS.find(([ending]) => ending.test(name))?.[1];
}

function describeUnknown(path: Path, parent: Facts | undefined, whole: Facts, line: number | undefined): string {
  const known = Object.keys(parent?.properties ?? {});
  const near = didYouMean(String(path.at(-1)), known, prefixOf(path));
  return `${nameOf(path)}${lineText(line)}: there is no such setting.${near || elsewhere(path, whole) || listed(known)}`;
}

/** A key that is in another object. One whose object has the same name is there for another reason. */
function elsewhere(path: Path, whole: Facts): string {
  const paths = pathsOf(whole).filter((each) => each.at(-2) !== path.at(-2));
  const name = nearestName(
    String(path.at(-1)),
    paths.map((each) => String(each.at(-1))),
  );
  const places = paths.filter((each) => each.at(-1) === name);
  return places.length === 0 ? '' : ` Did you mean ${places.map(nameOf).join(' or ')}?`;
}

function listed(known: readonly string[]): string {
  return known.length === 0 ? '' : ` Known here: ${known.join(', ')}.`;
}

function pathsOf({ properties }: Facts): Path[] {
  return Object.entries(properties ?? {}).flatMap(([key, facts]) => [
    [key],
    ...pathsOf(facts).map((path) => [key, ...path]),
  ]);
}

function factsAt(whole: Facts, path: Path): Facts | undefined {
  return path.reduce<Facts | undefined>((facts, key) => {
    if (typeof key === 'number') return facts?.items ?? facts?.anyOf?.find(({ items }) => items)?.items;
    return facts?.properties?.[key] ?? (facts?.additionalProperties || undefined);
  }, whole);
}

function prefixOf(path: Path): string {
  return path.length === 1 ? '' : `${nameOf(path.slice(0, -1))}.`;
}

function lineText(line: number | undefined): string {
  return line === undefined ? '' : ` (line ${line})`;
}

const VALUE_LENGTH_MAX = 60;

function quoted(value: unknown): string {
  const text = printable(JSON.stringify(value));
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}…` : text;
}

function figure(value: number): string {
  return value.toLocaleString('en-US');
}
