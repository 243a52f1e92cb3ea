import { readsAnyNew } from '../../functions/flag/widening.ts';
import { RECORD_SOURCES, SOURCES } from '../../functions/migration/sources.ts';
import { own } from '../../functions/model/own.ts';
import { STREAM_KEEPS_MS } from '../../functions/tables/replication-lag.ts';
import type { Settings } from '../../infra/settings.ts';
import { whoReadsWhat } from '../commands/flag/describe-flag.ts';
import { describeAlarms } from '../commands/status/describe-status.ts';
import { STEPS } from '../commands/status/journey-facts.ts';
import type { ControlState, Status } from '../commands/status/read-status.ts';
import { describeMoney } from '../prices.ts';
import { type Sample, scanRate } from './samples.ts';

/** Readers poll the flag this often (functions/flag/client.ts). */
const READERS_POLL_MS = 15_000;

/** Entries of quarantine that the page lists. */
const ENTRIES_MAX = 200;

export interface ViewInputs {
  readonly status: Status;
  readonly settings: Settings;
  readonly samples: readonly Sample[];
  readonly isReadOnly: boolean;
}

/**
 * What the page shows, at one instant. Pure. It names items by table and id, and holds none of their values: nothing of a
 * tenant's data and nobody's name but operators'.
 */
export function viewOf({ status, settings, samples, isReadOnly }: ViewInputs) {
  const { position, control, flag, at, environment } = status;
  return {
    environment,
    at,
    dashboardUrl: status.dashboardUrl,
    alarms: status.alarms && { says: describeAlarms(status.alarms), isOn: isAnyOn(status.alarms) },
    isReadOnly,
    position,
    steps: STEPS.map((name, index) => ({ name, state: stateOf(index, STEPS.indexOf(position.step)) })),
    findings: status.findings.map(({ table, message, nextStep }) => `${table}: ${message} ${nextStep}`),
    streams: SOURCES.map((source) => streamOf(source, status, settings)),
    backfill: { ...backfillOf(status, samples), used: usedBy(status, settings) },
    validation: validationOf(control, settings, Date.parse(at)),
    quarantine: quarantineOf(control),
    standing: control?.rolling && {
      ...{ next: control.rolling.next, parts: control.rolling.parts, differing: control.rolling.rowsDiffering },
      lastRoundEndedAt: control.rolling.lastRoundEndedAt,
    },
    watched: control?.watched,
    reads: readsOf(flag, samples),
    history: thinned(samples).map(pointOf),
  };
}

function isAnyOn(alarms: NonNullable<Status['alarms']>): boolean {
  return !('unreadable' in alarms) && alarms.some(({ state }) => state === 'ALARM');
}

export type CockpitView = ReturnType<typeof viewOf>;

/** Points of a line; a screen shows no more. */
const POINTS_MAX = 240;

function thinned(samples: readonly Sample[]): Sample[] {
  const every = Math.ceil(samples.length / POINTS_MAX);
  return samples.filter((_, at) => (samples.length - 1 - at) % every === 0);
}

function pointOf({ atMs, lagMs, reads }: Sample) {
  return {
    atMs,
    lagMs: Math.max(...Object.values(lagMs)),
    old: reads?.old,
    new: reads?.new,
    differing: reads?.differing,
  };
}

function stateOf(index: number, current: number): 'done' | 'current' | 'ahead' {
  if (index === current) return 'current';
  return index < current ? 'done' : 'ahead';
}

function streamOf(source: (typeof SOURCES)[number], { control }: Status, settings: Settings) {
  const lagMs = control?.evidence.lagMs[source];
  return {
    source,
    lagMs,
    boundMs: settings.readFlag.lagMaxSeconds * 1_000,
    /** Until the oldest change that is not replicated is gone from the stream. */
    lostInMs: lagMs === undefined ? undefined : Math.max(0, STREAM_KEEPS_MS - lagMs),
  };
}

