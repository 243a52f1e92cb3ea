import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');

/** A mistake that compiles and passes ordinary tests, and how its text looks. */
interface Pitfall {
  readonly name: string;
  readonly pattern: RegExp;
  /** What else a file has in which it is a mistake. */
  readonly beside?: RegExp;
  readonly instead: string;
  /** Folders it must not be in. */
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
  {
    name: 'the path of a URL taken for that of a file',
    // Of a folder `my check` it is `my%20check`.
    pattern: /\bpathname\b|\.href\.(?:slice|replace)/,
    beside: /import\.meta\.url|file:/,
    instead: 'import.meta.dirname, or fileURLToPath',
    places: [...PRODUCT, 'test'],
    wrong: [
      "const SAMPLE = new URL('../sample', import.meta.url).pathname;",
      'const { pathname } = new URL(import.meta.url);',
      "const path = new URL('x', import.meta.url).href.slice(7);",
    ],
    right: ["const SAMPLE = join(import.meta.dirname, '../sample');", 'const found = findRoute(routes, url.pathname);'],
  },
  {
    name: 'lines split by node:readline',
    // It also splits at U+2028 and U+2029, which JSON may hold as they are.
    pattern: /\bcreateInterface\(|\breadLines\(/,
    instead: 'backfill/local/export/export-lines.ts',
    places: PRODUCT,
    wrong: ['for await (const line of createInterface({ input })) yield line;'],
    right: ['for await (const line of gunzippedLines(path)) yield line;'],
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
  return readdirSync(join(ROOT, place), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(place, name));
}

/** The lines of a file that have the mistake. */
function findIn(text: string, { pattern, beside }: Pitfall): { readonly line: string; readonly number: number }[] {
  if (beside && !beside.test(text)) return [];
  return codeOf(text)
    .map((line, at) => ({ line, number: at + 1 }))
    .filter(({ line }) => pattern.test(line));
}

const THIS_FILE = 'test/pitfalls.test.ts';

describe.each(PITFALLS)('$name', (pitfall) => {
  test(`is nowhere: write ${pitfall.instead}`, () => {
    const paths = pitfall.places.flatMap(filesOf).filter((path) => path !== THIS_FILE);
    const found = paths.flatMap((path) =>
      findIn(readFileSync(join(ROOT, path), 'utf8'), pitfall).map(({ line, number }) => `${path}:${number}: ${line}`),
    );
    expect(paths.length).toBeGreaterThan(100);
    expect(found).toEqual([]);
  });

  test.each(pitfall.wrong)('is found in: %s', (line) => {
    expect(findIn(line, pitfall)).toHaveLength(1);
  });

  test.each(pitfall.right)('is not found in: %s', (line) => {
    expect(findIn(line, pitfall)).toEqual([]);
  });
});
