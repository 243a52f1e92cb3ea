import { type ReplicationHealth, replicationProblems } from '../health/health.ts';
import { SOURCES, type Source } from '../migration/sources.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import type { KillSwitch, Rollback, Run } from '../tables/control/documents.ts';
import { OPEN_READ_MAX } from '../tables/control/quarantine-rows.ts';
import type { ValidationSummary } from '../tables/control/validation-report.ts';

/** How old a validation and how late a stream may be. */
export interface GateLimits {
  readonly reportAgeMaxMs: number;
  readonly lagMaxMs: number;
}

/** What the gate looks at before reads move. */
export interface GateEvidence {
  /** The last whole validation; undefined if there was none. */
  readonly report: ValidationSummary | undefined;
  /** The current or last backfill run; undefined if history was never copied, or was cleared since. */
  readonly run: Run | undefined;
  /** The last rollback of the new tables; absent if there was none. */
  readonly rollback?: Rollback | undefined;
  /** What keeps all reads on the old tables, whatever the flag says; absent if nothing does. */
  readonly killSwitch?: KillSwitch | undefined;
  readonly mappingHash: string;
  /** Quarantined items that nobody has accepted, as `source id`. */
  readonly unaccepted: readonly string[];
  /** Items that were passed over and are neither as they should be nor in quarantine, as `kind id`. */
  readonly unfinished: readonly string[];
  readonly lagMs: Readonly<Record<Source, number>>;
  /** What the last heartbeat of the replication has found; undefined if there was none. */
  readonly replication: ReplicationHealth | undefined;
}

/** One thing that blocks a step, and the command that helps. */
export interface Blocker {
  readonly code: ErrorCode;
  readonly message: string;
  readonly nextStep: string;
}

export function describeBlocker({ code, message, nextStep }: Blocker): string {
  return `${code}: ${message} Next: ${nextStep}`;
}

const BACKFILL = 'kpi-migrate backfill --execute';
const VALIDATE = 'kpi-migrate validate';
/** A validation that disagreed stays the last one when all is repaired. */
const REPAIR = 'kpi-migrate repair --execute; after it, kpi-migrate validate';

/** What is missing before reads may move to the new tables (README.md); empty if nothing is. Pure. */
export function missingEvidence(evidence: GateEvidence, limits: GateLimits, nowMs: number): Blocker[] {
  return [
    ...reportBlockers(evidence, limits, nowMs),
    ...killSwitchBlockers(evidence),
    ...rollbackBlockers(evidence),
    ...backfillBlockers(evidence.run),
    ...quarantineBlockers(evidence.unaccepted),
    ...unfinishedBlockers(evidence.unfinished),
    ...lagBlockers(evidence.lagMs, limits),
    ...replicationProblems(evidence.replication, limits.lagMaxMs, nowMs),
  ];
}

/** A list of one blocker, or an empty one. */
export function blockerUnless(isMet: boolean, code: ErrorCode, message: string, nextStep: string): Blocker[] {
  return isMet ? [] : [{ code, message, nextStep }];
}

function reportBlockers({ report, mappingHash }: GateEvidence, limits: GateLimits, nowMs: number): Blocker[] {
  if (report === undefined) return blockerUnless(false, 'NO_REPORT', 'There has been no validation.', VALIDATE);
  const { at, verdict, coverage, reasons } = report;
  const why = reasons.length > 0 ? `: ${reasons.join('; ')}` : '';
  const disagrees = verdict === 'disagree';
  const ageMs = nowMs - Date.parse(at);
  const ageMaxMinutes = limits.reportAgeMaxMs / 60_000;
  return [
    ...blockerUnless(
      verdict === 'agree',
      disagrees ? 'REPORT_DISAGREES' : 'REPORT_INCONCLUSIVE',
      `The last validation's verdict is ${verdict}${why}.`,
      disagrees ? REPAIR : VALIDATE,
    ),
    ...blockerUnless(
      coverage >= 1,
      'REPORT_PARTIAL',
      `The last validation covered only ${Math.floor(coverage * 100)} %.`,
      VALIDATE,
    ),
    ...blockerUnless(report.rowsCompared !== 0, 'REPORT_EMPTY', 'The last validation compared no rows.', VALIDATE),
    // Written so that an age that is negative, or not a number, does not pass.
    ...blockerUnless(
      ageMs >= 0 && ageMs <= limits.reportAgeMaxMs,
      'REPORT_OLD',
      `The last validation, started ${at}, is not from the last ${ageMaxMinutes} minutes.`,
      VALIDATE,
    ),
    ...blockerUnless(
      report.mappingHash === mappingHash,
      'MAPPING_CHANGED',
      'The last validation used another version of the mapping.',
      VALIDATE,
    ),
  ];
}

