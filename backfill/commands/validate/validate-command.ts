import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from '../../../functions/migration/sources.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import { reportHistory } from '../../../functions/tables/control/validation-report.ts';
import type { ValidationReport } from '../../../functions/validation/report.ts';
import { reportPasses } from '../../copy/backfill.ts';
import { readCheckpoints } from '../../copy/run-state.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { jsonOf } from '../../json.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { showProgress } from '../../progress.ts';
import { requireWritableFolder } from '../../writable-folder.ts';
import { describeValidation } from './describe-validation.ts';
import { htmlReport } from './html-report.ts';
import { progressComment } from './progress-comment.ts';
import { validateEnvironment } from './run-validation.ts';

export interface ValidateOptions {
  readonly env: string;
  readonly phase?: Source;
  /** A folder for the report as validation.json, validation.html and progress-comment.md. */
  readonly out?: string;
  /** Tell the ticket's progress comment in place of the report's lines. */
  readonly markdown: boolean;
}

/** `validate`: compares both sides, keeps the report, and tells the verdict. */
export async function validateCommand(options: ValidateOptions, stop: AbortSignal): Promise<CommandResult> {
  // Not after the hours that a validation may take.
  if (options.out !== undefined) await requireWritableFolder(options.out, 'Choose another folder with --out.');
  // Its report is what the gate goes by.
  const environment = await openEnvironment(options.env, 'write');
  const progress = showProgress();
  const { report } = await validateEnvironment(environment, {
    progress,
    stop,
    ...(options.phase !== undefined && { phase: options.phase }),
  });
  const comment = await commentOf(environment, report);
  if (options.out !== undefined) await writeReports(environment, options.out, report, comment);
  return {
    exitCode: report.verdict === 'agree' ? EXIT.done : EXIT.failed,
    document: report,
    lines: options.markdown ? comment.trimEnd().split('\n') : describeValidation(report),
  };
}

async function commentOf({ tables, settings }: Environment, report: ValidationReport): Promise<string> {
  const run = await readRun(tables.control);
  const passes = run ? reportPasses(run, await readCheckpoints(tables.control)) : [];
  return progressComment(report, passes, settings.name);
}

async function writeReports(
  { tables }: Environment,
  folder: string,
  report: ValidationReport,
  comment: string,
): Promise<void> {
  const history = await reportHistory(tables.control);
  await writeFile(join(folder, 'validation.json'), `${jsonOf(report, 2)}\n`);
  await writeFile(join(folder, 'validation.html'), htmlReport(report, history));
  await writeFile(join(folder, 'progress-comment.md'), comment);
}
