import { firstCopy } from '../copy/backfill.ts';
import { guardWrites } from '../copy/copier.ts';
import { LatePuts } from '../copy/late-puts.ts';
import { workOnPass } from '../copy/pass-work.ts';
import { type Checkpoint, readCheckpoint } from '../copy/run-state.ts';
import { runSegment } from '../copy/segments.ts';
import { type Bounds, type Spending, type Steerable, steered } from '../copy/steered-run.ts';
import { EMPTY_TALLY } from '../copy/tally.ts';
import type { Lease } from '../lease/lease.ts';
import { renewalEveryMs } from '../lease/lease-term.ts';
import { acquireMemberLease, groupLease, type MemberOptions } from './member.ts';
import type { Order, SegmentResult } from './orders.ts';
import { isStopped, writeStopMark } from './stop-mark.ts';

export interface SegmentOptions extends MemberOptions, Steerable {
  /** Told the items scanned, page by page. */
  readonly onScanned: (items: number) => void;
}

/**
 * Works on one segment of a pass from its checkpoint, until it is done, `stop` is aborted, or the workflow is to stop. Another call continues it. While one
 * is at work, a second one for the same segment is refused; the lease of one that was killed is waited for.
 *
 * @throws MigrationError `BACKFILL_RUNNING`, `LEASE_LOST`, and what the tables throw. Nothing is written after it has thrown.
 */
export async function workOnSegment(options: SegmentOptions, order: Order, segment: number): Promise<SegmentResult> {
  const group = groupLease(options);
  if (!(await group.isOurs())) return { outcome: 'fenced' };
  try {
    const lease = await acquireMemberLease(options, group, `${order.pass}#${segment}`);
    const latePuts = LatePuts.ofMember(lease, { ...options, progress: options });
    try {
      const outcome = await workUnderLease(options, order, segment, lease, latePuts);
      await lease.release(latePuts.unansweredUntilMs);
      return { outcome };
    } catch (error) {
      await lease.releaseAfterReserve();
      throw error;
    }
  } catch (error) {
    if (!(await group.isOurs())) return { outcome: 'fenced' };
    throw error;
  }
}

interface Worked extends Spending {
  readonly outcome: SegmentResult['outcome'];
}

async function workUnderLease(
  options: SegmentOptions,
  order: Order,
  segment: number,
  lease: Lease,
  latePuts: LatePuts,
): Promise<SegmentResult['outcome']> {
  const { control } = options.replication;
  const { runId, totalSegments, pass } = order;
  // After the lease was taken: whoever sets the mark looks for leases afterwards, so one of the two sees the other.
  if (await isStopped(control, order.group)) return 'stopped';
  const stored = await readCheckpoint(control, { pass, segment });
  const start = stored?.runId === runId ? stored : { runId, pass, segment, done: false, tally: EMPTY_TALLY };
  if (start.done) return 'done';

  const stopped = watchStopMark(options);
  try {
    const circumstances = { ...options, control, run: order, progress: options };
    const { outcome, spent } = await steered<Worked>(circumstances, async (bounds) => {
      const { done } = await workWithin(bounds);
      return { outcome: done ? 'done' : stopped.signal.aborted ? 'stopped' : 'more' };
    });
    if (outcome === 'done' || !spent?.isBudgetSpent) return outcome;
    // Whoever notices that the budget is spent ends the work of all.
    const { replication } = guardWrites(options, lease.requireHeld);
    const at = new Date(options.nowMs()).toISOString();
    await writeStopMark(replication.control, { group: order.group, at, by: 'its budget' });
    return 'stopped';
  } finally {
    stopped.end();
  }

  function workWithin(bounds: Bounds): Promise<Checkpoint> {
    const stop = AbortSignal.any([bounds.stop, stopped.signal]);
    const guarded = guardWrites({ ...options, stop }, lease.requireHeld);
    const first = firstCopy({ ...options, itemCountEstimates: {}, isPart: true }, order, lease, latePuts);
    const copier = order.isRepeat ? guarded : { ...guarded, first };
    const circumstances = {
      control: copier.replication.control,
      run: { totalSegments },
      stop,
      onScanned: options.onScanned,
      gate: bounds.gate?.ofPass(),
    };
    const passed = { isAfterRecords: order.afterRecords, isAlone: false };
    return workOnPass(pass, copier, passed, (work) => runSegment(circumstances, work, start));
  }
}

/** Looks for the mark as often as the lease is renewed. */
function watchStopMark({ replication, group, leaseMs, sleep }: SegmentOptions): {
  readonly signal: AbortSignal;
  end(): void;
} {
  const [stopped, ended] = [new AbortController(), new AbortController()];
  const watch = async (): Promise<void> => {
    while (!ended.signal.aborted && !stopped.signal.aborted) {
      // A look that fails is made up for by the next one.
      if (await isStopped(replication.control, group).catch(() => false)) stopped.abort();
      await sleep(renewalEveryMs({ leaseMs }), ended.signal);
    }
  };
  // Its sleep ends by a rejection.
  watch().catch(() => {});
  return { signal: stopped.signal, end: () => ended.abort() };
}
