import type { MappingLimits } from './template.ts';

/** A stream record as far as delivery goes. */
export interface Deliverable {
  readonly sequenceNumber: string;
  /** When the change was made, in epoch milliseconds, as coarse as the stream tells it. */
  readonly createdAtMs: number;
}

/** Records of one shard, in order, that are delivered together. */
export interface Batch<R extends Deliverable> {
  readonly records: readonly R[];
  /** Deliveries of just these records that failed. */
  readonly failures: number;
}

/** What an invocation came to: what the function answered, or that it failed as a whole. */
export type Invocation = { readonly answer: unknown } | { readonly error: unknown };

/** What follows an invocation. */
export interface NextStep<R extends Deliverable> {
  /** Deliver again, in this order, before anything later of the shard. */
  readonly again: readonly Batch<R>[];
  /** Given up: for the on-failure destination. */
  readonly discarded?: { readonly records: readonly R[]; readonly condition: 'RetryAttemptsExhausted' };
}

/**
 * What Lambda does after an invocation with ReportBatchItemFailures (AWS Lambda developer guide, "Configuring partial batch response with
 * DynamoDB and Lambda" and "Retain discarded records"): everything from the lowest sequence number returned on is delivered again; with bisect, a batch that
 * fails as a whole is split in two, which uses up no retry. Pure.
 */
export function afterInvocation<R extends Deliverable>(
  batch: Batch<R>,
  invocation: Invocation,
  limits: MappingLimits,
): NextStep<R> {
  const firstFailed = 'error' in invocation ? 0 : firstFailure(batch.records, invocation.answer);
  if (firstFailed === undefined) return { again: [] };
  if (firstFailed > 0) return { again: [{ records: batch.records.slice(firstFailed), failures: 0 }] };
  if (limits.bisect && batch.records.length > 1) {
    const middle = Math.ceil(batch.records.length / 2);
    const halves = [batch.records.slice(0, middle), batch.records.slice(middle)];
    return { again: halves.map((records) => ({ records, failures: batch.failures })) };
  }
  const failures = batch.failures + 1;
  if (limits.maximumRetryAttempts >= 0 && failures > limits.maximumRetryAttempts) {
    return { again: [], discarded: { records: batch.records, condition: 'RetryAttemptsExhausted' } };
  }
  return { again: [{ records: batch.records, failures }] };
}

/**
 * Index of the first record that is to be delivered again; undefined where all were taken. An identifier that is empty, no
 * text, or of no record of the batch fails the whole batch.
 */
function firstFailure(records: readonly Deliverable[], answer: unknown): number | undefined {
  const failures = (answer as { batchItemFailures?: unknown } | null | undefined)?.batchItemFailures;
  if (failures === undefined || failures === null) return undefined;
  if (!Array.isArray(failures)) return 0;
  if (failures.length === 0) return undefined;
  const positions = failures.map((failure: { itemIdentifier?: unknown } | null) =>
    records.findIndex((record) => record.sequenceNumber === failure?.itemIdentifier),
  );
  return positions.includes(-1) ? 0 : Math.min(...positions);
}

/** Parts a batch at the age limit: too old comes first, since a shard is in order of time. */
export function partByAge<R extends Deliverable>(
  records: readonly R[],
  nowMs: number,
  { maximumRecordAgeSeconds }: MappingLimits,
): { readonly tooOld: readonly R[]; readonly young: readonly R[] } {
  if (maximumRecordAgeSeconds < 0) return { tooOld: [], young: records };
  const oldestMs = nowMs - maximumRecordAgeSeconds * 1_000;
  const firstYoung = records.findIndex((record) => record.createdAtMs >= oldestMs);
  const at = firstYoung < 0 ? records.length : firstYoung;
  return { tooOld: records.slice(0, at), young: records.slice(at) };
}
