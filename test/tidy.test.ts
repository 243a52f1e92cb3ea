import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LONGEST } from './longest-first.ts';
import { VOCABULARY, vocabularyIn } from './migration/vocabulary.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FOLDERS = ['functions', 'backfill', 'infra'];
const LINES_MAX = 260;

/** The rooms that every function is built from, lowest first. */
const GROUND = ['functions/model', 'functions/migration', 'functions/tables', 'functions/runtime'];
const ROOMS = [
  ...GROUND,
  'functions/account',
  'functions/health',
  'functions/sync',
  'functions/validation',
  'functions/flag',
  'functions/gate',
  'functions/read',
  'functions/read/sides',
  'functions/read/http',
];

/** Files of infra that say how the product lies on disk and what its settings are. */
const OUTSIDE = [
  'infra/settings.ts',
  'infra/settings-file.ts',
  'infra/did-you-mean.ts',
  'infra/regions.ts',
  'infra/console-links.ts',
  'infra/settings-digests.ts',
  'infra/package-layout.ts',
  'infra/requirements.ts',
  'infra/stack-names.ts',
  'infra/workflow-names.ts',
];
const COMMAND_LINE = ['backfill', 'backfill/lease', 'backfill/copy', 'backfill/commands'];

/** Which part of the product may import which: the order in which data flows (README.md). No room imports an entry. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'functions/model': ['functions/model'],
  'functions/migration': ['functions/migration', 'functions/model'],
  'functions/tables': ['functions/tables', 'functions/migration', 'functions/model'],
  'functions/runtime': GROUND,
  'functions/account': ['functions/account', 'functions/model'],
  'functions/health': [...GROUND, 'functions/health'],
  'functions/sync': [...GROUND, 'functions/sync'],
  'functions/validation': [...GROUND, 'functions/validation'],
  'functions/flag': ['functions/flag', 'functions/runtime', 'functions/model'],
  'functions/gate': [...GROUND, 'functions/health', 'functions/flag', 'functions/gate'],
  'functions/read': [...GROUND, 'functions/flag', 'functions/read', 'functions/read/sides'],
  'functions/read/sides': [
    'functions/model',
    'functions/migration',
    'functions/tables',
    'functions/read',
    'functions/read/sides',
  ],
  'functions/read/http': [...GROUND, 'functions/read', 'functions/read/http'],
  // The Lambda entries: each is a function of its own, so none imports another. One runs the backfill's copy.
  functions: [...ROOMS, 'backfill/workflow'],
  'backfill/lease': [
    ...GROUND,
    'backfill/lease',
    'backfill/environment.ts',
    'backfill/account/operator.ts',
    ...OUTSIDE,
  ],
  'backfill/copy': [...GROUND, 'functions/sync', 'backfill/copy', 'backfill/lease', 'backfill/progress.ts'],
  // What runs in Lambda: nothing of the command line that reads settings or files.
  'backfill/workflow': [
    ...GROUND,
    'functions/sync',
    'backfill/copy',
    'backfill/lease',
    'backfill/workflow',
    'backfill/read-ceilings.ts',
  ],
  'backfill/commands': [...ROOMS, ...COMMAND_LINE, 'backfill/workflow', ...OUTSIDE],
  // The local cloud and the rehearsal run the product. Nothing of the product but the command line starts them.
  'backfill/local': [...ROOMS, ...COMMAND_LINE, 'backfill/local', ...OUTSIDE],
  backfill: [...ROOMS, ...COMMAND_LINE, 'backfill/local', ...OUTSIDE],
  // Pure files that say what a document, a name or a setting may be.
  infra: [
    'infra',
    'functions/flag/document.ts',
    'functions/flag/names.ts',
    'functions/model/migration-error.ts',
    'functions/migration/sources.ts',
    'functions/migration/tables.ts',
    'functions/model/kpi.ts',
    'functions/model/plain-problems.ts',
    'functions/model/printable.ts',
    'functions/model/key-schema.ts',
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
    file.path.startsWith('functions/account/') ||
    file.path.startsWith('functions/health/') ||
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

/** Rooms that may name this migration's tables and attributes, and why. All else reads them from the definition. */
const PARTICULAR: Readonly<Record<string, string>> = {
  'functions/migration/': 'the definition itself',
  'functions/replicate-': 'the Lambda entry of each source, which bears its name',
  'functions/read/sides/': 'answers the service in terms of its new model, from either side',
  'functions/read/http/http-routes.ts': 'the reads that the service may ask for',
  'functions/read/kpi-reads.ts': 'the reads that the service may ask for',
  'functions/read/query.ts': 'the reads that the service may ask for',
  'functions/read/open-reads.ts': 'its example is for a service that has these tables',
  'functions/read/check-answer.ts': 'knows what a row of the new model must have',
  'functions/read/position.ts': 'knows the order of rows of the new model',
  'backfill/local/rehearsal/': 'stands in for the service: writes its old items and reads its rows',
};

