import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { BundleFile } from './bundle.ts';

/**
 * Makes the folder where there is none.
 *
 * @throws MigrationError `REPORT_FOLDER_NOT_EMPTY`: what was told before is not written over.
 */
export async function requireEmptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length === 0) return;
  throw new MigrationError('REPORT_FOLDER_NOT_EMPTY', `${folder} has files already.`, {
    nextStep: 'Name another folder: kpi-migrate report --out DIR',
  });
}

/** Writes files that are not there yet, the last one last: a bundle without its index was cut off. */
export async function writeBundle(folder: string, files: readonly BundleFile[]): Promise<void> {
  for (const { name, content } of files) await writeFile(join(folder, name), content, { flag: 'wx' });
}
