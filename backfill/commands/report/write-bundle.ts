import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { requireWritableFolder } from '../../writable-folder.ts';
import type { BundleFile } from './bundle.ts';

const NEXT_STEP = 'Name another folder: kpi-migrate report --out DIR';

/**
 * Creates the folder if it does not exist.
 *
 * @throws MigrationError `FOLDER_UNUSABLE`; `REPORT_FOLDER_NOT_EMPTY`: an earlier report is never overwritten.
 */
export async function requireEmptyFolder(folder: string): Promise<void> {
  await requireWritableFolder(folder, NEXT_STEP);
  if ((await readdir(folder)).length === 0) return;
  throw new MigrationError('REPORT_FOLDER_NOT_EMPTY', `${folder} is not empty.`, {
    nextStep: NEXT_STEP,
  });
}

/** Writes new files in order, the index last: a bundle without an index is incomplete. */
export async function writeBundle(folder: string, files: readonly BundleFile[]): Promise<void> {
  for (const { name, content } of files) await writeFile(join(folder, name), content, { flag: 'wx' });
}