/** Words that mean something of their own in one file. */
const HOMONYMS: Readonly<Record<string, readonly string[]>> = {
  // An attribute of the control table's own rows, kept in every environment.
  'functions/tables/control/kpi-rows.ts': ['linked_at'],
};

function particularWords({ path, text }: Pick<SourceFile, 'path' | 'text'>): string[] {
  if (Object.keys(PARTICULAR).some((room) => path.startsWith(room))) return [];
  return vocabularyIn(text).filter((word) => !HOMONYMS[path]?.includes(word));
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
  if (path.startsWith('functions/migration/')) return [];
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

  test('knows this migration only in its definition', () => {
    expect(files.flatMap((file) => particularWords(file).map((word) => `${file.path}: ${word}`))).toEqual([]);
  });

  test.each([...Object.keys(PARTICULAR), ...Object.keys(HOMONYMS)])('needs %s to be an exception', (room) => {
    const words = files.filter(({ path }) => path.startsWith(room)).flatMap(({ text }) => vocabularyIn(text));
    expect(words).not.toEqual([]);
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
    ['functions/migration/mapping.ts', '../tables/old-tables.ts'],
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

  test.each([
    ['functions/sync/fan-out.ts', "textOf(row, 'post_date')", 'post_date'],
    ['functions/sync/record-decision.ts', "{ kind: 'put', table: 'kpiData', item }", 'kpiData'],
    ['functions/model/anchor.ts', '/** The links by linked_at. */', 'linked_at'],
    ['functions/tables/old/dynamo-old-tables.ts', "indexName: 'kpi-index'", 'kpi-index'],
    ['functions/tables/control/kpi-rows.ts', "textOf(item, 'kpi_id')", 'kpi_id'],
    ['functions/validation/expectation.ts', 'const { goalId } = link;', 'goalId'],
    ['functions/validation/findings.ts', "textOf(row, 'data_category') === 'Target'", 'data_category'],
    ['functions/read/router.ts', "query.category === 'Target'", "'Target'"],
    ['backfill/copy/plan.ts', "source === 'milestones' ? 1 : 2", "'milestones'"],
    ['backfill/copy/plan.ts', 'tally.actuals.copied', '.actuals'],
    ['backfill/copy/plan.ts', '{ links, readings: 0 }', 'readings'],
    ['backfill/commands/rollback/rollback.ts', '// Deletes all rows of KpiData.', 'KpiData'],
    ['infra/settings.ts', "name.default('purposepath-kpis')", 'purposepath-kpis'],
    ['infra/validation.ts', "oldTables.arn('people')", "'people'"],
  ])('refuse that %s says %s', (path, text, word) => {
    expect(particularWords({ path, text })).toContain(word);
  });

  test.each([
    ['functions/sync/fan-out.ts', 'kpis.map((kpi) => [kpi.tenantId, kpi.kpiId])'],
    ['functions/sync/fan-out.ts', "scan('links', { ...actuals })"],
    ['functions/flag/deployments.ts', '{ strategyId }'],
    ['functions/tables/control/kpi-rows.ts', "textOf(item, 'linked_at')"],
    ['functions/read/sides/new-side.ts', "index: 'kpi-link-index'"],
  ])('let %s say %s', (path, text) => {
    expect(particularWords({ path, text })).toEqual([]);
  });

  test('know the words of each part of the definition', () => {
    // Attribute of an old item, of a new row, index, role, title, default name, source, kind of row.
    const words = 'milestone_date person_id goal-index kpiReadings GoalKpiLink purposepath-people actuals Measured';
    expect(words.split(' ').filter((word) => !VOCABULARY.has(word))).toEqual([]);
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
  test('wrap their prose', () => {
    const long = documents.flatMap((path) =>
      longProse(readFileSync(join(ROOT, path), 'utf8')).map((line) => `${path}: ${line}`),
    );
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
