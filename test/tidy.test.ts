import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONGEST } from './longest-first.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDERS = ['functions', 'backfill', 'infra'];
const LINES_MAX = 260;

/** The rooms that every function is built from, lowest first. */
const GROUND = ['functions/model', 'functions/tables', 'functions/runtime'];
const ROOMS = [
  ...GROUND,
  'functions/sync',
  'functions/validation',
  'functions/flag',
  'functions/gate',
  'functions/read',
  'functions/read/sides',
  'functions/read/http',
];

/** Files of infra that say how the product lies on disk and what its settings are. */
const OUTSIDE = ['infra/settings.ts', 'infra/package-layout.ts', 'infra/requirements.ts'];
const COMMAND_LINE = ['backfill', 'backfill/lease', 'backfill/copy', 'backfill/commands'];

/** Which part of the product may import which: the order in which data flows (README.md). No room imports an entry. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'functions/model': ['functions/model'],
  'functions/tables': ['functions/tables', 'functions/model'],
  'functions/runtime': GROUND,
  'functions/sync': [...GROUND, 'functions/sync'],
  'functions/validation': [...GROUND, 'functions/validation'],
  'functions/flag': ['functions/flag', 'functions/runtime', 'functions/model'],
  'functions/gate': [...GROUND, 'functions/flag', 'functions/gate'],
  'functions/read': [...GROUND, 'functions/flag', 'functions/read', 'functions/read/sides'],
  'functions/read/sides': ['functions/model', 'functions/tables', 'functions/read', 'functions/read/sides'],
  'functions/read/http': [...GROUND, 'functions/read', 'functions/read/http'],
  // The Lambda entries: each is a function of its own, so none imports another.
  functions: ROOMS,
  'backfill/lease': [...GROUND, 'backfill/lease', 'backfill/environment.ts', 'backfill/operator.ts', ...OUTSIDE],
  'backfill/copy': [...GROUND, 'functions/sync', 'backfill/copy', 'backfill/lease', 'backfill/progress.ts'],
  'backfill/commands': [...ROOMS, ...COMMAND_LINE, ...OUTSIDE],
  // The local cloud and the rehearsal run the product. Nothing of the product but the command line starts them.
  'backfill/local': [...ROOMS, ...COMMAND_LINE, 'backfill/local', ...OUTSIDE],
  backfill: [...ROOMS, ...COMMAND_LINE, 'backfill/local', ...OUTSIDE],
  // Pure files that say what a document, a name or a setting may be.
  infra: [
    'infra',
    'functions/flag/document.ts',
    'functions/flag/names.ts',
    'functions/model/migration-error.ts',
    'functions/model/sources.ts',
    'functions/tables/dynamo/key-schemas.ts',
    'functions/read/http/callers.ts',
    'functions/read/http/http-routes.ts',
    'functions/runtime/metrics.ts',
  ],
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sourceFiles(folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => {
        const path = join(folder, name);
        const text = readFileSync(join(ROOT, path), 'utf8');
        return { path, text, imports: importsOf(text) };
      }),
  );
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name ?? '');
}

/** The part of the product a path belongs to: the longest key of {@link MAY_IMPORT} that it lies under. */
function partOf(path: string): string {
  const parts = Object.keys(MAY_IMPORT).filter((part) => path.startsWith(`${part}/`));
  return parts.sort((left, right) => right.length - left.length)[0] ?? path;
}

function forbiddenImports(file: Pick<SourceFile, 'path' | 'imports'>): string[] {
  const allowed = MAY_IMPORT[partOf(file.path)] ?? [];
  return file.imports
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(ROOT, resolve(ROOT, dirname(file.path), name)))
    .filter((target) => !allowed.includes(partOf(target)) && !allowed.includes(target));
}

function forbiddenClients(file: Pick<SourceFile, 'path' | 'imports'>): string[] {
  const allowed =
    file.path.startsWith('functions/tables/') ||
    file.path.startsWith('functions/flag/') ||
    file.path.startsWith('backfill/local/');
  return allowed ? [] : file.imports.filter((name) => name.startsWith('@aws-sdk/'));
}

/** The two files that send reads of DynamoDB by key; they answer by themselves for keys that no item can have. */
const KEYED_READERS = ['functions/tables/dynamo/dynamo-reads.ts', 'functions/tables/dynamo/dynamo-queries.ts'];
/** The one that does so with JavaScript's own values. */
const PLAIN_ROWS = 'functions/tables/dynamo/dynamo-plain-rows.ts';

