import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readAssembly, synthesise } from '../backfill/local/cloud/synthesise.ts';
import { readSettings } from '../infra/settings-file.ts';
import type { Synthesised } from './crash-runs/synthesised.ts';

const WAIT_MS = 170_000;

/**
 * The stack of `local`, synthesised once per test run by whichever file needs it first. The folder for temporary files
 * belongs to the run (`test/temporary-files.ts`). Whoever creates the folder in it makes the stack; the others wait.
 */
export async function sharedSynthesis(): Promise<Synthesised> {
  const settings = readSettings('local');
  const assembly = join(tmpdir(), 'shared-synthesis');
  const done = join(assembly, 'done');
  const isFirst = await mkdir(assembly).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
      return false;
    },
  );
  if (isFirst) {
    await synthesise(settings, assembly);
    await writeFile(done, '');
  }
  for (let waitedMs = 0; !existsSync(done); waitedMs += 100) {
    if (waitedMs > WAIT_MS) throw new Error('The test file that synthesises the stack has not done so.');
    await sleep(100);
  }
  return { settings, assembly, stack: await readAssembly(settings.name, assembly) };
}
