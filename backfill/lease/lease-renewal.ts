import type { Transactions } from '../../functions/tables/dynamo/transactions.ts';
import { type LeasePlace, LeaseRow } from './lease-row.ts';
import {
  isHeld,
  type LeaseClock,
  type LeaseLength,
  lengthFor,
  lost,
  pauseBeforeRenewalMs,
  type Term,
  termFromNow,
} from './lease-term.ts';

/** The term that is held, where whoever renews it and whoever writes under it both see it. */
export interface TermBoard {
  read(): Term;
  post(term: Term): void;
}

export interface Renewal {
  readonly row: LeaseRow;
  readonly board: TermBoard;
  readonly length: LeaseLength;
  readonly clock: LeaseClock;
  /** Resolves after `ms`; rejects as soon as the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
  /** Aborted when the lease is to be renewed no longer. */
  readonly end: AbortSignal;
  /** Whether who holds the lease still shows that it is at work. */
  readonly isWanted: () => boolean;
  /** Told why a renewal failed; where time is left, it is tried again. */
  readonly onFailure: (error: unknown) => void;
  /** How late the table answered when the lease was taken. */
  readonly latenessMs: number;
}

/**
 * Renews a lease until its end. Where renewals come late, since the machine or the table is slow, it takes longer terms. A term that ran out is
 * not renewed, even if nobody has taken the lease over: what was stopped for so long is to find out.
 */
export async function keepRenewed(renewal: Renewal): Promise<void> {
  const { row, board, length, clock, sleep, end, isWanted, onFailure } = renewal;
  let { latenessMs } = renewal;
  while (!end.aborted) {
    const pauseMs = pauseBeforeRenewalMs(board.read(), length, clock);
    const dueMs = clock.steadyMs() + pauseMs;
    if (!(await slept(sleep(pauseMs, end), end))) return;
    if (!isWanted()) {
      onFailure(new Error('The process that holds the lease does not answer.'));
      return;
    }
    if (!isHeld(board.read(), clock)) return board.post(lost(board.read()));
    const term = termFromNow(clock, lengthFor(length, latenessMs));
    try {
      if (await row.write(term.untilMs)) {
        board.post(term);
      } else {
        onFailure(new Error('Another backfill has taken the lease over.'));
        return board.post(lost(board.read()));
      }
    } catch (error) {
      onFailure(error);
    }
    latenessMs = Math.max(latenessMs, clock.steadyMs() - dueMs);
  }
}

async function slept(sleep: Promise<unknown>, end: AbortSignal): Promise<boolean> {
  try {
    await sleep;
    return true;
  } catch (error) {
    if (end.aborted) return false;
    throw error;
  }
}

/** A lease that was just taken. */
export interface TakenLease {
  readonly owner: string;
  readonly identity: string;
  readonly token: string | null;
  readonly term: Term;
  readonly latenessMs: number;
}

/** Who renews a lease from now on. */
export interface Renewals {
  readonly term: () => Term;
  /** Why a renewal failed last, if one did. */
  readonly failure: () => unknown;
  /** Resolves when nothing more is written, with the row's token as last known. */
  readonly stop: () => Promise<string | null>;
}

export type StartRenewals = (taken: TakenLease) => Renewals;

/** Renews in this thread: as late as everything else that it does. */
export function renewHere(
  transactions: Transactions,
  { length, clock, sleep, place }: Pick<Renewal, 'length' | 'clock' | 'sleep'> & { readonly place?: LeasePlace },
): StartRenewals {
  return ({ owner, identity, token, term, latenessMs }) => {
    let [posted, failure] = [term, undefined as unknown];
    const end = new AbortController();
    const row = new LeaseRow(transactions, { owner, identity }, 'renewed', token, place);
    const onFailure = (error: unknown): void => {
      failure = error;
    };
    const board: TermBoard = {
      read: () => posted,
      post: (next) => {
        posted = next;
      },
    };
    const ended = keepRenewed({
      ...{ row, board, length, clock, sleep, latenessMs, onFailure },
      end: end.signal,
      isWanted: () => true,
    }).catch(onFailure);
    return {
      term: () => posted,
      failure: () => failure,
      async stop() {
        end.abort();
        await ended;
        return row.token;
      },
    };
  };
}
