import { mappingHash } from '../migration/mapping-hash.ts';
import type { Source } from '../migration/sources.ts';
import type { HeldRecords } from '../model/kpi.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import { keepReport, type ValidationSummary } from '../tables/control/validation-report.ts';
import { IncompleteBatchError } from '../tables/dynamo/failure-scope.ts';
import type { Transactions } from '../tables/dynamo/transactions.ts';
import { longestLagMs } from '../tables/replication-lag.ts';
import type { ValidationReads } from '../tables/validation-reads.ts';
import { type Comparison, type ComparisonOptions, compareSides } from './compare-sides.ts';
import { Counts } from './counts.ts';
import { checksOf, FINDINGS_TOLD, linesOf, sumOf, type ValidationReport } from './report.ts';
import { openRun } from './run-checkpoints.ts';
import { readSample } from './sample.ts';
import { proveItself, type SelfProof } from './self-proof.ts';
import { judge } from './verdict.ts';

export interface ValidationOptions
  extends Omit<ComparisonOptions, 'checkpoints' | 'heldRecords' | 'phase' | 'reads' | 'lagMs'> {
  readonly reads: ValidationReads;
  readonly control: ControlTable;
  readonly transactions: Transactions;
  readonly heldRecords: HeldRecords;
  readonly phase?: Source;
  /** The run of the backfill that filled the tables; empty where none has begun. */
  readonly backfillRunId: string;
  /** How the validator is put to the proof; {@link proveItself} but for tests of other things. */
  readonly prove?: typeof proveItself;
  /** How far the streams are behind, in milliseconds; as the control table has it but for tests. */
  readonly lagMs?: () => Promise<number>;
  readonly newToken: () => string;
  readonly note: (message: string) => void;
}

/** A validation's report, and everything it found, for those who mend it. */
export interface Validation {
  readonly report: ValidationReport;
  readonly comparison: Comparison;
}

/**
 * Validates both sides, whole or one phase, and keeps the summary in the control table. Goes on where an earlier validation of
 * the same question was interrupted.
 *
 * Tables that cannot be read give a verdict, too: `inconclusive`, with the reason.
 *
 * @throws MigrationError `VALIDATION_RUNNING`; the abort reason where `stop` is aborted, with a checkpoint kept.
 */
export async function validate(options: ValidationOptions): Promise<Validation> {
  const { control, heldRecords, phase, reads, stop } = options;
  const hash = mappingHash();
  const identity = {
    mappingHash: hash,
    backfillRunId: options.backfillRunId,
    heldRecords,
    ...(phase !== undefined && { phase }),
  };
  const run = await openRun({ ...options, identity });
  const lagMs = options.lagMs ?? (() => longestLagMs(control, options.nowMs()));
  let comparison = NOTHING_COMPARED;
  let proof: SelfProof = { planted: 0, missed: [] };
  let failure: Failure | undefined;
  try {
    comparison = await compareSides({ ...options, lagMs, checkpoints: run.checkpoints });
    options.note('The validator proves itself on planted faults.');
    proof = await (options.prove ?? proveItself)(
      heldRecords,
      await readSample(reads, comparison.sampleKpis, heldRecords),
      stop,
    );
  } catch (error) {
    failure = unreadable(error);
    if (failure === undefined) throw error;
    comparison = NOTHING_COMPARED;
  }

  const lines = linesOf(comparison);
  const counts = sumOf(lines);
  const rowsCompared = Math.max(0, counts.found + counts.missing);
  const judgement = judge({
    ...(failure !== undefined && { failure: failure.reason }),
    rowsCompared,
    differences: comparison.proven.length,
    unsettled: comparison.inFlight.filter(({ follows }) => !follows).length,
    bucketsUnopened: comparison.bucketsUnopened,
    straysUnlisted: comparison.straysUnlisted,
    entriesUnchecked: comparison.entriesUnchecked,
    unexamined: comparison.unexamined.map(({ name, code }) => `${name} (${code})`),
    proof,
  });
  const summary: ValidationSummary = {
    ...judgement,
    reasons: [...judgement.reasons],
    at: new Date(run.startedAtMs).toISOString(),
    mappingHash: hash,
    coverage: comparison.coverage,
    rowsCompared,
    runId: run.runId,
    counts,
    proof: { planted: proof.planted, missed: [...proof.missed] },
  };
  await keepReport(control, summary, phase === undefined);
  // A table that did not answer may do so soon: the scans then go on from their checkpoint. One that comes back is another table.
  if (failure === undefined || !failure.goesOn) await run.finish();
  const report: ValidationReport = {
    ...summary,
    ...(phase !== undefined && { phase }),
    finishedAt: new Date(options.nowMs()).toISOString(),
    checks: failure === undefined ? checksOf(comparison, phase) : [],
    lines,
    proof,
    findings: comparison.proven.slice(0, FINDINGS_TOLD),
    unexamined: comparison.unexamined,
    inFlight: comparison.inFlight.slice(0, FINDINGS_TOLD),
  };
  return { report, comparison };
}

const NOTHING_COMPARED: Comparison = {
  proven: [],
  inFlight: [],
  counts: new Counts(),
  coverage: 0,
  bucketsDiffering: 0,
  bucketsUnopened: 0,
  straysUnlisted: 0,
  entriesUnchecked: false,
  unexamined: [],
  sampledLinks: { ids: [], existing: 0, matching: 0 },
  sampleKpis: [],
};

const THROTTLED = new Set(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded']);

/** Why the tables could not be read to their end. */
interface Failure {
  readonly reason: string;
  /** Whether what has been scanned is of use to the next validation. */
  readonly goesOn: boolean;
}

/** What is said of tables that cannot be read; undefined for an error of another kind. */
function unreadable(error: unknown): Failure | undefined {
  if (error instanceof MigrationError && error.kind === 'table-missing') {
    return { reason: `${error.message} ${error.nextStep ?? ''}`.trimEnd(), goesOn: false };
  }
  if (error instanceof IncompleteBatchError || (error instanceof Error && THROTTLED.has(error.name))) {
    const reason = `The tables refused to be read: ${error.name}. The next validation continues from the checkpoint.`;
    return { reason, goesOn: true };
  }
  return undefined;
}
