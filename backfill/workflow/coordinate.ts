import { MigrationError } from '../../functions/model/migration-error.ts';
import { readLatePuts, writeRun } from '../../functions/tables/control/documents.ts';
import { type Bound, writeBound } from '../../functions/tables/control/steering.ts';
import { currentRun } from '../copy/backfill.ts';
import { type Copier, guardWrites } from '../copy/copier.ts';
import { LatePuts } from '../copy/late-puts.ts';
import { checkpointsOf, hasBegun, readRunState, recordsHaveBegun, writeCheckpoint } from '../copy/run-state.ts';
import { applyOrders, type Steerable } from '../copy/steered-run.ts';
import { takeUpUnfinished } from '../copy/take-up-unfinished.ts';
import { type GroupLease, groupOwner } from '../lease/group-lease.ts';
import { acquireLease } from '../lease/lease.ts';
import { renewalEveryMs } from '../lease/lease-term.ts';
import { type Decision, decideNext } from './decide.ts';
import { acquireMemberLease, groupLease, type MemberOptions } from './member.ts';
import type { LastStep, NextStep } from './orders.ts';
import { isStopped, writeStopMark } from './stop-mark.ts';

export interface CoordinateOptions extends MemberOptions, Steerable {
  readonly segments: number;
  readonly maxConcurrency: number;
  readonly toleratedFailurePercent: number;
  /** A budget that the workflow was started with: it is noted as an order for the run. */
  readonly budget?: Pick<Bound, 'by' | 'reason' | 'value'> | undefined;
}

/** The member that decides what is next. */
const COORDINATOR = 'next';

/**
 * Decides what the workflow does next, from what the control table says: the same passes in the same order as a backfill in one process. The first call
 * takes the backfill's lease for the group, the last one gives it up.
 *
 * @throws what the tables throw; Step Functions then calls it again.
 */
export async function coordinate(options: CoordinateOptions, last: LastStep): Promise<NextStep> {
  const group = groupLease(options);
  if (!(await group.isOurs())) {
    if (last.kind !== undefined) return failed('LEASE_LOST', 'Another backfill has taken the lease over.');
    try {
      await takeForGroup(options);
    } catch (error) {
      return failedOf(error);
    }
  }
  return stepUnderLease(options, group, last);
}

/** What a person has to look at is told at once. @throws what may pass by itself. */
function failedOf(error: unknown): NextStep {
  if (error instanceof MigrationError && !error.retryable) return failed(error.code, error.message);
  throw error;
}

function failed(code: string, message: string): NextStep {
  return { kind: 'failed', code, message };
}

/**
 * What the holder before has left unanswered is stored first: this process does not live as long as the group, and one that dies in between must not be
 * the only one that knew.
 */
async function takeForGroup(options: CoordinateOptions): Promise<void> {
  const { replication, group, note } = options;
  const { control, transactions } = replication;
  const lease = await acquireLease({
    ...options,
    transactions,
    owner: groupOwner(group),
    newToken: () => group,
    onAbandoned: async (abandonedUntilMs) => {
      const latePuts = await LatePuts.open(control, { abandonedUntilMs }, { ...options, progress: options });
      await latePuts.store(control);
    },
    onWait: note,
  });
  await lease.leave();
}

async function stepUnderLease(options: CoordinateOptions, group: GroupLease, last: LastStep): Promise<NextStep> {
  const lease = await acquireMemberLease(options, group, COORDINATOR);
  let step: NextStep;
  try {
    step = await stepOf(options, guardWrites(options, lease.requireHeld), last);
  } catch (error) {
    await lease.releaseAfterReserve();
    return failedOf(error);
  }
  await lease.release();
  // No worker may write by now: all segments are done, or the mark is set and nobody holds a lease.
  if (step.kind === 'finished' || step.kind === 'failed') await group.giveUp();
  return step;
}

