import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { MigrationError } from '../../functions/model/migration-error.ts';
import { own } from '../../functions/model/own.ts';
import type { ControlTable } from '../../functions/tables/control/control-table.ts';
import { type Run, readRollback, readRun, writeRun } from '../../functions/tables/control/documents.ts';
import { readUnfinished, type UnfinishedItem } from '../../functions/tables/control/unfinished-items.ts';
import type { NewTables } from '../../functions/tables/new/new-tables.ts';
import { acquireLease, type Lease, type LeaseOptions } from '../lease/lease.ts';
import type { Progress } from '../progress.ts';
import { type Copier, guardWrites, writeUnitsOf } from './copier.ts';
import { FirstCopy, type FirstCopyOptions } from './first-copy.ts';
import { LatePuts, type LatePutsOptions } from './late-puts.ts';
import { workOnPass } from './pass-work.ts';
import { PutQueue } from './put-queue.ts';
import {
  checkpointsOf,
  hasBegun,
  isDone,
  PASSES,
  type Pass,
  readCheckpoints,
  readRunState,
  recordsHaveBegun,
} from './run-state.ts';
import { type PassCircumstances, runSegments } from './segments.ts';
import { type Bounds, type Spending, type Steerable, steered } from './steered-run.ts';
import { takeUpUnfinished } from './take-up-unfinished.ts';
import { addTallies, type Tally } from './tally.ts';

export interface BackfillOptions
  extends Omit<Copier, 'pause' | 'first' | 'data'>,
    Omit<LeaseOptions, 'transactions' | 'onWait'>,
    LatePutsOptions,
    Steerable {
  readonly data: NewTables;
  /** Parallel scans a table in a run that begins now; one that continues keeps its own number. */
  readonly segments: number;
  readonly progress: Progress;
  /** Items in each old table, roughly, for the time left. */
  readonly itemCountEstimates: Partial<Record<Source, number>>;
  /** Only this source; absent for all four. */
  readonly phase?: Source;
}

export interface PassReport {
  readonly pass: Pass;
  readonly done: boolean;
  readonly tally: Tally;
}

export interface BackfillReport extends Spending {
  readonly runId: string;
  /**
   * `finished`: all is copied and swept. `sweep-due`: a phase alone was asked for, and others are still to be copied. `unfinished`: all is copied and
   * swept but for some items.
   */
  readonly state: 'finished' | 'stopped' | 'sweep-due' | 'unfinished';
  readonly passes: readonly PassReport[];
  /** What could neither be replicated nor quarantined so far, whoever met it. */
  readonly unfinished: readonly UnfinishedItem[];
}

/**
 * Copies the old tables, source after source, and sweeps when all four are copied. Goes on where an earlier run was
 * stopped or killed; begins a new run where that one was finished, which then changes nothing. An item that cannot be dealt with holds up no
 * other; the run counts as finished only when there is none left, and until then every call tries these once more.
 *
 * A crash at any call leaves rows that are right or that the sweep puts right, checkpoints that are at most a page behind,
 * and a lease that runs out by itself.
 *
 * @throws MigrationError `BACKFILL_RUNNING`, `LEASE_LOST`, `ROLLBACK_UNFINISHED`, and what the tables throw.
 */
export async function runBackfill(options: BackfillOptions): Promise<BackfillReport> {
  const { transactions } = options.replication;
  const lease = await acquireLease({ ...options, transactions, onWait: options.progress.note });
  let report: BackfillReport;
  try {
    const copier = guardWrites(options, lease.requireHeld);
    const latePuts = await LatePuts.open(copier.replication.control, lease, options);
    report = await copyAndSweep(options, copier, lease, latePuts);
    await latePuts.store(copier.replication.control);
  } catch (error) {
    await lease.releaseAfterReserve();
    throw error;
  }
  await lease.release();
  return report;
}

async function copyAndSweep(
  options: BackfillOptions,
  unready: Copier,
  lease: Lease,
  latePuts: LatePuts,
): Promise<BackfillReport> {
  const { control } = unready.replication;
  const run = await currentRun(options, control);
  return steered({ ...options, control, run }, (bounds) =>
    runPasses({ ...options, ...bounds }, unready, run, lease, latePuts),
  );
}

async function runPasses(
  options: BackfillOptions & Bounds,
  unready: Copier,
  run: Run,
  lease: Lease,
  latePuts: LatePuts,
): Promise<BackfillReport> {
  const { control } = unready.replication;
  const copier = run.isRepeat ? unready : { ...unready, first: firstCopy(options, run, lease, latePuts) };
  const copies = options.phase === undefined ? SOURCES : [options.phase];
  for (const pass of copies) await runPass(options, copier, run, pass);

  const { checkpoints: copied, members } = await readRunState(control);
  const sweepDue = !SOURCES.every((source) => isDone(run, source, copied));
  if (!sweepDue) {
    if (!hasBegun(run, 'sweep-records', copied)) await latePuts.outlast(members);
    for (const pass of ['sweep-records', 'sweep-kpis'] as const) await runPass(options, copier, run, pass);
  }

  const passes = reportPasses(run, await readCheckpoints(control));
  const { runId } = run;
  if (passes.some(({ done }) => !done)) {
    const unfinished = await readUnfinished(control);
    return { runId, state: options.stop.aborted ? 'stopped' : 'sweep-due', passes, unfinished };
  }
  const unfinished = await takeUpUnfinished(copier);
  if (unfinished.length > 0) return { runId, state: 'unfinished', passes, unfinished };
  await writeRun(control, { ...run, finishedAt: new Date(options.nowMs()).toISOString() });
  return { runId, state: 'finished', passes, unfinished };
}

