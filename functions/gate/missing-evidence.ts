import { SOURCES, type Source } from '../model/sources.ts';
import type { Run } from '../tables/backfill-run-row.ts';
import type { Rollback } from '../tables/rollback-row.ts';
import type { ValidationSummary } from '../tables/validation-report.ts';

/** Bounds of what counts as evidence. */
export interface GateLimits {
  readonly reportAgeMaxMs: number;
  readonly lagMaxMs: number;
}

/** What the gate looks at. */
export interface Evidence {
  /** The last whole validation; undefined where there never was one. */
  readonly report: ValidationSummary | undefined;
  /** The present or last run of the backfill; undefined where history was never copied, or has been cleared since. */
  readonly run: Run | undefined;
  /** The last rollback of the new tables; absent where there never was one. */
  readonly rollback?: Rollback | undefined;
  readonly mappingHash: string;
  /** Quarantined items that nobody has accepted, as `source id`. */
  readonly unaccepted: readonly string[];
  /** Items that were passed over and are neither as they should be nor in quarantine, as `kind id`. */
  readonly unfinished: readonly string[];
  readonly lagMs: Readonly<Record<Source, number>>;
}

/** One thing that keeps reads from moving, and the command for it. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly nextStep: string;
}

const VALIDATE = 'kpi-migrate validate';

/**
 * What is missing for reads to move to the new side (design.md, section 5); empty where nothing is. Pure.
 */
export function missingEvidence(evidence: Evidence, limits: GateLimits, nowMs: number): Refusal[] {
  return [
    ...reportRefusals(evidence, limits, nowMs),
    ...rollbackRefusals(evidence),
    ...backfillRefusals(evidence.run),
    ...quarantineRefusals(evidence.unaccepted),
    ...unfinishedRefusals(evidence.unfinished),
    ...lagRefusals(evidence.lagMs, limits),
  ];
}

function reportRefusals({ report, mappingHash }: Evidence, limits: GateLimits, nowMs: number): Refusal[] {
  if (report === undefined) return [refusal('NO_REPORT', 'There has been no validation.', VALIDATE)];
  const ageMs = nowMs - Date.parse(report.at);
  const said = report.reasons.length > 0 ? `: ${report.reasons.join('; ')}` : '';
  return [
    ...(report.verdict === 'agree'
      ? []
      : [
          refusal(
            report.verdict === 'disagree' ? 'REPORT_DISAGREES' : 'REPORT_INCONCLUSIVE',
            `The last validation says ${report.verdict}${said}.`,
            report.verdict === 'disagree' ? 'kpi-migrate repair' : VALIDATE,
          ),
        ]),
    ...(report.coverage < 1
      ? [refusal('REPORT_PARTIAL', `The last validation covered ${Math.floor(report.coverage * 100)} %.`, VALIDATE)]
      : []),
    ...(report.rowsCompared === 0 ? [refusal('REPORT_EMPTY', 'The last validation compared no row.', VALIDATE)] : []),
    // An age that cannot be told, or lies ahead, is none that can be relied on.
    ...(ageMs >= 0 && ageMs <= limits.reportAgeMaxMs
      ? []
      : [refusal('REPORT_OLD', `The last validation is of ${report.at}.`, VALIDATE)]),
    ...(report.mappingHash === mappingHash
      ? []
      : [refusal('MAPPING_CHANGED', 'The last validation was of another version of the mapping.', VALIDATE)]),
  ];
}

/** A validation that began before a rollback ended has seen rows that are gone since. */
function rollbackRefusals({ report, rollback }: Evidence): Refusal[] {
  if (rollback === undefined) return [];
  if (rollback.endedAt === undefined) {
    const message = `The rollback by ${rollback.by}, begun ${rollback.begunAt}, has not come to its end.`;
    return [refusal('ROLLBACK_UNFINISHED', message, 'kpi-migrate rollback --execute')];
  }
  if (report === undefined || Date.parse(report.at) > Date.parse(rollback.endedAt)) return [];
  const message = `The last validation, of ${report.at}, is from before the new tables were cleared.`;
  return [refusal('REPORT_BEFORE_ROLLBACK', message, 'kpi-migrate backfill --execute')];
}

/** A first run writes rows past the writer, which may be old by then: nobody may read them before its sweep (../sync/README.md). */
function backfillRefusals(run: Run | undefined): Refusal[] {
  if (run?.finishedAt !== undefined) return [];
  const message = run
    ? `The backfill begun ${run.startedAt} has not come to its end.`
    : 'History has not been copied into the new tables.';
  return [refusal(run ? 'BACKFILL_UNFINISHED' : 'NO_BACKFILL', message, 'kpi-migrate backfill --execute')];
}

/** Items named in a refusal; more of them help nobody. */
const NAMED_MAX = 5;

function quarantineRefusals(unaccepted: readonly string[]): Refusal[] {
  if (unaccepted.length === 0) return [];
  const message = `${unaccepted.length} quarantined items are accepted by nobody: ${someOf(unaccepted)}.`;
  return [refusal('QUARANTINE_NOT_ACCEPTED', message, 'kpi-migrate quarantine list')];
}

/** Nobody can answer for such an item: it may have rows of an earlier version, or none. */
function unfinishedRefusals(unfinished: readonly string[]): Refusal[] {
  if (unfinished.length === 0) return [];
  const message = `${unfinished.length} items could neither be replicated nor quarantined: ${someOf(unfinished)}.`;
  return [refusal('ITEMS_UNFINISHED', message, 'kpi-migrate backfill --execute')];
}

function someOf(names: readonly string[]): string {
  return `${names.slice(0, NAMED_MAX).join(', ')}${names.length > NAMED_MAX ? ', …' : ''}`;
}

function lagRefusals(lagMs: Evidence['lagMs'], { lagMaxMs }: GateLimits): Refusal[] {
  const behind = SOURCES.filter((source) => !(lagMs[source] <= lagMaxMs));
  return behind.map((source) =>
    refusal(
      'STREAM_BEHIND',
      `The stream of ${source} is ${Math.round(lagMs[source] / 1_000)} s behind.`,
      'kpi-migrate status',
    ),
  );
}

function refusal(code: string, message: string, nextStep: string): Refusal {
  return { code, message, nextStep };
}
