import * as z from 'zod';
import { PASSES } from '../copy/run-state.ts';

const count = z.number().int().positive();
const unitsPerSecond = z.number().positive();

/** What an execution of the state machine is started with: the settings of whoever starts it, as for a backfill on their own machine. */
export const workflowInput = z.strictObject({
  /** Parallel scans a table in a run that begins now. */
  segments: count,
  /** Segments that are worked on at once. */
  maxConcurrency: count,
  toleratedFailurePercent: z.number().min(0).max(100),
  leaseSeconds: count,
  leaseSecondsMax: count,
  lateWriteSeconds: count,
  /** All workers together; without it, as many as the tables take. */
  writeUnitsPerSecond: unitsPerSecond.optional(),
  /** All workers together, from each table of the service and each index that has a limit of its own. */
  readUnitsPerSecond: z.record(z.string(), unitsPerSecond),
  /** What those of them serve that have a limit: no order of an operator goes beyond that. */
  readUnitsMost: z.record(z.string(), unitsPerSecond).default({}),
  lagMaxSeconds: count,
  /** What units cost; without it there is no budget. */
  prices: z
    .object({ usdPerMillionWriteUnits: z.number().positive(), usdPerMillionReadUnits: z.number().nonnegative() })
    .optional(),
  /** What the settings let the run cost. */
  budgetUsd: z.number().positive().optional(),
  /** A budget that was given with the command: an order for the run. */
  budget: z.object({ by: z.string(), reason: z.string().optional(), value: z.number().positive() }).optional(),
});
export type WorkflowInput = z.infer<typeof workflowInput>;

/** What the workers of one pass have in common. */
const order = z.object({
  /** The group that holds the lease: the name of the execution. */
  group: z.string().min(1),
  runId: z.string().min(1),
  isRepeat: z.boolean(),
  totalSegments: count,
  pass: z.enum(PASSES),
  /** Whether records may have been copied before these links. */
  afterRecords: z.boolean(),
  /** Workers that share what may be read and written. */
  workers: count,
});
export type Order = z.infer<typeof order>;

/** What the step before has come to; the execution's input where there was none. */
const last = z.object({
  kind: z.string().optional(),
  order: order.optional(),
  /** Why the segments could not be worked on, as Step Functions puts it. */
  error: z.object({ Error: z.string().default(''), Cause: z.string().default('') }).optional(),
});
export type LastStep = z.infer<typeof last>;

/** What the state machine asks of its function. */
export const workflowEvent = z.discriminatedUnion('action', [
  z.object({ action: z.literal('next'), group: z.string().min(1), input: workflowInput, last }),
  z.object({ action: z.literal('segment'), input: workflowInput, order, segment: z.number().int().nonnegative() }),
]);
export type WorkflowEvent = z.infer<typeof workflowEvent>;

/** What to do next: the state machine goes by `kind`. */
export type NextStep =
  | {
      readonly kind: 'segments';
      readonly order: Order;
      readonly segments: readonly number[];
      readonly maxConcurrency: number;
      readonly toleratedFailurePercent: number;
    }
  | { readonly kind: 'wait'; readonly waitSeconds: number; readonly error?: LastStep['error'] }
  /** `next`: what a person does then. A validation takes a process that lasts (backfill/README.md). */
  | { readonly kind: 'finished'; readonly next: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/**
 * What became of a segment. `more`: time ran out, call again. `stopped`: the workflow is to stop. `fenced`: another holds the lease, so this group is to
 * write nothing more.
 */
export interface SegmentResult {
  readonly outcome: 'done' | 'more' | 'stopped' | 'fenced';
}
