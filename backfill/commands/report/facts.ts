import type { FlagHistoryEntry } from '../../../functions/flag/history.ts';
import { mappingHash } from '../../../functions/migration/mapping-hash.ts';
import type { Source } from '../../../functions/migration/sources.ts';
import type { ControlTable } from '../../../functions/tables/control/control-table.ts';
import {
  type Retirement,
  type Rollback,
  type Run,
  readRetirement,
  readRollback,
  readRun,
} from '../../../functions/tables/control/documents.ts';
import { type Operation, readOperations } from '../../../functions/tables/control/operations.ts';
import { PROMOTED_STEPS, type Promotion, readPromotion } from '../../../functions/tables/control/promotions.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import { readUnfinished, type UnfinishedItem } from '../../../functions/tables/control/unfinished-items.ts';
import { storedReports } from '../../../functions/tables/control/validation-report.ts';
import { readLagMs } from '../../../functions/tables/replication-lag.ts';
import { type RollingState, storedRolling } from '../../../functions/validation/rolling-state.ts';
import type { Settings } from '../../../infra/settings.ts';
import { type Checkpoint, readCheckpoints } from '../../copy/run-state.ts';

/** All that an audit bundle tells, read in one pass. */
export interface AuditFacts {
  /** ISO 8601: when reading began. */
  readonly at: string;
  readonly by: string;
  readonly settings: Settings;
  readonly mappingHash: string;
  readonly run: Run | undefined;
  readonly checkpoints: readonly Checkpoint[];
  readonly rollback: Rollback | undefined;
  readonly retirement: Retirement | undefined;
  readonly reports: readonly Readonly<Record<string, unknown>>[];
  readonly rolling: RollingState | undefined;
  readonly quarantine: readonly QuarantineEntry[];
  /** What could neither be replicated nor quarantined. */
  readonly unfinished: readonly UnfinishedItem[];
  /** Oldest first. */
  readonly flagHistory: readonly FlagHistoryEntry[];
  readonly lagMs: Readonly<Record<Source, number>>;
  /** On what evidence of the environment before each step was allowed here, or who answers for it. */
  readonly promotions: readonly Promotion[];
  /** Every command that changed something, oldest first. */
  readonly operations: readonly Operation[];
}

export interface AuditReads {
  readonly settings: Settings;
  readonly control: ControlTable;
  readonly quarantine: () => AsyncIterable<QuarantineEntry>;
  readonly flagHistory: () => Promise<readonly FlagHistoryEntry[]>;
  readonly by: string;
  readonly nowMs: () => number;
}

/** Reads all facts, each once. What cannot be read ends it: a bundle that lacks a part would not say so of itself. */
export async function readFacts(reads: AuditReads): Promise<AuditFacts> {
  const { settings, control, by } = reads;
  const nowMs = reads.nowMs();
  const at = new Date(nowMs).toISOString();
  return {
    at,
    by,
    settings,
    mappingHash: mappingHash(),
    run: await readRun(control),
    checkpoints: await readCheckpoints(control),
    rollback: await readRollback(control),
    retirement: await readRetirement(control),
    reports: await storedReports(control),
    rolling: await storedRolling(control),
    quarantine: await Array.fromAsync(reads.quarantine()),
    unfinished: await readUnfinished(control),
    flagHistory: await reads.flagHistory(),
    lagMs: await readLagMs(control, nowMs),
    promotions: (await Promise.all(PROMOTED_STEPS.map((step) => readPromotion(control, step)))).filter(
      (each) => each !== undefined,
    ),
    operations: await readOperations(control),
  };
}
