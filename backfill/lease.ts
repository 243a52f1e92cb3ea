import { type Item, textOf } from '../functions/model/attribute-value.ts';
import { MigrationError } from '../functions/model/migration-error.ts';
import { BACKFILL_PARTITION } from '../functions/tables/backfill-run-row.ts';
import type { RowKey, Transactions } from '../functions/tables/transactions.ts';

/** The right to be the only copier. */
export interface Lease {
  /** To be asked before every write. @throws MigrationError `LEASE_LOST` where another copier may have begun. */
  readonly requireHeld: () => void;
  /** Resolves when whatever was sent before has landed, or never will: after the reserve, or as soon as the caller wants the lease no longer. */
  readonly outlastWrites: () => Promise<void>;
  /** Gives the lease up, so that the next copier need not wait. */
  readonly release: () => Promise<void>;
  /** Gives it up when the reserve is over: for a holder that failed, since a write without an answer may still land. */
  readonly releaseAfterReserve: () => Promise<void>;
}

export interface LeaseOptions {
  readonly transactions: Transactions;
  /** Who asks, in a person's words: host and process. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly nowMs: () => number;
  readonly newToken: () => string;
  /** Resolves after `ms`; rejects as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Told, once, why it takes long. */
  readonly onWait: (message: string) => void;
  /** Aborted when the caller no longer wants the lease. */
  readonly stop: AbortSignal;
}

export interface Holder {
  readonly owner: string;
  /** One for as long as the lease is held; another holder has another. */
  readonly token: string;
  /** Milliseconds since the epoch; 0 once the lease was given up. */
  readonly untilMs: number;
}

const LEASE_KEY: RowKey = { table: 'control', key: { pk: { S: BACKFILL_PARTITION }, sk: { S: 'lease' } } };

/** A lease is renewed this often within its time, so that a renewal may fail without harm. */
const RENEWALS_PER_LEASE = 3;

/** Part of the lease's time, at its end, in which the holder begins no write: one on its way may still land in it. */
const RESERVE = 0.2;

/**
 * Takes the lease, and renews it until it is released.
 *
 * A holder that is alive shows it by renewing, and then the caller is refused. One that was killed does not: its lease is
 * waited for and taken over. The clocks of two operators' machines may differ by as much as the reserve.
 *
 * @throws MigrationError `BACKFILL_RUNNING` where another copier is at work.
 */
export async function acquireLease(options: LeaseOptions): Promise<Lease> {
  const first = await readHolder(options.transactions);
  let holder = first;
  if (holder && holder.untilMs > options.nowMs()) {
    options.onWait(`${describeHolder(holder)} Waiting to see whether it is still at work.`);
  }
  while (holder && holder.untilMs > options.nowMs()) {
    const renewalMs = options.leaseMs / RENEWALS_PER_LEASE;
    await options.sleep(Math.min(holder.untilMs - options.nowMs(), renewalMs) + 1, options.stop);
    holder = await readHolder(options.transactions);
    const alive = holder && holder.untilMs > 0 && (holder.token !== first?.token || holder.untilMs !== first.untilMs);
    if (holder && alive) throw refusal(describeHolder(holder));
  }
  const mine = { owner: options.owner, token: options.newToken(), untilMs: options.nowMs() + options.leaseMs };
  if (!(await writeHolder(options.transactions, mine, holder?.token ?? null))) {
    throw refusal('Another backfill began at the same moment.');
  }
  return keep(options, mine);
}

/** Who holds the lease, or held it last; undefined where nobody ever did. */
export async function readHolder(transactions: Transactions): Promise<Holder | undefined> {
  const [item] = await transactions.read([LEASE_KEY]);
  if (item === undefined) return undefined;
  const { held_until_ms: until } = item;
  return {
    owner: textOf(item, 'owner') ?? '',
    token: textOf(item, 'token') ?? '',
    untilMs: until !== undefined && 'N' in until ? Number(until.N) : 0,
  };
}

async function writeHolder(transactions: Transactions, holder: Holder, ifToken: string | null): Promise<boolean> {
  const item: Item = {
    ...LEASE_KEY.key,
    owner: { S: holder.owner },
    token: { S: holder.token },
    held_until_ms: { N: String(holder.untilMs) },
  };
  return transactions.write([{ kind: 'put', table: 'control', item, ifToken }]);
}

function describeHolder(holder: Holder): string {
  return `${holder.owner} holds the backfill until ${new Date(holder.untilMs).toISOString()}.`;
}

function refusal(message: string): MigrationError {
  return new MigrationError('BACKFILL_RUNNING', message, {
    nextStep: 'Let it finish, or stop it with Ctrl-C there; then run this again.',
  });
}

function keep(options: LeaseOptions, mine: Holder): Lease {
  let { untilMs } = mine;
  let failure: unknown;
  const released = new AbortController();

  const renew = async (): Promise<void> => {
    const next = options.nowMs() + options.leaseMs;
    if (await writeHolder(options.transactions, { ...mine, untilMs: next }, mine.token)) {
      untilMs = next;
      return;
    }
    untilMs = 0;
    throw new Error('Another backfill has taken the lease over.');
  };
  const heartbeat = async (): Promise<void> => {
    while (untilMs > 0) {
      await options.sleep(options.leaseMs / RENEWALS_PER_LEASE, released.signal);
      try {
        await renew();
      } catch (error) {
        // The time that is left allows another try; should it run out, this is told as the cause.
        failure = error;
      }
    }
  };
  const ended = heartbeat().catch((error: unknown) => {
    failure ??= error;
  });

  const giveUp = async (until: number): Promise<void> => {
    released.abort();
    await ended;
    await writeHolder(options.transactions, { ...mine, untilMs: until }, mine.token);
  };

  return {
    requireHeld() {
      if (options.nowMs() < untilMs - RESERVE * options.leaseMs) return;
      throw new MigrationError('LEASE_LOST', 'The lease of the backfill was not renewed in time.', {
        retryable: true,
        nextStep: 'Run the same command again: it goes on from its checkpoints.',
        cause: failure,
      });
    },
    async outlastWrites() {
      try {
        await options.sleep(RESERVE * options.leaseMs, options.stop);
      } catch (error) {
        if (!options.stop.aborted) throw error;
      }
    },
    release: () => giveUp(0),
    releaseAfterReserve: () => giveUp(options.nowMs() + RESERVE * options.leaseMs),
  };
}