async function stepOf(options: CoordinateOptions, copier: Copier, last: LastStep): Promise<NextStep> {
  const { control } = copier.replication;
  if (last.error !== undefined) return endFailed(options, copier, last.error);
  if (await isStopped(control, options.group)) {
    return (await waitForWorkers(options, copier)) ?? failed('STOPPED', 'Stopped by an operator, or by its budget.');
  }
  const progress = options;
  const run = await currentRun({ ...options, progress }, control);
  const { budget } = options;
  if (last.kind === undefined && budget !== undefined) {
    const at = new Date(options.nowMs()).toISOString();
    await writeBound(control, 'budgetUsd', { ...budget, at, runId: run.runId });
  }
  await applyOrders(options, control, run.runId);
  const { checkpoints } = await readRunState(control);
  // After the checkpoints: see Standing.
  const { members } = await readRunState(control);
  const decision = decideNext({
    run,
    checkpoints,
    members: members.filter(({ work }) => work !== COORDINATOR),
    latePutsUntilMs: (await readLatePuts(control))?.landUntilMs ?? 0,
    putLandsWithinMs: options.putLandsWithinMs,
    nowMs: options.nowMs(),
    ...(last.kind === 'segments' && last.order && { worked: last.order.pass }),
  });
  switch (decision.kind) {
    case 'wait':
      return waitUntil(options, decision.untilMs);
    case 'failed': {
      const { pass, segments } = decision;
      return endFailed(options, copier, {
        Error: 'BACKFILL_FAILED',
        Cause: `${segments.length} segments of ${pass} could not be copied: ${segments.slice(0, 10).join(', ')}.`,
      });
    }
    case 'segments':
      if (!hasBegun(run, decision.pass, checkpoints)) {
        const initial = checkpointsOf(run, decision.pass, checkpoints);
        await Promise.all(initial.map((checkpoint) => writeCheckpoint(control, checkpoint)));
      }
      return segmentsOf(options, run, decision, recordsHaveBegun(checkpoints));
    case 'close':
      return close(options, copier, run);
  }
}

function segmentsOf(
  { group, maxConcurrency, toleratedFailurePercent }: CoordinateOptions,
  { runId, isRepeat, totalSegments }: Parameters<typeof writeRun>[1],
  { pass, segments }: Extract<Decision, { kind: 'segments' }>,
  afterRecords: boolean,
): NextStep {
  const workers = Math.min(maxConcurrency, segments.length);
  const order = { group, runId, isRepeat, totalSegments, pass, afterRecords, workers };
  return { kind: 'segments', order, segments, maxConcurrency, toleratedFailurePercent };
}

/** Looks again as often as the lease would be renewed, so that the group keeps it. */
function waitUntil({ nowMs, leaseMs }: CoordinateOptions, untilMs: number): Extract<NextStep, { kind: 'wait' }> {
  const waitMs = Math.min(untilMs - nowMs(), renewalEveryMs({ leaseMs }));
  return { kind: 'wait', waitSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) };
}

/** Workers that Step Functions no longer waits for are still at work: they are told to end, and waited for. */
async function endFailed(
  options: CoordinateOptions,
  copier: Copier,
  error: NonNullable<LastStep['error']>,
): Promise<NextStep> {
  const at = new Date(options.nowMs()).toISOString();
  await writeStopMark(copier.replication.control, { group: options.group, at, by: groupOwner(options.group) });
  const wait = await waitForWorkers(options, copier);
  return wait ? { ...wait, error } : failed(error.Error, error.Cause);
}

/** Undefined where no worker may write any more. */
async function waitForWorkers(options: CoordinateOptions, copier: Copier) {
  const { members } = await readRunState(copier.replication.control);
  const live = members.filter(({ work, untilMs }) => work !== COORDINATOR && untilMs > options.nowMs());
  return live.length === 0 ? undefined : waitUntil(options, Math.min(...live.map(({ untilMs }) => untilMs)));
}

async function close(
  { nowMs }: CoordinateOptions,
  copier: Copier,
  run: Parameters<typeof writeRun>[1],
): Promise<NextStep> {
  const unfinished = await takeUpUnfinished(copier);
  if (unfinished.length > 0) {
    return failed('ITEMS_UNFINISHED', `${unfinished.length} items could neither be replicated nor quarantined.`);
  }
  await writeRun(copier.replication.control, { ...run, finishedAt: new Date(nowMs()).toISOString() });
  return { kind: 'finished', next: 'kpi-migrate validate' };
}
