import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { RECORD_SOURCES } from '../../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS, NEW_TABLES } from '../../../functions/migration/tables.ts';
import { readRollback, readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { rowDeletion } from '../../../functions/tables/dynamo/row-deletion.ts';
import { scanPages } from '../../copy/scan-pages.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { expectTables } from '../../expect-tables.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { steeredCopier } from '../../steered-copier.ts';
import { openFlag } from '../flag/open-flag.ts';
import { namingMissingTables } from '../validate/missing-tables.ts';
import { describeRollback, describeRollbackPlan, type RollbackPlan } from './describe-rollback.ts';
import { requireReadsOld } from './reads-old.ts';
import { type RollbackReport, runRollback } from './rollback.ts';

/** `rollback`: shows which rows it deletes; with `--execute` clears the new tables, so that history can be copied again. */
export async function rollbackCommand(
  options: { readonly env: string; readonly execute: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env, options.execute ? 'write' : 'read');
  const { client, ids } = await openFlag(environment.settings);
  const flag = (): Promise<FlagState> => readFlagState(client, ids);
  requireReadsOld(await flag());
  const progress = showProgress();
  return namingMissingTables(environment, 'kpi-migrate rollback', async () => {
    if (!options.execute) {
      const { last, ...plan } = await planRollback(environment, progress, stop);
      const unfinished = last !== undefined && last.endedAt === undefined;
      const document = { ...plan, unfinished, executed: false };
      return { exitCode: EXIT.done, document, lines: describeRollbackPlan({ ...plan, last }), next: 'execute' };
    }
    const report = await executeRollback(environment, flag, progress, stop);
    const exitCode = report.state === 'finished' ? EXIT.done : EXIT.stopped;
    return { exitCode, document: { ...report, executed: true }, lines: describeRollback(report) };
  });
}

async function planRollback(
  { client, settings, tables }: Environment,
  progress: Progress,
  stop: AbortSignal,
): Promise<RollbackPlan> {
  const rows = { [NEW_LINKS]: 0, [NEW_DATA]: 0 };
  await expectTables({ client, settings }, progress, NEW_TABLES);
  for (const table of NEW_TABLES) {
    progress.begin(table, 0, undefined);
    await scanPages(
      // For a count only. What is deleted is scanned strongly.
      (position) => tables.data.scan(table, { ...position, isEventual: true }),
      settings.backfill.segments,
      (items) => {
        stop.throwIfAborted();
        rows[table] += items.length;
        progress.advance(items.length);
      },
    );
    progress.end();
  }
  const [run, last] = await Promise.all([readRun(tables.control), readRollback(tables.control)]);
  return { rows, run, last };
}

async function executeRollback(
  environment: Environment,
  flag: () => Promise<FlagState>,
  progress: Progress,
  stop: AbortSignal,
): Promise<RollbackReport> {
  const { client, settings } = environment;
  await expectTables(environment, progress, [NEW_DATA, NEW_LINKS]);
  const copier = await steeredCopier(environment);
  await using _ = copier.thread;
  return await runRollback({
    ...copier.options,
    deleteRows: rowDeletion(client, settings.tables),
    quarantinedRecords: () => listQuarantine(client, settings.tables, RECORD_SOURCES),
    flag,
    progress,
    stop,
  });
}
