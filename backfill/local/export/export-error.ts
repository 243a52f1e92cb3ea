import { relative } from 'node:path';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { SAMPLE_EXPORT } from '../../../infra/package-layout.ts';

const NEXT_STEP = `Give a folder with one folder per table, as in ${relative('', SAMPLE_EXPORT)}. Download the export again, or create a new one.`;

/** Says which file of an export is wrong, in what, and what to do. */
export function unreadableExport(path: string, what: string, cause?: unknown, nextStep = NEXT_STEP): MigrationError {
  return new MigrationError('EXPORT_UNREADABLE', `The export cannot be used: ${path}: ${what}.`, { cause, nextStep });
}
