import { SOURCES, type Source } from '../../../functions/migration/sources.ts';
import { countNames } from '../../../functions/model/counts-by-name.ts';
import type { Run } from '../../../functions/tables/control/documents.ts';
import { QUARANTINE_SOURCES, type QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { STREAM_KEEPS_MS } from '../../../functions/tables/replication-lag.ts';
import { describeDuration } from '../../durations.ts';
import { describeReplication } from '../../replication-health.ts';
import { grouped } from '../../text-table.ts';
import { describePasses, describeUnfinished } from '../backfill/describe-backfill.ts';
import { describeFlag } from '../flag/describe-flag.ts';
import { STEPS, type Step } from './journey-facts.ts';
import type { ControlState, Status } from './read-status.ts';

/** The status as lines for a person, without the next step. */
export function describeStatus(status: Status): string[] {
  const { control, replication, flag, position, at, alarms, dashboardUrl } = status;
  return [
    describeJourney(position.step),
    ...(control ? describeControl(control, Date.parse(at)) : []),
    ...(replication ? describeReplication(replication) : []),
    ...('unreadable' in flag ? [`The read flag cannot be read: ${flag.unreadable}`] : describeFlag(flag)),
    ...(alarms === undefined ? [] : [describeAlarms(alarms)]),
    ...(dashboardUrl === undefined ? [] : [`Dashboard: ${dashboardUrl}`]),
    position.says,
  ];
}

/** The steps on one line, with the one that is due in brackets. */
export function describeJourney(step: Step): string {
  return STEPS.map((each) => (each === step ? `[${each}]` : each)).join(' → ');
}

function describeControl(state: ControlState, nowMs: number): string[] {
  const { evidence, passes, lease, quarantine, unfinished, rolling, watched } = state;
  const { run, lagMs, report } = evidence;
  const lags = SOURCES.map((source) => describeLag(source, lagMs[source] ?? 0));
  return [
    ...(run ? [describeRun(run), ...describePasses(passes)] : ['No backfill has started.']),
    ...(lease ? [`${lease.owner} is running.`] : []),
    ...(evidence.killSwitch
      ? [
          `The kill switch is set, by ${evidence.killSwitch.by}, ${evidence.killSwitch.at}: all reads use the old tables.`,
        ]
      : []),
    describeQuarantineCounts(quarantine),
    ...describeUnfinished(unfinished),
    `Stream lag: ${lags.join(', ')}.`,
    report === undefined
      ? 'Last validation: none.'
      : `Last validation: ${report.verdict}, ${grouped(report.rowsCompared)} rows, started ${describeDuration(nowMs - Date.parse(report.at))} ago (${report.at}).`,
    ...(rolling
      ? [
          `Standing validation: part ${rolling.next + 1} of ${rolling.parts}, ${grouped(rolling.rowsDiffering)} rows differ in this round; last round ended ${rolling.lastRoundEndedAt ?? 'never'}.`,
        ]
      : []),
    ...(watched
      ? [
          `Last watch: ${grouped(watched.rowsDiffering)} of ${grouped(watched.rowsCompared)} rows differ, ended ${watched.endedAt}.`,
        ]
      : []),
  ];
}

/** Below so much nobody counts down to the loss of changes. */
const COUNTDOWN_FROM_MS = 60 * 60_000;

/** How far a stream is behind, and from an hour on when it loses what it still holds. */
function describeLag(source: Source, lagMs: number): string {
  const lag = `${source} ${lagMs === 0 ? 'none' : describeDuration(lagMs)}`;
  if (lagMs < COUNTDOWN_FROM_MS) return lag;
  const leftMs = STREAM_KEEPS_MS - lagMs;
  if (leftMs > 0) return `${lag}, its oldest changes are lost in ${describeDuration(leftMs)}`;
  return `${lag}, changes may be lost: run kpi-migrate reseed --table ${source} when it has caught up`;
}

/** What blocks, apart from what a person has accepted. */
export function describeQuarantineCounts(entries: readonly QuarantineEntry[]): string {
  const counts = countNames(entries.map(({ source }) => source));
  const blocking = entries.filter(({ accepted }) => accepted === undefined).length;
  const bySource = QUARANTINE_SOURCES.map((source) => `${source} ${counts.get(source) ?? 0}`).join(', ');
  if (entries.length === 0) return `In quarantine: ${bySource}.`;
  return `In quarantine: ${bySource}. Accepted: ${entries.length - blocking}; blocking the cutover: ${blocking}.`;
}

function describeRun({ runId, startedAt, totalSegments, finishedAt }: Run): string {
  const end = finishedAt === undefined ? 'not finished' : `finished ${finishedAt}`;
  return `Run ${runId}, started ${startedAt}, ${totalSegments} segments, ${end}.`;
}

/** Those that are on, with what the stack says of each; of the others only how many there are. */
export function describeAlarms(alarms: NonNullable<Status['alarms']>): string {
  if ('unreadable' in alarms) return `Alarms: unknown. ${alarms.unreadable}`;
  const on = alarms.filter(({ state }) => state === 'ALARM');
  if (on.length === 0) return `Alarms: none of ${alarms.length} is on.`;
  const told = on.map(({ name, since, description }) => {
    const when = since === undefined ? '' : ` since ${since}`;
    return `${name}${when}${description === undefined ? '' : ` (${description})`}`;
  });
  return `Alarms: ${on.length} of ${alarms.length} on: ${told.join('; ')}.`;
}
