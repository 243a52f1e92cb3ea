import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { BundleFile } from './bundle.ts';

/**
 * Creates the folder if it does not exist.
 *
 * @throws MigrationError `REPORT_FOLDER_NOT_EMPTY`: an earlier report is never overwritten.
 */
export async function requireEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 0) return;
  throw new MigrationError('REPORT_FOLDER_NOT_EMPTY', `${folder} is not empty.`, {
    nextStep: 'Name another folder: kpi-migrate report --out DIR',
  });
}

/** Writes new files in order, the index last: a bundle without an index is incomplete. */
export async function writeBundle(folder: string, files: readonly BundleFile[]): Promise<void> {
  for (const { name, content } of files) await writeFile(join(folder, name), content, { flag: 'wx' });
}
