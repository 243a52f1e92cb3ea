import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { KillSwitch, Rollback, Run } from '../../../functions/tables/control/documents.ts';
import type { UnfinishedItem } from '../../../functions/tables/control/unfinished-items.ts';
import type { PassReport } from '../../copy/backfill.ts';
import type { Holder } from '../../lease/lease-row.ts';
import { describePasses, describeUnfinished } from '../backfill/describe-backfill.ts';
import { describeFlag } from '../flag/describe-flag.ts';

/** What a status is made of. */
export interface Status {
  /** Undefined before the first backfill. */
  readonly run: Run | undefined;
  readonly passes: readonly PassReport[];
  /** Who holds the backfill's lease; undefined if nobody does. */
  readonly lease: Holder | undefined;
  readonly quarantined: ReadonlyMap<string, number>;
  readonly unfinished: readonly UnfinishedItem[];
  readonly flag: FlagState | { readonly unreadable: string };
  readonly rollback: Rollback | undefined;
  readonly killSwitch: KillSwitch | undefined;
}

export function describeStatus({
  run,
  passes,
  lease,
  quarantined,
  unfinished,
  flag,
  rollback,
  killSwitch,
}: Status): string[] {
  return [
    ...(run ? [describeRun(run), ...describePasses(passes)] : ['No backfill has started.']),
    ...(isUnfinished(rollback)
      ? [`The rollback by ${rollback.by}, started ${rollback.begunAt}, has not finished.`]
      : []),
    ...(lease ? [`${lease.owner} is running.`] : []),
    `In quarantine: ${[...quarantined].map(([source, count]) => `${source} ${count}`).join(', ')}`,
    ...describeUnfinished(unfinished),
    ...(killSwitch
      ? [`The kill switch is set, by ${killSwitch.by}, ${killSwitch.at}: all reads use the old tables.`]
      : []),
    ...('unreadable' in flag ? [`The read flag cannot be read: ${flag.unreadable}`] : describeFlag(flag)),
  ];
}

/** The command to run next, and why. */
export function nextStepOf({ run, passes, lease, unfinished, rollback }: Status): string {
  if (lease) return 'wait until the running command has finished';
  if (isUnfinished(rollback)) return 'kpi-migrate rollback --execute, which continues the rollback';
  if (run === undefined) return 'kpi-migrate backfill, which shows the plan';
  const due = passes.find((pass) => !pass.done);
  if (due) return `kpi-migrate backfill --execute, which continues with ${due.pass}`;
  return unfinished.length > 0
    ? 'kpi-migrate backfill --execute, which retries the unfinished items'
    : 'nothing: everything is copied and swept';
}

function describeRun({ runId, startedAt, totalSegments, finishedAt }: Run): string {
  const end = finishedAt === undefined ? 'not finished' : `finished ${finishedAt}`;
  return `Run ${runId}, started ${startedAt}, ${totalSegments} segments, ${end}.`;
}

function isUnfinished(rollback: Rollback | undefined): rollback is Rollback {
  return rollback !== undefined && rollback.endedAt === undefined;
}
