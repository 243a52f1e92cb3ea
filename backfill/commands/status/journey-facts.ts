import type { FlagState } from '../../../functions/flag/deployments.ts';
import type { GateEvidence } from '../../../functions/gate/missing-evidence.ts';
import type { Retirement, WatchRound } from '../../../functions/tables/control/documents.ts';
import type { QuarantineEntry } from '../../../functions/tables/control/quarantine-rows.ts';
import type { Pause } from '../../../functions/tables/control/steering.ts';
import type { RollingState } from '../../../functions/validation/rolling-state.ts';
import type { PassReport } from '../../copy/backfill.ts';
import type { NextStep } from '../../next-step.ts';
import type { Finding } from '../preflight/preflight.ts';

/** The steps of the journey, in order. */
export const STEPS = [
  'preflight',
  'backup',
  'deploy',
  'backfill',
  'validate',
  'shadow',
  'new 1 %',
  'new 10 %',
  'new 100 %',
  'watch',
  'retire',
] as const;
export type Step = (typeof STEPS)[number];

/** Where a migration can be. */
export type State =
  | 'nothing-deployed'
  | 'tables-unfit'
  | 'rollback-unfinished'
  | 'running'
  | 'paused'
  | 'budget-spent'
  | 'not-copied'
  | 'copy-unfinished'
  | 'items-unfinished'
  | 'quarantine-blocks'
  | 'streams-behind'
  | 'not-validated'
  | 'disagrees'
  | 'repaired'
  | 'inconclusive'
  | 'validation-old'
  | 'validated'
  | 'flag-unreadable'
  | 'kill-switch'
  | 'deploying'
  | 'baking'
  | 'rolling-back'
  | 'rolled-back'
  | 'fell-back'
  | 'shadow'
  | 'reads-new'
  | 'new-side-differs'
  | 'watching'
  | 'may-retire'
  | 'retired';

/** Where a migration is, and the one command to run next. */
export interface Position {
  readonly state: State;
  /** The step that comes next, or that is in progress. */
  readonly step: Step;
  /** ISO 8601: since when; absent where nothing says so. */
  readonly since?: string;
  /** Where it is, as a sentence. */
  readonly says: string;
  readonly next: NextStep;
  /** Whether there is nothing to do but to wait. */
  readonly waits: boolean;
}

/** The flag where AppConfig did not say what it is. */
export interface UnreadableFlag {
  readonly unreadable: string;
}

/** What the position is decided from. */
export interface JourneyFacts {
  readonly environment: string;
  /** What the preflight finds. */
  readonly findings: readonly Pick<Finding, 'code' | 'role'>[];
  /** Whether every old table has a backup; undefined where the engine has none. */
  readonly backedUp?: boolean | undefined;
  /** What the gate decides on; undefined while there is no control table. */
  readonly evidence: GateEvidence | undefined;
  readonly passes: readonly PassReport[];
  /** Who holds the lease of the backfill. */
  readonly runningBy?: string | undefined;
  /** Whether copying is paused. */
  readonly pause?: Pause | undefined;
  /** What the run has cost, and may cost; absent where it has no budget. */
  readonly budget?: { readonly spentUsd: number; readonly budgetUsd: number; readonly isSpent: boolean } | undefined;
  /** The first quarantined item that nobody has accepted. */
  readonly blocking?: Pick<QuarantineEntry, 'source' | 'id'> | undefined;
  readonly flag: FlagState | UnreadableFlag;
  /** ISO 8601: when reads went back from the new tables; absent where they have not, or have moved again since. */
  readonly fellBackAt?: string | undefined;
  readonly rolling?: RollingState | undefined;
  readonly watched?: WatchRound | undefined;
  /** ISO 8601: when the last repair ended. */
  readonly repairedAt?: string | undefined;
  readonly retirement?: Retirement | undefined;
}
