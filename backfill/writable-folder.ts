import { mkdir, mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { MigrationError } from '../functions/model/migration-error.ts';

/**
 * Makes a folder where there is none, and makes sure that files can be made in it, before anything that takes long.
 *
 * `mkdir` with `recursive` does not return where the system says that there is no such folder although the one above it is
 * there, as in /proc (seen with Node 24). So each folder is made by itself.
 *
 * @throws MigrationError FOLDER_UNUSABLE
 */
export async function requireWritableFolder(path: string, nextStep: string): Promise<void> {
  const folder = resolve(path);
  try {
    await makeFolder(folder);
    // Rights alone do not tell of a file system that is read-only or full.
    await rmdir(await mkdtemp(join(folder, '.kpi-migrate-')));
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    const what = `Files cannot be made in the folder ${folder}: ${FAULTS[code] ?? message}.`;
    throw new MigrationError('FOLDER_UNUSABLE', what, { cause, nextStep });
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the file system is full',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
  ENOENT: 'no folder can be made there',
  ENAMETOOLONG: 'its name is too long',
};

async function makeFolder(folder: string): Promise<void> {
  if (await isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) await makeFolder(above);
  try {
    await mkdir(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!(await isFolder(folder))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