/** A flag deployed under the switch would move reads later, all at once, when the switch goes. */
function killSwitchBlockers({ killSwitch }: GateEvidence): Blocker[] {
  const message = `${killSwitch?.by} set the kill switch, ${killSwitch?.at}.`;
  return blockerUnless(killSwitch === undefined, 'KILL_SWITCH_SET', message, 'kpi-migrate fallback --lift');
}

/** A validation that started before a rollback ended has seen rows that are gone now. */
function rollbackBlockers({ report, rollback }: GateEvidence): Blocker[] {
  if (rollback === undefined) return [];
  const { by, begunAt, endedAt } = rollback;
  if (endedAt === undefined) {
    const message = `The rollback by ${by}, started ${begunAt}, has not finished.`;
    return blockerUnless(false, 'ROLLBACK_UNFINISHED', message, 'kpi-migrate rollback --execute');
  }
  const isSince = report === undefined || Date.parse(report.at) > Date.parse(endedAt);
  const message = `The last validation, started ${report?.at}, is from before the new tables were cleared.`;
  return blockerUnless(isSince, 'REPORT_BEFORE_ROLLBACK', message, BACKFILL);
}

/** A first run inserts rows that may be stale until its sweep (../sync/README.md), so nobody may read them before. */
function backfillBlockers(run: Run | undefined): Blocker[] {
  if (run === undefined) {
    return blockerUnless(false, 'NO_BACKFILL', 'History has not been copied into the new tables.', BACKFILL);
  }
  const message = `The backfill started ${run.startedAt} has not finished.`;
  return blockerUnless(run.finishedAt !== undefined, 'BACKFILL_UNFINISHED', message, BACKFILL);
}

/** Items named in the message. A longer list helps nobody. */
const NAMED_MAX = 5;

function quarantineBlockers(unaccepted: readonly string[]): Blocker[] {
  const count = `${unaccepted.length < OPEN_READ_MAX ? '' : 'at least '}${unaccepted.length}`;
  const message = `Nobody has accepted ${count} of the quarantined items: ${someOf(unaccepted)}.`;
  return blockerUnless(unaccepted.length === 0, 'QUARANTINE_NOT_ACCEPTED', message, 'kpi-migrate quarantine list');
}

/** Nobody can answer for such an item: it may have rows of an earlier version, or none. */
function unfinishedBlockers(unfinished: readonly string[]): Blocker[] {
  const message = `${unfinished.length} items could neither be replicated nor quarantined: ${someOf(unfinished)}.`;
  return blockerUnless(unfinished.length === 0, 'ITEMS_UNFINISHED', message, BACKFILL);
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ', …' : ''}`;
}

function lagBlockers(lagMs: GateEvidence['lagMs'], { lagMaxMs }: GateLimits): Blocker[] {
  return SOURCES.flatMap((source) => {
    const message = `The stream of ${source} is ${Math.round(lagMs[source] / 1_000)} s behind.`;
    return blockerUnless(lagMs[source] <= lagMaxMs, 'STREAM_BEHIND', message, 'kpi-migrate status');
  });
}
