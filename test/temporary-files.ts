import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Whatever a test, or a process it starts, leaves in the folder for temporary files goes when the tests end: CDK leaves a
 * cloud assembly an app. The compiled code is kept there as well, since tests start hundreds of processes from it.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const { TMPDIR, NODE_COMPILE_CACHE } = process.env;
  const folder = await mkdtemp(join(tmpdir(), 'kpi-migrate-tests-'));
  process.env.TMPDIR = folder;
  process.env.NODE_COMPILE_CACHE = join(folder, 'compile-cache');
  return async () => {
    restore('TMPDIR', TMPDIR);
    restore('NODE_COMPILE_CACHE', NODE_COMPILE_CACHE);
    // A process that has just ended may still be writing what it compiled.
    await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
}

function restore(name: string, before: string | undefined): void {
  if (before === undefined) delete process.env[name];
  else process.env[name] = before;
}
