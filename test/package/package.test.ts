import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { localClientEnvironment } from '../../backfill/local-endpoint.ts';
import { PACKAGE_ROOT } from '../../infra/package-layout.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { engineUrl } from '../engine-client.ts';
import { writeTableExport } from '../local/export/small-export.ts';
import { actual, link, milestone } from '../read/world.ts';
import { type LocalCloudProcess, startServing } from '../run-cli.ts';
import { Consumer, PACKAGE, pack, type Tarball } from './consumer.ts';
import { type Example, exportedFunctions } from './examples.ts';

const folder = mkdtempSync(join(tmpdir(), 'package-'));
const consumer = new Consumer(join(folder, 'project'));
const installed = join(consumer.folder, 'node_modules/kpi-migrate');
let tarball: Tarball;

/** The project's own settings: `mine` has a table name that occurs nowhere else, `production` has the default names. */
const CDK_JSON = {
  app: 'npx kpi-migrate-app',
  context: {
    migration: {
      environments: {
        mine: { account: '000000000000', region: 'eu-west-1', tables: { kpiData: 'data-of-mine' } },
        production: { account: '000000000000', region: 'us-east-1' },
      },
    },
  },
};

beforeAll(async () => {
  tarball = await pack(folder);
  await consumer.install(tarball.path);
  consumer.write('cdk.json', CDK_JSON);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kpiMigrate = (...given: string[]) => consumer.node([consumer.bin('kpi-migrate'), ...given]);

/** What publint and attw find in a packed package, or nothing. */
async function findingsIn(path: string): Promise<string[]> {
  const buffer = readFileSync(path);
  const { messages } = await publint({
    pack: { tarball: buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length) },
  });
  const attw = join(PACKAGE_ROOT, 'node_modules/.bin/attw');
  const types = await promisify(execFile)(process.execPath, [
    attw,
    path,
    '--profile',
    'esm-only',
    '--format',
    'json',
  ]).then(
    () => [],
    (error: { stdout: string }) => [error.stdout],
  );
  return [...messages.map(({ code }) => code), ...types];
}

describe('the tarball', () => {
  test('is as publint and attw would have it', async () => {
    expect(await findingsIn(tarball.path)).toEqual([]);
  });

  test('is refused by both where its declarations are missing', async () => {
    const broken = join(folder, 'package');
    cpSync(installed, broken, { recursive: true });
    rmSync(join(broken, PACKAGE.exports['.'].types));
    await promisify(execFile)('tar', ['czf', 'broken.tgz', 'package'], { cwd: folder });
    const findings = await findingsIn(join(folder, 'broken.tgz'));
    expect(findings).toEqual(
      expect.arrayContaining(['FILE_DOES_NOT_EXIST', expect.stringContaining('UntypedResolution')]),
    );
  });

  test('holds what every source file compiles to, the documents, the sample, and nothing else', () => {
    const compiled = ['functions', 'infra', 'backfill'].flatMap((room) =>
      globSync(`${room}/**/*.ts`, { cwd: PACKAGE_ROOT }).flatMap((path) =>
        ['.d.ts', '.js', '.js.map'].map((ending) => `dist/${path.slice(0, -'.ts'.length)}${ending}`),
      ),
    );
    const documents = globSync('{functions,infra,backfill}/**/README.md', { cwd: PACKAGE_ROOT });
    const sample = globSync('backfill/local/sample/**/*.{json,gz}', { cwd: PACKAGE_ROOT });
    const page = globSync('backfill/cockpit/page/*.{html,css,js}', { cwd: PACKAGE_ROOT });
    const others = ['README.md', 'cdk.json', 'functions/read/http/openapi.json', 'package.json', 'runbook.md'];
    expect(tarball.files).toEqual([...compiled, ...documents, ...sample, ...page, ...others].sort());
  });
});

test('the README installs the optional packages in the versions that are tested', () => {
  const wanted = Object.entries(PACKAGE.peerDependencies).map(([name, version]) => `${name}@${version}`);
  expect(wanted.filter((text) => !consumer.read('node_modules/kpi-migrate/README.md').includes(text))).toEqual([]);
});

describe('the library, installed', () => {
  let functions: Map<string, Example | undefined>;
  beforeAll(() => {
    functions = exportedFunctions(join(installed, PACKAGE.exports['.'].types));
  });

  test('gives the router to plain JavaScript', async () => {
    consumer.write(
      'use.js',
      "import * as library from 'kpi-migrate'; console.log(JSON.stringify(Object.keys(library)));",
    );
    const { stdout, stderr } = await consumer.node(['use.js']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['ROUTER_DEFAULTS', 'openReads']);
  });

  test('has an example of every function', () => {
    expect([...functions.keys()]).toEqual(['openReads']);
    expect([...functions].filter(([, example]) => example === undefined)).toEqual([]);
  });

  test('has declarations under which its examples compile, and a wrong call does not', async () => {
    await consumer.link(['@types/node']);
    const examples = [...functions.values()].filter((each) => each !== undefined);
    for (const { name, code } of examples) consumer.write(`${name}.ts`, code);
    consumer.write('wrong.ts', "import { openReads } from 'kpi-migrate';\nopenReads({ heldRecords: 'drop' });\n");
    const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2024', types: ['node'] };
    consumer.write('tsconfig.json', { compilerOptions, include: ['*.ts'] });
    const { stdout } = await consumer.node([join(PACKAGE_ROOT, 'node_modules/typescript/bin/tsc')]);
    expect(stdout.match(/^.*: error /gm)).toEqual([expect.stringContaining('wrong.ts(2,')]);
    expect(stdout).toContain('"drop"');
    expect(examples.length).toBeGreaterThan(0);
  });
});

describe('the command line, installed', () => {
  test('says which version it is, and what it can do', async () => {
    const [version, help] = await Promise.all([kpiMigrate('--version'), kpiMigrate('--help')]);
    expect(version, version.stderr).toMatchObject({ exitCode: 0, stdout: `${PACKAGE.version}\n` });
    expect(help, help.stderr).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('fallback') });
  });

  test('takes no unknown option, and reads the settings of the folder it is run in', async () => {
    expect((await kpiMigrate('status', '--force')).exitCode).toBe(2);
    const unknown = await kpiMigrate('status', '--env', 'dev');
    expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('mine, production') });
    const elsewhere = await consumer.node(
      [consumer.bin('kpi-migrate'), 'status'],
      {},
      join(consumer.folder, 'node_modules'),
    );
    expect(elsewhere).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('kpi-migrate/cdk.json') });
  });

  test('works on the tables of its settings', async () => {
    const variables = localClientEnvironment(engineUrl());
    const { exitCode, stdout } = await consumer.node(
      [consumer.bin('kpi-migrate'), 'preflight', '--env', 'mine', '--json'],
      variables,
    );
    expect([exitCode, JSON.stringify(JSON.parse(stdout).findings)]).toEqual([
      1,
      expect.stringContaining('data-of-mine'),
    ]);
  });

  test.each(Object.keys(PACKAGE.bin))('%s tells of a Node that is too old before anything fails', async (name) => {
    const older = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '22.18.0' })";
    const { exitCode, stderr } = await consumer.node(['--import', older, consumer.bin(name)]);
    expect([exitCode, stderr]).toEqual([1, 'kpi-migrate needs Node 24 or later, and this is 22.18.0.\n']);
  });

  test.each([
    ['the local cloud', ['kpi-migrate', 'local', '--env', 'mine']],
    ['the stack', ['kpi-migrate-app']],
  ])('%s names the packages that it still needs', async (_, [name = '', ...given]) => {
    const { exitCode, stderr } = await consumer.node([consumer.bin(name), ...given]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      `npm install --save-exact aws-cdk-lib@${PACKAGE.peerDependencies['aws-cdk-lib']} cdk-nag@`,
    );
  });
});