function unguardedReads({ path, text }: Pick<SourceFile, 'path' | 'text'>): string[] {
  if (!path.startsWith('functions/') || [...KEYED_READERS, PLAIN_ROWS].includes(path)) return [];
  return [...text.matchAll(/\b((?:Batch|Transact)?Get(?:Item|Items)?Command|QueryCommand|paginateQuery)\b/g)].map(
    ([, name]) => name ?? '',
  );
}

/** The steps of a decision. The model puts them together once, in `demand.ts`; everyone else asks for the demand. */
const STEPS = [
  'parseLink',
  'userOfLink',
  'mapLink',
  'parseRecord',
  'mapRecord',
  'personOfOwner',
  'mapPersonalLink',
  'earliestDate',
];

function stepsTaken({ path, text }: Pick<SourceFile, 'path' | 'text'>): string[] {
  if (path.startsWith('functions/model/')) return [];
  const imported = [...text.matchAll(/import\s*(?:type\s*)?\{([^}]*)\}/g)].flatMap(
    ([, names]) => names?.match(/\w+/g) ?? [],
  );
  return imported.filter((name) => STEPS.includes(name));
}

/** Compiled, a file lies elsewhere: only one may reckon from where it is. Packages are resolved by name. */
function reckonsFromItself({ path, text }: Pick<SourceFile, 'path' | 'text'>): boolean {
  return (
    path !== 'infra/package-layout.ts' && text.replaceAll('createRequire(import.meta.url)', '').includes('import.meta')
  );
}

const PROSE_LENGTH_MAX = 120;

