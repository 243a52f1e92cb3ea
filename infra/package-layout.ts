import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Where the parts of this package are. In a checkout it runs as TypeScript. Installed, it runs as JavaScript from the
 * folder `dist`, which has the same folders: Node strips no types below node_modules.
 */
const IS_COMPILED = import.meta.url.endsWith('.js');
const CODE_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The folder of package.json. */
export const PACKAGE_ROOT = IS_COMPILED ? dirname(CODE_ROOT) : CODE_ROOT;

/** A DynamoDB export of old tables to rehearse with. */
export const SAMPLE_EXPORT = join(PACKAGE_ROOT, 'backfill/local/sample');

/** The files of the cockpit's page, as the browser gets them. */
export const COCKPIT_PAGE = join(PACKAGE_ROOT, 'backfill/cockpit/page');

/** Files that are run in a process or a thread of their own. */
const PROGRAMS = {
  app: 'infra/app',
  'command line': 'backfill/bin',
  'engine guardian': 'backfill/local/cloud/engine-guardian',
  'function process': 'backfill/local/cloud/function-process',
  'lease worker': 'backfill/lease/lease-worker',
} as const;

export function programFile(program: keyof typeof PROGRAMS): string {
  return codeFile(PROGRAMS[program]);
}

/** The file whose exports are the handlers of a Lambda function. */
export function handlerFile(name: string): string {
  return codeFile(`functions/${name}`);
}

function codeFile(path: string): string {
  return join(CODE_ROOT, `${path}.${IS_COMPILED ? 'js' : 'ts'}`);
}

/** How a user calls a command of this package, for messages that tell them what to run. */
export function commandLine(words: string): string {
  return `${IS_COMPILED ? 'npx kpi-migrate' : 'npm run -s kpi-migrate --'} ${words}`;
}

interface PackageJson {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export function readPackageJson(): PackageJson {
  return JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));
}