/** What puts rows past the protocol. Each attempt asks for the lease, and tells whether it was answered. */
export function firstCopy(
  options: Pick<BackfillOptions, 'data' | 'pace' | 'nowMs' | 'replication' | 'itemCountEstimates'> &
    Pick<FirstCopyOptions, 'isPart'>,
  run: Pick<Run, 'totalSegments'>,
  lease: Pick<Lease, 'requireHeld'>,
  latePuts: Pick<LatePuts, 'note'>,
): FirstCopy {
  const { data, pace, nowMs, replication, itemCountEstimates, isPart } = options;
  const queue = new PutQueue({
    send: (rows, { begun, throttled }) => {
      const requireAllowed = (): void => {
        lease.requireHeld();
        begun();
      };
      return data.putData(rows, { requireAllowed, unanswered: () => latePuts.note(), throttled });
    },
    pace: (rows) => pace(writeUnitsOf(rows)),
    nowMs,
  });
  return new FirstCopy({
    ...{ queue, replication, itemCountEstimates },
    totalSegments: run.totalSegments,
    ...(isPart && { isPart }),
  });
}

/** How far each pass of a run has come. */
export function reportPasses(run: Run, stored: Parameters<typeof checkpointsOf>[2]): PassReport[] {
  return PASSES.map((pass) => {
    const checkpoints = checkpointsOf(run, pass, stored);
    return {
      pass,
      done: isDone(run, pass, stored),
      tally: addTallies(checkpoints.map((checkpoint) => checkpoint.tally)),
    };
  });
}

/** The run to continue, or else a new one, which is stored. @throws MigrationError `ROLLBACK_UNFINISHED` */
export async function currentRun(
  options: Pick<BackfillOptions, 'segments' | 'newToken' | 'nowMs'> & { readonly progress: Pick<Progress, 'note'> },
  control: ControlTable,
): Promise<Run> {
  await requireNoRollback(control);
  const stored = await readRun(control);
  if (stored !== undefined && stored.finishedAt === undefined) {
    options.progress.note(`Resuming run ${stored.runId}, started ${stored.startedAt}.`);
    if (stored.totalSegments !== options.segments) {
      options.progress.note(
        `The run keeps its ${stored.totalSegments} segments: its cursors are not valid for ${options.segments}.`,
      );
    }
    return stored;
  }
  const run = {
    runId: options.newToken(),
    startedAt: new Date(options.nowMs()).toISOString(),
    totalSegments: options.segments,
    isRepeat: stored !== undefined,
  };
  await writeRun(control, run);
  options.progress.note(`Starting run ${run.runId}${stored ? `; the last one finished ${stored.finishedAt}` : ''}.`);
  return run;
}

/** An interrupted rollback leaves an unknown part of the rows: nothing can build on that. */
async function requireNoRollback(control: ControlTable): Promise<void> {
  const rollback = await readRollback(control);
  if (rollback === undefined || rollback.endedAt !== undefined) return;
  const message = `The rollback by ${rollback.by}, started ${rollback.begunAt}, has not finished.`;
  throw new MigrationError('ROLLBACK_UNFINISHED', message, {
    nextStep: 'Finish it: kpi-migrate rollback --execute. Then run the same command again.',
  });
}

async function runPass(options: BackfillOptions & Bounds, copier: Copier, run: Run, pass: Pass): Promise<void> {
  if (options.stop.aborted) return;
  const { control } = copier.replication;
  const stored = await readCheckpoints(control);
  if (isDone(run, pass, stored)) return;
  const start = addTallies(checkpointsOf(run, pass, stored).map((checkpoint) => checkpoint.tally)).scanned;
  options.progress.begin(pass, start, own(options.itemCountEstimates, pass));
  const circumstances: PassCircumstances = {
    control,
    run,
    stored,
    stop: options.stop,
    onScanned: options.progress.advance,
    gate: options.gate?.ofPass(),
  };
  const isWhole = !hasBegun(run, pass, stored);
  try {
    const passed = { isAfterRecords: recordsHaveBegun(stored), isAlone: isWhole };
    const checkpoints = await workOnPass(pass, copier, passed, (work) => runSegments(circumstances, work));
    if (isWhole && checkpoints.every(({ done }) => done)) copier.first?.scanned(pass);
  } finally {
    options.progress.end();
  }
}
