import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { searchAll } from './exhaustive.ts';
import type { Mutation } from './mutation.ts';
import type { runSchedule } from './schedule.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const ENTRY = "export { runSchedule } from './schedule.ts'; export { searchAll } from './exhaustive.ts';";

/** The simulator and the product in one, as they are but for the mutation. */
export interface Mutant {
  readonly runSchedule: typeof runSchedule;
  readonly searchAll: typeof searchAll;
}

/**
 * Bundles the simulator with the mutated product, in memory.
 *
 * @throws Error where a text that a mutation is to replace is not there just once: then the mutation is out of date.
 */
export async function buildMutant(mutation: Mutation): Promise<Mutant> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
    plugins: [mutating(mutation)],
  });
  const code = outputFiles[0]?.text ?? '';
  return import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`);
}

function mutating(mutation: Mutation): Plugin {
  const texts = new Map(mutatedFiles(mutation).map(({ file, text }) => [join(ROOT, file), text]));
  return {
    name: 'mutation',
    setup(bundler) {
      bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = texts.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      });
    },
  };
}

/** The files that the mutation changes, as it makes them. */
export function mutatedFiles(mutation: Mutation): { file: string; text: string }[] {
  const files = [...new Set(mutation.edits.map(({ file }) => file))];
  return files.map((file) => {
    let text = readFileSync(join(ROOT, file), 'utf8');
    for (const { find, replace } of mutation.edits.filter((edit) => edit.file === file)) {
      const pieces = text.split(find);
      if (pieces.length !== 2) throw new Error(`${mutation.name}: ${file} has ${pieces.length - 1} times: ${find}`);
      text = pieces.join(replace);
    }
    return { file, text };
  });
}
