import type { HeldRecords } from '../model/kpi.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { ControlTable } from '../tables/control/control-table.ts';
import type { Transactions } from '../tables/dynamo/transactions.ts';
import type { OldTables } from '../tables/old/old-tables.ts';

/** All that the protocol reaches outside itself: storage, time, randomness and settings. */
export interface Replication {
  readonly old: OldTables;
  readonly control: ControlTable;
  readonly transactions: Transactions;
  /** A fresh random token; never the same twice. */
  readonly newToken: () => string;
  readonly nowMs: () => number;
  /** Milliseconds until the caller is stopped from outside, as Lambda does; work in pages ends before. */
  readonly remainingMs: () => number;
  readonly heldRecords: HeldRecords;
  /**
   * How long record-token rows, touched-record rows and tombstones are kept, in days: longer than any copier or stream
   * may lag behind.
   */
  readonly tokenRetentionDays: number;
  /** How many records or links are worked on at once. */
  readonly recordConcurrency: number;
  /** Bounds of single rows and calls; what is absent is as in {@link LIMITS}. */
  readonly limits?: Partial<ReplicationLimits>;
}

/** How much goes into one row or one call. The result is the same with any values: the simulation has small ones. */
export interface ReplicationLimits {
  /** Bytes of links and tombstones in a KPI row; what does not fit is spilled (../tables/kpi-rows.ts). */
  readonly inlineBytesMax: number;
  /**
   * Spilled items that the KPI row names as perhaps not seen by plain reads yet, before a writer makes sure of them.
   */
  readonly unsettledMax: number;
  /** Rows of a record that are read, or written, in one transaction. */
  readonly rowsPerTransactionMax: number;
  /** Links of one KPI that are written in one transaction. */
  readonly linksPerTransactionMax: number;
  /** Records that are read, and written, in one transaction; 1: each in its own. */
  readonly recordsPerTransactionMax: number;
}

const LIMITS: ReplicationLimits = {
  // A KPI row with fifty links is well below.
  inlineBytesMax: 8_192,
  unsettledMax: 25,
  rowsPerTransactionMax: 100,
  // Of each link a row, a quarantine entry and a spilled item are read.
  linksPerTransactionMax: 25,
  // Of a record with two links a token, a touched-record row and three rows are read: about twenty fit.
  recordsPerTransactionMax: 25,
};

export function limitsOf({ limits }: Pick<Replication, 'limits'>): ReplicationLimits {
  return { ...LIMITS, ...limits };
}

/** Transactional reads made side by side for one record or KPI. */
export const READS_AT_ONCE = 4;

/** Rounds in which other writers may get in between before the work is given back to be delivered again. */
export const ATTEMPTS_MAX = 25;

/** Others kept changing the same rows. Nothing is half done: the same work can be started again. */
export class ContentionError extends MigrationError {
  constructor(what: string) {
    super('CONTENTION', `Other writers kept changing ${what}; gave up after ${ATTEMPTS_MAX} rounds.`, {
      nextStep: 'None: the event is delivered again. A copier that met this is run again.',
    });
  }
}

/** The time given ran out between two pages; what is done stays done and the progress row says where to go on. */
export class OutOfTimeError extends MigrationError {
  constructor(what: string) {
    super('OUT_OF_TIME', `Time ran out during ${what}; the next delivery continues from the page reached.`, {
      nextStep: 'None: the event is delivered again.',
    });
  }
}

const SECONDS_PER_DAY = 86_400;

export function nowSeconds(replication: Replication): number {
  return Math.floor(replication.nowMs() / 1000);
}

export function retentionSeconds(replication: Replication): number {
  return replication.tokenRetentionDays * SECONDS_PER_DAY;
}
