import { type FlagState, readFlagState } from '../../../functions/flag/deployments.ts';
import { increase } from '../../../functions/model/counts-by-name.ts';
import { type Rollback, type Run, readRollback, readRun } from '../../../functions/tables/control/documents.ts';
import { listQuarantine } from '../../../functions/tables/control/quarantine-entries.ts';
import { QUARANTINE_SOURCES } from '../../../functions/tables/control/quarantine-rows.ts';
import { readUnfinished } from '../../../functions/tables/control/unfinished-items.ts';
import type { Settings } from '../../../infra/settings.ts';
import { type PassReport, reportPasses } from '../../copy/backfill.ts';
import { readCheckpoints } from '../../copy/run-state.ts';
import { openEnvironment } from '../../environment.ts';
import { readHolder } from '../../lease/lease-row.ts';
import { type CommandResult, EXIT } from '../../outcome.ts';
import { describePasses, describeUnfinished } from '../backfill/describe-backfill.ts';
import { describeFlag } from '../flag/describe-flag.ts';
import { openFlag } from '../flag/open-flag.ts';

/** `status`: where the backfill stands, how much is in quarantine, and the next step. */
export async function statusCommand(environment: string): Promise<CommandResult> {
  const { client, settings, tables } = await openEnvironment(environment);
  const run = await readRun(tables.control);
  const passes = run ? reportPasses(run, await readCheckpoints(tables.control)) : [];
  const holder = await readHolder(tables.transactions);
  const running = holder !== undefined && holder.untilMs > Date.now();
  const quarantined = new Map<string, number>(QUARANTINE_SOURCES.map((source) => [source, 0]));
  for await (const { source } of listQuarantine(client, settings.tables)) {
    increase(quarantined, source, 1);
  }
  const unfinished = await readUnfinished(tables.control);
  const rollback = await readRollback(tables.control);
  const nextStep = nextStepOf(run, passes, running, rollback, unfinished.length);
  const flag = await readFlag(settings);
  return {
    exitCode: EXIT.done,
    document: { run, passes, lease: running ? holder : undefined, quarantined, unfinished, flag, rollback, nextStep },
    lines: [
      ...(run ? [describeRun(run), ...describePasses(passes)] : ['No backfill has begun.']),
      ...(isUnfinished(rollback) ? [`A rollback by ${rollback.by}, begun ${rollback.begunAt}, has not ended.`] : []),
      ...(running ? [`${holder.owner} is at work.`] : []),
      `In quarantine: ${[...quarantined].map(([source, count]) => `${source} ${count}`).join(', ')}`,
      ...describeUnfinished(unfinished),
      ...('unreadable' in flag ? [`The read flag cannot be read: ${flag.unreadable}`] : describeFlag(flag)),
      `Next: ${nextStep}`,
    ],
  };
}

/** Where AppConfig does not answer, the rest of the status is still wanted. */
async function readFlag(settings: Settings): Promise<FlagState | { readonly unreadable: string }> {
  try {
    const { client, ids } = await openFlag(settings);
    return await readFlagState(client, ids);
  } catch (error) {
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
}

function describeRun(run: Run): string {
  const end = run.finishedAt === undefined ? 'not finished' : `finished ${run.finishedAt}`;
  return `Run ${run.runId}, begun ${run.startedAt}, ${run.totalSegments} segments, ${end}.`;
}

function isUnfinished(rollback: Rollback | undefined): rollback is Rollback {
  return rollback !== undefined && rollback.endedAt === undefined;
}

function nextStepOf(
  run: Run | undefined,
  passes: readonly PassReport[],
  running: boolean,
  rollback: Rollback | undefined,
  unfinished: number,
): string {
  if (running) return 'let the command that is at work finish';
  if (isUnfinished(rollback)) return 'kpi-migrate rollback --execute, which goes on where it was cut off';
  if (run === undefined) return 'kpi-migrate backfill, to see what a backfill comes to';
  const due = passes.find((pass) => !pass.done);
  if (due === undefined && unfinished > 0)
    return 'kpi-migrate backfill --execute, which tries the unfinished items once more';
  return due === undefined
    ? 'nothing: all is copied and swept'
    : `kpi-migrate backfill --execute, which goes on with ${due.pass}`;
}
