import * as z from 'zod';

const count = z.number().int().positive();
/** Capacity units a second. Beyond it a ceiling would be none: it is 25 times the quota of a table (DynamoDB quotas). */
const unitsPerSecond = count.max(1_000_000);

/** A renewal is due after a third of the lease, and one that is as late again must not end it (backfill/lease/lease-term.ts). */
const LEASE_SECONDS_MIN = 3;
/** As long a killed copier keeps the next one waiting. */
const LEASE_SECONDS_MAX = 3_600;

/** AWS refuses a request that was signed longer ago (IAM User Guide, "Why requests are signed"). */
export const SIGNED_SECONDS = 900;
/** Of DynamoDB Local, whose requests are answered or lost within seconds. */
const ENGINE_ACCOUNT = '000000000000';

/**
 * The backfill on Step Functions and Lambda. Where it is absent the stack has no state machine, and no function that may write as much as a backfill.
 */
const workflow = z.strictObject({
  /** Parallel scans a table in a run that begins there. */
  segments: count.max(1_000).default(64),
  /** Segments worked on at once: so many invocations of Lambda, of the account's concurrency. */
  maxConcurrency: count
    .max(200, 'is more than the partition of the checkpoints takes (backfill/README.md)')
    .default(32),
  /** Share of the segments that may fail while the others are brought to their end. The run is not finished before all are. */
  toleratedFailurePercent: z.number().min(0).max(100).default(10),
  memoryMegabytes: z.number().int().min(512).max(10_240).default(1_769),
});

export const backfillSettings = z
  .strictObject({
    segments: count.max(1_000).default(4),
    /** Write units a second that copying may consume; without it, as many as the tables take. */
    maxWriteUnitsPerSecond: unitsPerSecond.optional(),
    /** Read units a second that a command may take from one table of the service; without it, a part of what the table has (backfill/README.md). */
    maxReadUnitsPerSecond: unitsPerSecond.optional(),
    /** What the plan reckons with: the price of a million write request units in the table's region, in US dollars. */
    usdPerMillionWriteUnits: z.number().positive().max(1_000).optional(),
    /** What a million read request units cost there. Without it a budget counts writes alone. */
    usdPerMillionReadUnits: z.number().positive().max(1_000).optional(),
    /** US dollars that a run of the backfill may cost, in all processes. At the budget it stops, and can be resumed. */
    budgetUsd: z.number().positive().max(1_000_000).optional(),
    /** How long a copier that was killed keeps the next one waiting. */
    leaseSeconds: count.min(LEASE_SECONDS_MIN, 'is too short to be renewed in time').max(LEASE_SECONDS_MAX).default(60),
    /** To which a copier lengthens its lease where the machine or the table is too slow to renew it in time; not at all where absent. */
    leaseSecondsMax: count.max(LEASE_SECONDS_MAX).optional(),
    /**
     * How long after a copier has sent a row it can still be written. DynamoDB takes no request that is signed more than 15 minutes ago; a minute is
     * for clocks that differ, and for the request itself.
     */
    lateWriteSeconds: count.max(3_600).default(960),
    workflow: workflow.optional(),
  })
  .refine(({ leaseSeconds, leaseSecondsMax = leaseSeconds }) => leaseSecondsMax >= leaseSeconds, {
    path: ['leaseSecondsMax'],
    error: ({ input }) => `is less than leaseSeconds (${(input as { leaseSeconds: number }).leaseSeconds})`,
  });

/** Whether the sweep waits until what a killed copier has sent can no longer land. */
export function landsInTime(account: string, lateWriteSeconds: number): boolean {
  return account === ENGINE_ACCOUNT || lateWriteSeconds >= SIGNED_SECONDS;
}