function backfillOf({ control, itemCounts, position }: Status, samples: readonly Sample[]) {
  const passes = control?.passes ?? [];
  const scanned = samples.at(-1)?.scanned ?? 0;
  // The counts are DynamoDB's own, up to six hours old; a table that has been read whole has as many as were read.
  const total = SOURCES.reduce((sum, source) => {
    const pass = passes.find((each) => each.pass === source);
    const read = pass?.tally.scanned ?? 0;
    return sum + (pass?.done ? read : Math.max(read, itemCounts[source] ?? 0));
  }, 0);
  const isRunning = position.state === 'running';
  const rate = isRunning ? scanRate(samples) : undefined;
  return {
    runBy: control?.lease?.owner,
    scanned,
    total,
    ratePerSecond: rate,
    etaMs: rate !== undefined && rate > 0 ? ((total - scanned) / rate) * 1_000 : undefined,
    rows: passes.reduce((sum, { tally }) => sum + tally.copied, 0),
    passes: passes.map(({ pass, done, tally }) => ({ pass, done, scanned: tally.scanned })),
    unfinished: (control?.unfinished ?? []).slice(0, ENTRIES_MAX).map(({ kind, id, code }) => ({ kind, id, code })),
  };
}

/** The write units of data rows so far, what a run of this pace comes to, and the money of both. */
function usedBy({ control, itemCounts }: Status, settings: Settings) {
  const passes = (control?.passes ?? []).filter(({ pass }) => RECORD_SOURCES.some((source) => source === pass));
  const writeUnits = passes.reduce((sum, { tally }) => sum + tally.dataWriteUnits, 0);
  const scanned = passes.reduce((sum, { tally }) => sum + tally.scanned, 0);
  const toScan = passes
    .filter(({ done }) => !done)
    .reduce((sum, { pass, tally }) => sum + Math.max(0, (own(itemCounts, pass) ?? 0) - tally.scanned), 0);
  const expectedUnits = scanned === 0 ? undefined : Math.round(writeUnits * (1 + toScan / scanned));
  return { writeUnits, expectedUnits, money: describeMoney(writeUnits, settings) };
}

function validationOf(control: ControlState | undefined, settings: Settings, nowMs: number) {
  const report = control?.evidence.report;
  if (report === undefined) return undefined;
  const { verdict, at, rowsCompared, coverage, counts, reasons, proof } = report;
  return {
    ...{ verdict, at, rowsCompared, coverage, counts, reasons, proof },
    ageMs: nowMs - Date.parse(at),
    ageMaxMs: settings.readFlag.reportAgeMaxMinutes * 60_000,
    isOfThisMapping: report.mappingHash === control?.evidence.mappingHash,
  };
}

function quarantineOf(control: ControlState | undefined) {
  const entries = control?.quarantine ?? [];
  return {
    total: entries.length,
    blocking: entries.filter(({ accepted }) => accepted === undefined).length,
    held: control?.evidence.report?.counts.held,
    entries: entries.slice(0, ENTRIES_MAX).map(({ source, id, reason, quarantinedAt, accepted }) => ({
      ...{ source, id, code: reason.code, at: quarantinedAt },
      acceptedBy: accepted?.by,
    })),
  };
}

function readsOf(flag: Status['flag'], samples: readonly Sample[]) {
  const counts = samples.at(-1)?.reads;
  if ('unreadable' in flag) return { unreadable: flag.unreadable, counts, pollMs: READERS_POLL_MS };
  const { deployed, inProgress, last } = flag;
  return {
    stage: deployed?.enabled ? deployed.stage : 'old',
    percent: deployed?.enabled && deployed.stage === 'new' ? deployed.percent : 0,
    who: whoReadsWhat(deployed),
    isOnNew: [deployed, inProgress?.flag].some((content) => content !== undefined && readsAnyNew(content)),
    inProgress: inProgress && {
      ...{ number: inProgress.number, state: inProgress.state, percentageComplete: inProgress.percentageComplete },
      ...{ startedAt: inProgress.startedAt, who: whoReadsWhat(inProgress.flag) },
    },
    last: last && { number: last.number, state: last.state, completedAt: last.completedAt },
    counts,
    pollMs: READERS_POLL_MS,
  };
}
