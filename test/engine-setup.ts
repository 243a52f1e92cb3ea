import type { TestProject } from 'vitest/node';
import { startEngine } from '../backfill/local/cloud/engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    engineUrls: readonly string[];
  }
}

/**
 * Engines for a run of all files. Creating tables takes DynamoDB Local the longer the more tables it has ever had: nine take 30 ms at first, and 500 ms
 * when there were two thousand, deleted ones included. All files together create more than that.
 */
const ENGINES = 8;

/** Engines in memory for all test files. Each file uses one of them, and makes tables of its own names in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const hasNamedFiles = process.argv.some((argument) => argument.endsWith('.test.ts'));
  const engines = await Promise.all(Array.from({ length: hasNamedFiles ? 1 : ENGINES }, () => startEngine()));
  project.provide(
    'engineUrls',
    engines.map(({ url }) => url),
  );
  return async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
  };
}
