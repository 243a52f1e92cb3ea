import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../infra/package-layout.ts';
import { type Outcome, runToEnd } from '../run-cli.ts';

interface PackageJson {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: { readonly '.': { readonly types: string } };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export const PACKAGE: PackageJson = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8'));

/** npm, as a person calls it: without what the npm that runs these tests has put into the environment. */
async function npm(cwd: string, ...given: string[]): Promise<string> {
  const variables = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return (await promisify(execFile)('npm', given, { cwd, env: Object.fromEntries(variables) })).stdout;
}

export interface Tarball {
  readonly path: string;
  /** Paths of its files, in order. */
  readonly files: readonly string[];
}

/** Builds and packs the package. */
export async function pack(folder: string): Promise<Tarball> {
  const [packed] = JSON.parse(await npm(PACKAGE_ROOT, 'pack', '--json', '--silent', '--pack-destination', folder));
  const files: { path: string }[] = packed.files;
  return { path: join(folder, packed.filename), files: files.map(({ path }) => path).sort() };
}

/**
 * Another project, with the package installed by npm. Its declared dependencies are linked from this checkout, so no
 * network is needed. Anything it does not declare is missing there.
 */
export class Consumer {
  readonly folder: string;
  private readonly dependencies: Record<string, string> = {};

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async install(tarball: string): Promise<void> {
    this.dependencies['kpi-migrate'] = `file:${tarball}`;
    await this.link(Object.keys(PACKAGE.dependencies));
  }

  async link(names: readonly string[]): Promise<void> {
    for (const name of names) this.dependencies[name] = `file:${join(PACKAGE_ROOT, 'node_modules', name)}`;
    this.write('package.json', { name: 'consumer', private: true, type: 'module', dependencies: this.dependencies });
    await npm(this.folder, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund');
  }

  write(name: string, content: string | object): void {
    writeFileSync(join(this.folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  /** Runs Node, in its own folder unless told otherwise. */
  node(
    given: readonly string[],
    variables: Readonly<Record<string, string>> = {},
    cwd = this.folder,
  ): Promise<Outcome> {
    return runToEnd(process.execPath, given, { cwd, variables });
  }

  /** Path of a program as npm has put it in place. */
  bin(name: string): string {
    return join(this.folder, 'node_modules/.bin', name);
  }
}
