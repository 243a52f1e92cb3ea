import type { FlagState } from '../../../functions/flag/deployments.ts';
import {
  type Blocker,
  blockerUnless,
  type GateEvidence,
  type GateLimits,
  missingEvidence,
} from '../../../functions/gate/missing-evidence.ts';
import { SOURCES } from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../../functions/migration/tables.ts';
import { KIND_OF } from '../../../functions/model/error-codes.ts';
import type { Backup } from '../../../functions/tables/dynamo/backups.ts';
import type { RollingState } from '../../../functions/validation/rolling-state.ts';
import { whoReadsWhat } from '../flag/describe-flag.ts';

/** The tables that are to go: the look-up tables stay the service's own. */
export const RETIRED_ROLES = SOURCES.map((source) => OLD_TABLE_OF[source]);
export type RetiredRole = (typeof RETIRED_ROLES)[number];

/** What is looked at before the old tables may go. */
export interface RetireEvidence extends GateEvidence {
  readonly flag: FlagState;
  /** The standing validation; undefined where it never ran. */
  readonly rolling: RollingState | undefined;
  /** Backups by table; undefined where the engine has none. */
  readonly backups: Readonly<Record<RetiredRole, readonly Backup[]>> | undefined;
  /** Whether a person answers for records that are held. */
  readonly heldAccepted: boolean;
}

export const DAY_MS = 86_400_000;

/** Reads have to have been on the new tables for this long (design.md, section 1). */
export const READS_NEW_DAYS_MIN = 7;

/** A round of the standing validation takes a day by default; one older than this has stopped. */
export const STANDING_ROUND_AGE_DAYS_MAX = 3;

/** A backup older than this is not the last word of a table that the service may still write. */
export const BACKUP_AGE_DAYS_MAX = 1;

/** What still keeps the old tables, each with its own next step; empty where they may go. Pure. */
export function whatKeepsOldTables(evidence: RetireEvidence, limits: GateLimits, nowMs: number): Blocker[] {
  return [
    ...readRefusals(evidence.flag, nowMs),
    ...missingEvidence(evidence, limits, nowMs),
    ...heldRefusals(evidence),
    ...standingRefusals(evidence, nowMs),
    ...backupRefusals(evidence.backups, nowMs),
  ];
}

function readRefusals({ deployed, inProgress, last }: FlagState, nowMs: number): Blocker[] {
  if (inProgress !== undefined) {
    const message = `Deployment ${inProgress.number} of the read flag is ${inProgress.state}.`;
    return [{ code: 'FLAG_DEPLOYING', message, nextStep: 'kpi-migrate status' }];
  }
  if (!deployed?.enabled || deployed.stage !== 'new' || deployed.percent < 100) {
    const message = `Not every tenant reads the new tables: ${whoReadsWhat(deployed)}.`;
    return [{ code: 'READS_NOT_NEW', message, nextStep: 'kpi-migrate stage new --percent 100 --execute' }];
  }
  // If the last deployment was rolled back, nobody can tell since when the one before it has been in force again.
  const sinceMs = last?.state === 'COMPLETE' && last.completedAt ? Date.parse(last.completedAt) : Number.NaN;
  const message = `All reads must have been on the new tables for ${READS_NEW_DAYS_MIN} days without a change of the flag.`;
  const isLongAgo = nowMs - sinceMs >= READS_NEW_DAYS_MIN * DAY_MS;
  return blockerUnless(isLongAgo, 'READS_NEW_RECENTLY', message, 'kpi-migrate status');
}

function heldRefusals({ report, heldAccepted }: RetireEvidence): Blocker[] {
  const held = report?.counts.held ?? 0;
  return blockerUnless(
    held === 0 || heldAccepted,
    'RECORDS_HELD',
    `${held} records are held: their KPI has no link, so they have no row in the new tables.`,
    'kpi-migrate held list; to leave the rest behind: kpi-migrate retire --accept-held --by NAME',
  );
}

function standingRefusals({ rolling, rollback }: RetireEvidence, nowMs: number): Blocker[] {
  if (rolling?.lastRoundEndedAt === undefined) {
    const message = 'The standing validation has not finished a round.';
    return [{ code: 'NO_STANDING_ROUND', message, nextStep: 'kpi-migrate watch --once, and wait for its function' }];
  }
  const { lastRoundEndedAt: endedAt, lastRoundDiffering = 0, rowsDiffering } = rolling;
  const endedMs = Date.parse(endedAt);
  const isYoung = nowMs - endedMs <= STANDING_ROUND_AGE_DAYS_MAX * DAY_MS;
  const isSinceRollback = rollback?.endedAt === undefined || endedMs > Date.parse(rollback.endedAt);
  return [
    ...blockerUnless(
      isYoung && isSinceRollback,
      'STANDING_ROUND_OLD',
      `The standing validation finished its last round at ${endedAt}.`,
      'kpi-migrate watch --once, and look at the log of its function',
    ),
    ...blockerUnless(
      lastRoundDiffering + rowsDiffering === 0,
      'STANDING_ROUND_DIFFERS',
      `The standing validation found ${lastRoundDiffering} rows that differ in its last round and ${rowsDiffering} in this one.`,
      'kpi-migrate validate',
    ),
  ];
}

function backupRefusals(backups: RetireEvidence['backups'], nowMs: number): Blocker[] {
  if (backups === undefined) {
    const message = 'DynamoDB Local has no backups.';
    return [{ code: 'BACKUPS_UNSUPPORTED', message, nextStep: 'kpi-migrate retire --env NAME, in AWS' }];
  }
  return RETIRED_ROLES.flatMap((role) => {
    const times = backups[role].filter(({ status }) => status === 'AVAILABLE').map(({ createdAt }) => createdAt);
    const latest = times.toSorted().at(-1);
    const nextStep = 'kpi-migrate backup --execute';
    if (latest === undefined) {
      return blockerUnless(false, 'BACKUP_MISSING', `${role} has no backup that can be restored.`, nextStep);
    }
    const isYoung = nowMs - Date.parse(latest) <= BACKUP_AGE_DAYS_MAX * DAY_MS;
    return blockerUnless(isYoung, 'BACKUP_OLD', `The last backup of ${role} is from ${latest}.`, nextStep);
  });
}

/** What the command itself mends when it is told to. */
export function isForBackup({ code }: Blocker): boolean {
  return KIND_OF[code] === 'backup-due';
}
