import { MigrationError } from '../../functions/model/migration-error.ts';
import type { Transactions } from '../../functions/tables/dynamo/transactions.ts';
import { groupOf } from './group-lease.ts';
import { type Renewals, renewHere, type StartRenewals } from './lease-renewal.ts';
import { BACKFILL_LEASE, type Holder, type LeasePlace, LeaseRow, readHolder } from './lease-row.ts';
import { type LeaseClock, lengthFor, mayWrite, renewalEveryMs, termFromNow } from './lease-term.ts';

/** The right to be the only copier. */
export interface Lease {
  /** To be asked before every write. @throws MigrationError `LEASE_LOST` where another copier may have begun. */
  readonly requireHeld: () => void;
  /**
   * The end of the term of the holder before, where that was killed or failed, in epoch milliseconds: until then it may have sent writes. Absent where
   * it gave the lease up when all of its writes were answered.
   */
  readonly abandonedUntilMs?: number;
  /**
   * Gives the lease up, so that the next copier need not wait. From then on it counts as not held.
   *
   * @param unansweredUntilMs until when writes were sent that nobody saw answered: what `abandonedUntilMs` tells the next holder. Absent where all were.
   */
  readonly release: (unansweredUntilMs?: number) => Promise<void>;
  /** Gives it up when the reserve is over: for a holder that failed, since a write without an answer may still land. */
  readonly releaseAfterReserve: () => Promise<void>;
  /** Stops renewing it and leaves it as it is, to others of the same group. From then on it counts as not held here. */
  readonly leave: () => Promise<void>;
}

export interface LeaseOptions {
  readonly transactions: Transactions;
  /** Which lease; that of the backfill where absent. */
  readonly place?: LeasePlace;
  /** Who asks, in a person's words: host and process. */
  readonly owner: string;
  readonly leaseMs: number;
  /** To which the lease is lengthened where the machine or the table is slow; `leaseMs` where absent. */
  readonly leaseMaxMs?: number;
  readonly nowMs: () => number;
  /** A clock that nobody sets; `nowMs` where absent. */
  readonly steadyMs?: () => number;
  readonly newToken: () => string;
  /** Resolves after `ms`; rejects as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Who renews the lease; this thread where absent. */
  readonly renewals?: StartRenewals;
  /** Told, before the lease is taken, until when one held it that did not give it up in order. */
  readonly onAbandoned?: (untilMs: number) => Promise<void>;
  /** Told, once, why it takes long. */
  readonly onWait: (message: string) => void;
  /** Aborted when the caller no longer wants the lease. */
  readonly stop: AbortSignal;
}

/**
 * Takes the lease, and has it renewed until it is released.
 *
 * A holder that is alive shows it by renewing, and then the caller is refused. One that was killed does not: its lease is
 * waited for and taken over. The clocks of two operators' machines may differ by as much as the reserve.
 *
 * @throws MigrationError `BACKFILL_RUNNING` where another copier is at work.
 */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const { transactions, owner, leaseMs, leaseMaxMs = leaseMs, nowMs, steadyMs = nowMs, sleep } = options;
  const [clock, length] = [
    { nowMs, steadyMs },
    { leaseMs, leaseMaxMs },
  ];
  const { holder, latenessMs } = await awaitFree(options, clock);
  if (holder && holder.untilMs > 0) await options.onAbandoned?.(holder.untilMs);
  const identity = options.newToken();
  const row = new LeaseRow(transactions, { owner, identity }, 'taken', holder?.token ?? null, options.place);
  const term = termFromNow(clock, lengthFor(length, latenessMs));
  if (!(await row.write(term.untilMs))) {
    throw refusal('Another backfill started at the same moment.', undefined);
  }
  const { place = BACKFILL_LEASE } = options;
  const start = options.renewals ?? renewHere(transactions, { length, clock, sleep, place });
  const lease = keep(options, clock, identity, start({ owner, identity, token: row.token, term, latenessMs }));
  return holder && holder.untilMs > 0 ? { ...lease, abandonedUntilMs: holder.untilMs } : lease;
}

/** What it takes to find out whether a lease is free. */
type Looking = Pick<LeaseOptions, 'transactions' | 'leaseMs' | 'nowMs' | 'sleep' | 'onWait' | 'stop' | 'place'>;

/**
 * Waits until nobody holds the lease. `latenessMs`: how long the table took to say so.
 *
 * @throws MigrationError `BACKFILL_RUNNING` where its holder is at work.
 */
export async function awaitFree(
  { transactions, leaseMs, nowMs, sleep, onWait, stop, place }: Looking,
  { steadyMs }: Pick<LeaseClock, 'steadyMs'>,
): Promise<{ holder: Holder | undefined; latenessMs: number }> {
  let askedMs = steadyMs();
  const first = await readHolder(transactions, place);
  let holder = first;
  if (holder && holder.untilMs > nowMs()) {
    onWait(`${describeHolder(holder)} Waiting to see whether it is still running.`);
  }
  while (holder && holder.untilMs > nowMs()) {
    await sleep(Math.min(holder.untilMs - nowMs(), renewalEveryMs({ leaseMs })) + 1, stop);
    askedMs = steadyMs();
    holder = await readHolder(transactions, place);
    const alive = holder && holder.untilMs > 0 && (holder.token !== first?.token || holder.untilMs !== first.untilMs);
    if (holder && alive) throw refusal(describeHolder(holder), holder);
  }
  return { holder, latenessMs: steadyMs() - askedMs };
}

function describeHolder(holder: Holder): string {
  return `${holder.owner} holds the lease of the backfill until ${new Date(holder.untilMs).toISOString()}.`;
}

function refusal(message: string, holder: Holder | undefined): MigrationError {
  const stopIt =
    holder && groupOf(holder) !== undefined
      ? 'stop it: kpi-migrate backfill --on workflow --stop --execute'
      : 'stop it there with Ctrl-C';
  return new MigrationError('BACKFILL_RUNNING', message, {
    nextStep: `Let it finish, or ${stopIt}. Then run the same command again.`,
  });
}

function keep(options: LeaseOptions, clock: LeaseClock, identity: string, renewals: Renewals): Lease {
  const { transactions, owner, place } = options;
  // Not only a matter of clocks: what is left of an invocation may continue in a later one of the same Lambda process.
  let isEnded = false;
  const end = (): Promise<string | null> => {
    isEnded = true;
    return renewals.stop();
  };
  const giveUp = async (untilMs: number): Promise<void> => {
    const token = await end();
    // Refused where another has it: then there is nothing to give up.
    await new LeaseRow(transactions, { owner, identity }, 'given-up', token, place).write(untilMs);
  };
  return {
    requireHeld() {
      if (!isEnded && mayWrite(renewals.term(), clock)) return;
      throw new MigrationError('LEASE_LOST', 'The lease of the backfill was not renewed in time.', {
        nextStep: 'Run the same command again. It resumes from its checkpoints.',
        cause: renewals.failure(),
      });
    },
    release: (unansweredUntilMs = 0) => giveUp(unansweredUntilMs),
    releaseAfterReserve: () => giveUp(options.nowMs() + renewals.term().reserveMs),
    leave: async () => {
      await end();
    },
  };
}
