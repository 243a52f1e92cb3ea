import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** A mistake that compiles and passes ordinary tests, and how its text looks. */
interface Pitfall {
  readonly name: string;
  readonly pattern: RegExp;
  readonly instead: string;
  /** Folders and files it must not be in. */
  readonly places: readonly string[];
  /** Lines in which it must be found. */
  readonly wrong: readonly string[];
  /** Lines that look like it and are right. */
  readonly right: readonly string[];
}

const PRODUCT = ['functions', 'backfill', 'infra'];

const PITFALLS: readonly Pitfall[] = [
  {
    name: 'counts or lists kept under keys of a plain object',
    // The same element is read, defaulted and written back, or an element is changed in place.
    pattern:
      /([\w.#]+)\[(?!at\]|index\])([a-z_]\w*(?:\.\w+)*)\](?: = \(?\1\[\2\] (?:\?\?|\|\|)| (?:\?\?=|\|\|=)|\s*\+\+)/,
    instead: 'a Map (functions/model/counts-by-name.ts)',
    places: PRODUCT,
    wrong: [
      'counts[name] = (counts[name] ?? 0) + 1;',
      'sum.byTenant[tenantId] = (sum.byTenant[tenantId] ?? 0) + by;',
      'this.#counts[reason.code] = this.#counts[reason.code] || 0;',
      'groups[key] ??= [];',
      'seen[id]++;',
    ],
    right: ['counts.set(name, (counts.get(name) ?? 0) + 1);', 'words[at] ??= 0;', 'const first = rows[key] ?? 0;'],
  },
  {
    name: 'a plain object that is filled by names',
    pattern:
      /(?:const|let) \w+: .*Record<string, [^=]*> = \{(?:\}(?!\))|\s*\.\.\.)|\{\} as (?:Readonly<)?Record<string,/,
    instead: 'a Map; Object.fromEntries where an object is wanted in the end',
    places: PRODUCT,
    wrong: [
      'const counts: Record<string, number> = {};',
      'const counts: Readonly<Record<string, readonly string[]>> = { ...before };',
      'const counts = {} as Record<string, number>;',
    ],
    right: [
      'const STATUS: Readonly<Record<string, number>> = { QUERY_INVALID: 400 };',
      'const sum: Partial<Record<Source, number>> = {};',
      'readonly names: Record<string, string> = {};',
    ],
  },
  {
    name: '`in` with a name that is not written there',
    pattern: /(?<!for \((?:const|let) )\b(?<!['"`])[a-z_]\w*(?:\.\w+)* in (?!the\b|an?\b)[a-z_][\w.]*[\s;)?&|]/,
    instead: 'Object.hasOwn, a Map or a Set',
    places: PRODUCT,
    wrong: ['if (name in counts) return;', 'return pass in options.estimates ? 1 : 2;', 'if (entry.key in known) {'],
    right: [
      "if ('S' in value) return value.S;",
      'const said = `items in quarantine`;',
      'for (const name in item) bytes += 1;',
      '[Name in keyof Line]: 1',
    ],
  },
];

/** The lines of a file without comments and without what texts say; the expressions in a template stay. */
function codeOf(text: string): string[] {
  const withoutBlocks = text.replace(/\/\*[\s\S]*?\*\//g, (block) => block.replace(/[^\n]/g, ''));
  return withoutBlocks.split('\n').map((line) =>
    line
      .replace(/^\s*\/\/.*|\s\/\/ .*/, '')
      .replace(/'(?:[^'\\]|\\.)*'/g, "''")
      .replace(/`[^`]*`/g, (template) => [...template.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1]).join('; ')),
  );
}

function filesOf(place: string): string[] {
  if (/\.\w+$/.test(place)) return [place];
  return readdirSync(join(ROOT, place), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(place, name));
}

describe.each(PITFALLS)('$name', ({ pattern, instead, places, wrong, right }) => {
  test(`is nowhere: write ${instead}`, () => {
    const found = places
      .flatMap(filesOf)
      .flatMap((path) =>
        codeOf(readFileSync(join(ROOT, path), 'utf8')).flatMap((line, at) =>
          pattern.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [],
        ),
      );
    expect(found).toEqual([]);
  });

  test.each(wrong)('is found in: %s', (line) => {
    expect(codeOf(line).some((each) => pattern.test(each))).toBe(true);
  });

  test.each(right)('is not found in: %s', (line) => {
    expect(codeOf(line).some((each) => pattern.test(each))).toBe(false);
  });
});