/** Lines of a document that are too long to read. Cells of tables and lines of code cannot be wrapped. */
function longProse(document: string): string[] {
  let isCode = false;
  return document.split('\n').filter((line) => {
    const isFence = /^\s*```/.test(line);
    if (isFence) isCode = !isCode;
    return !isFence && !isCode && !/^\s*\|/.test(line) && line.length > PROSE_LENGTH_MAX;
  });
}

describe('the tree', () => {
  const files = sourceFiles(FOLDERS);

  test('imports only along the flow', () => {
    expect(files.flatMap((file) => forbiddenImports(file).map((target) => `${file.path} → ${target}`))).toEqual([]);
  });

  test('talks to AWS only in functions/tables, functions/flag and backfill/local', () => {
    expect(files.flatMap((file) => forbiddenClients(file).map((name) => `${file.path} → ${name}`))).toEqual([]);
  });

  test('reads by key only where impossible keys are known', () => {
    expect(files.flatMap((file) => unguardedReads(file).map((name) => `${file.path}: ${name}`))).toEqual([]);
  });

  test('leaves it to the model to decide what an old item demands', () => {
    expect(files.flatMap((file) => stepsTaken(file).map((name) => `${file.path}: ${name}`))).toEqual([]);
  });

  test('finds its own files by infra/package-layout.ts', () => {
    expect(files.filter(reckonsFromItself).map(({ path }) => path)).toEqual([]);
  });

  test('has files that one reader can hold in mind', () => {
    const long = [...files, ...sourceFiles(['test/simulation'])].filter(
      (file) => file.text.split('\n').length > LINES_MAX,
    );
    expect(long.map((file) => `${file.path}: ${file.text.split('\n').length} lines`)).toEqual([]);
  });

  test('has only the top level that was given', () => {
    const given =
      'README.md backfill cdk.json functions infra package-lock.json package.json runbook.md test tsconfig.json';
    const generated = 'cdk.out coverage dist node_modules';
    const known = new Set([...given.split(' '), ...generated.split(' ')]);
    expect(readdirSync(ROOT).filter((name) => !name.startsWith('.') && !known.has(name))).toEqual([]);
  });
});

describe('the guards themselves', () => {
  test.each([
    ['functions/model/mapping.ts', '../tables/old-tables.ts'],
    ['functions/sync/fan-out.ts', '../../backfill/copier.ts'],
    ['functions/sync/stream-handler.ts', '../replicate-links.ts'],
    ['functions/runtime/settings.ts', '../flag/stages.ts'],
    ['functions/flag/client.ts', '../read/router.ts'],
    ['functions/gate/gate.ts', '../read/route.ts'],
    ['functions/read/sides/old-side.ts', '../http/http-routes.ts'],
    ['functions/read-kpi.ts', './validate-rolling.ts'],
    ['backfill/cli.ts', '../functions/read-kpi.ts'],
    ['infra/stream-sync.ts', '../functions/sync/stream-handler.ts'],
    ['backfill/copy/copier.ts', '../../infra/migration-stack.ts'],
    ['backfill/copy/copier.ts', '../commands/backfill/backfill-command.ts'],
    ['backfill/lease/lease.ts', '../copy/copier.ts'],
    ['backfill/commands/repair/repair.ts', '../../local/cloud/engine.ts'],
  ])('refuse that %s imports %s', (path, target) => {
    expect(forbiddenImports({ path, imports: [target] })).toHaveLength(1);
  });

  test('refuse a decision put together outside the model', () => {
    const text = "import {\n  kpiKeyOf,\n  type OldRecord,\n  parseRecord,\n} from '../model/old-records.ts';";
    expect(stepsTaken({ path: 'functions/sync/fan-out.ts', text })).toEqual(['parseRecord']);
  });

  test('refuse a path from the file itself', () => {
    const text = "new URL('sample', import.meta.url)";
    expect(reckonsFromItself({ path: 'backfill/cli.ts', text })).toBe(true);
  });

  test.each(['functions/sync/fan-out.ts', 'functions/gate/gate.ts', 'functions/read/router.ts'])(
    'refuse an AWS client in %s',
    (path) => {
      const file = {
        path,
        imports: importsOf("import { x } from '@aws-sdk/client-dynamodb';"),
      };
      expect(forbiddenClients(file)).toEqual(['@aws-sdk/client-dynamodb']);
    },
  );

  test.each(['GetItemCommand', 'BatchGetItemCommand', 'TransactGetItemsCommand', 'QueryCommand', 'paginateQuery'])(
    'refuse %s in a file that does not know impossible keys',
    (name) => {
      const text = `import { ${name} } from '@aws-sdk/client-dynamodb';`;
      expect(unguardedReads({ path: 'functions/tables/old/dynamo-old-tables.ts', text })).toEqual([name]);
    },
  );
});

describe('the guard of long lines', () => {
  const long = 'word '.repeat(25);

  test.each([
    ['a paragraph', `Short.\n${long}`],
    ['a list', `1. Short.\n   ${long}`],
    ['what follows a block of code', `\`\`\`sh\nnpm test\n\`\`\`\n${long}`],
  ])('refuses one in %s', (_, document) => {
    expect(longProse(document)).toHaveLength(1);
  });

  test('takes one in a table, in a block of code and at the limit', () => {
    const document = `| ${long} |\n\n   \`\`\`sh\n   ${long}\n   \`\`\`\n\n${'x'.repeat(PROSE_LENGTH_MAX)}`;
    expect(longProse(document)).toEqual([]);
  });
});

test('the test files that begin first exist', () => {
  expect(LONGEST.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

describe('the documents', () => {
  const documents = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.md') && !/node_modules|cdk\.out/.test(path),
  );
  const scripts = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts);

  /** Their prose is not wrapped. */
  const unwrapped = ['model', 'sync', 'validation'].map((room) => `functions/${room}/README.md`);

  test('wrap their prose', () => {
    const long = documents
      .filter((path) => !unwrapped.includes(path))
      .flatMap((path) => longProse(readFileSync(join(ROOT, path), 'utf8')).map((line) => `${path}: ${line}`));
    expect(long).toEqual([]);
  });

  test('name only npm scripts that exist', () => {
    const missing = documents.flatMap((path) => {
      const named = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/npm run (?:-s )?([\w-]+)/g)];
      return named
        .map(([, name]) => name ?? '')
        .filter((name) => !scripts.includes(name))
        .map((name) => `${path}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  test('name only files of the project that exist', () => {
    const missing = documents.flatMap((path) => {
      const named = [
        ...readFileSync(join(ROOT, path), 'utf8').matchAll(/`(\.{0,2}\/?(?:[\w-]+\/)+[\w.-]+\.(?:ts|md|json))`/g),
      ];
      return named
        .map(([, name]) => name ?? '')
        .filter((name) => !exists(join(ROOT, dirname(path), name)) && !exists(join(ROOT, name)))
        .map((name) => `${path}: ${name}`);
    });
    expect(missing).toEqual([]);
  });
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
