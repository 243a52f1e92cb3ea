import { setTimeout as sleep } from 'node:timers/promises';
import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { RECORD_SOURCES } from '../../../functions/model/sources.ts';
import { readRollback, readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { rowDeletion } from '../../../functions/tables/dynamo/row-deletion.ts';
import { UnitPace } from '../../../functions/tables/dynamo/unit-pace.ts';
import { scanPages } from '../../copy/scan-pages.ts';
import { type Environment, openEnvironment } from '../../environment.ts';
import { operatorLease } from '../../lease/operator-lease.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { type Progress, showProgress } from '../../progress.ts';
import { grouped } from '../../text-table.ts';
import { openFlag } from '../flag/open-flag.ts';
import { namingMissingTables } from '../validate/missing-tables.ts';
import { requireReadsOld } from './reads-old.ts';
import { type RollbackReport, runRollback } from './rollback.ts';

/** `rollback`: says what of the new tables would go; with `--execute` clears them, so that history can be copied anew. */
export async function rollbackCommand(
  options: { readonly env: string; readonly execute: boolean },
  stop: AbortSignal,
): Promise<CommandResult> {
  const environment = await openEnvironment(options.env);
  const { client, ids } = await openFlag(environment.settings);
  const flag = (): Promise<FlagState> => readFlagState(client, ids);
  requireReadsOld(await flag());
  const progress = showProgress(process.stderr, Date.now);
  return namingMissingTables(environment, 'kpi-migrate rollback', () =>
    options.execute ? execute(environment, flag, progress, stop) : plan(environment, progress, stop),
  );
}

async function plan({ settings, tables }: Environment, progress: Progress, stop: AbortSignal): Promise<CommandResult> {
  const rows = { kpiLinks: 0, kpiData: 0 };
  for (const table of ['kpiLinks', 'kpiData'] as const) {
    progress.begin(table, 0, undefined);
    await scanPages(
      (position) => tables.data.scan(table, position),
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
  const unfinished = last !== undefined && last.endedAt === undefined;
  return {
    exitCode: EXIT.done,
    document: { rows, run, unfinished, executed: false },
    lines: [
      `Would delete ${grouped(rows.kpiLinks)} rows of KpiLink, ${grouped(rows.kpiData)} of KpiData, and ${run ? `run ${run.runId} of the backfill with its checkpoints` : 'no run of the backfill'}.`,
      'Old tables, quarantine, reports and what replication keeps of its own stay as they are.',
      ...(unfinished
        ? [`The rollback by ${last.by}, begun ${last.begunAt}, has not come to its end: this goes on with it.`]
        : []),
      'Nothing was deleted. Next: kpi-migrate rollback --execute',
    ],
  };
}

async function execute(
  environment: Environment,
  flag: () => Promise<FlagState>,
  progress: Progress,
  stop: AbortSignal,
): Promise<CommandResult> {
  const { client, settings, tables, replication } = environment;
  const { segments, maxWriteUnitsPerSecond } = settings.backfill;
  const pace = maxWriteUnitsPerSecond === undefined ? undefined : new UnitPace(maxWriteUnitsPerSecond, Date.now);
  const lease = await operatorLease(environment);
  await using _ = lease.thread;
  const report = await runRollback({
    ...lease.options,
    replication,
    data: tables.data,
    deleteRows: rowDeletion(client, settings.tables),
    quarantinedRecords: () => listQuarantine(client, settings.tables, RECORD_SOURCES),
    flag,
    segments,
    pace: async (writeUnits) => {
      const waitMs = pace?.take(writeUnits) ?? 0;
      if (waitMs > 0) await sleep(waitMs);
    },
    progress,
    stop,
  });
  return {
    exitCode: report.state === 'finished' ? EXIT.done : EXIT.stopped,
    document: { ...report, executed: true },
    lines: describe(report),
  };
}

function describe({ state, rowsDeleted }: RollbackReport): string[] {
  return [
    `Deleted ${grouped(rowsDeleted.kpiLinks)} rows of KpiLink and ${grouped(rowsDeleted.kpiData)} of KpiData.`,
    state === 'finished'
      ? 'The backfill begins anew, and reads cannot move before it and a validation. Next: kpi-migrate backfill --execute'
      : 'Stopped before the end. Next: the same command again.',
  ];
}
