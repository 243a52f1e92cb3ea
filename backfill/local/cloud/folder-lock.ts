import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { isAlive } from '../../local-endpoint.ts';

const LOCK_FILE = 'process';

/**
 * Keeps a folder to this process. Two engines on the same files would damage them.
 *
 * A lock that a killed process left behind is taken over.
 *
 * @throws MigrationError FOLDER_UNUSABLE where another process that is alive has it.
 */
export async function lockFolder(directory: string): Promise<AsyncDisposable> {
  const file = join(directory, LOCK_FILE);
  const write = () => writeFile(file, String(process.pid), { flag: 'wx' });
  try {
    await write();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    const holder = Number(await readFile(file, 'utf8'));
    if (holder > 0 && isAlive(holder)) {
      const message = `The folder ${directory} belongs to the local cloud of process ${holder}, which is running.`;
      throw new MigrationError('FOLDER_UNUSABLE', message, {
        cause,
        nextStep: 'Stop that one first, or choose another folder with --dir.',
      });
    }
    await rm(file, { force: true });
    await write();
  }
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}