describe('a local cloud of the package, where everything is installed', () => {
  let cloud: LocalCloudProcess | undefined;

  beforeAll(async () => {
    await consumer.link(Object.keys(PACKAGE.peerDependencies));
    const { tables } = readSettings('production', join(consumer.folder, 'cdk.json'));
    const people = [{ id: { S: 'person-1' }, tenant_id: { S: 'tenant-1' }, user_id: { S: 'user-1' } }];
    const kpis = [{ id: { S: 'kpi-1' }, tenant_id: { S: 'tenant-1' } }];
    const items = {
      goalKpiLinks: [link('tenant-1', 'link-1', 'kpi-1')],
      kpiMilestones: [milestone('tenant-1', 'milestone-1', 'kpi-1', '2023-12-31')],
      kpiActuals: [
        actual('tenant-1', 'actual-1', 'kpi-1', '2024-01-31'),
        actual('tenant-1', 'actual-2', 'kpi-1', '2024-02-29', { actual_value: { N: '40.5' } }),
      ],
      kpiReadings: [],
      kpis,
      people,
    };
    for (const [role, content] of Object.entries(items)) {
      writeTableExport(join(consumer.folder, 'export'), tables[role as keyof typeof items], content);
    }
    const given = [consumer.bin('kpi-migrate'), 'local', '--env', 'production', '--export', 'export'];
    cloud = await startServing(process.execPath, given, consumer.folder);
  });
  afterAll(async () => {
    if (cloud === undefined) return;
    const exited = once(cloud.process, 'exit');
    cloud.process.kill('SIGINT');
    expect((await exited)[0]).toBe(0);
  });

  test('takes the commands of the package, which run their threads and processes from it', async () => {
    const run = (...given: string[]) =>
      consumer.node([consumer.bin('kpi-migrate'), ...given, '--env', 'production', '--json'], endpoints());
    expect(await run('preflight')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('"ready":true') });
    const backfill = await run('backfill', '--execute');
    expect(backfill, backfill.stderr).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(backfill.stdout)).toMatchObject({ state: 'finished' });
  });

  test('runs the examples of the library, which print what they say', async () => {
    const functions = exportedFunctions(join(installed, PACKAGE.exports['.'].types));
    for (const example of functions.values().filter((each) => each !== undefined)) {
      consumer.write('example.ts', example.code);
      const { stdout, stderr } = await consumer.node(['example.ts'], endpoints());
      expect(stdout.trim().split('\n').join(' '), stderr).toBe(example.printed);
      expect(example.printed).not.toBe('');
    }
  });

  function endpoints(): Record<string, string> {
    const { AWS_ENDPOINT_URL_DYNAMODB: dynamodb, AWS_ENDPOINT_URL_APPCONFIG: appconfig } = cloud?.endpoints ?? {};
    return localClientEnvironment(dynamodb ?? '', appconfig);
  }
});
