import type { TestProject } from 'vitest/node';
import { startEngine } from '../backfill/local/cloud/engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    engineUrl: string;
  }
}

/** One engine in memory for all test files; each makes tables of its own names in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startEngine();
  project.provide('engineUrl', engine.url);
  return () => engine.stop();
}
