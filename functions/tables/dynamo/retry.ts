import pRetry from 'p-retry';
import { cancellationReasons } from './failure-scope.ts';

/** Refusals that pass by themselves and that the SDK does not retry inside a transaction or a batch. */
const TRANSIENT_CODES = new Set([
  'TransactionConflict',
  'TransactionConflictException',
  'TransactionInProgressException',
  'ThrottlingError',
  'ThrottlingException',
  'ProvisionedThroughputExceeded',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'InternalServerError',
]);

export function isTransientCode(code: string | undefined): boolean {
  return code !== undefined && TRANSIENT_CODES.has(code);
}

/** The codes of a cancelled transaction's items; empty for any other error. */
export function cancellationCodes(error: unknown): string[] {
  return cancellationReasons(error).map(({ code }) => code);
}

function isTransient(error: unknown): boolean {
  const codes = cancellationCodes(error);
  if (codes.length > 0) return codes.every(isTransientCode);
  return error instanceof Error && isTransientCode(error.name);
}

/** Runs a call again, with growing, jittered pauses, while it is refused for a reason that passes. */
export function retryTransient<T>(call: () => Promise<T>): Promise<T> {
  return pRetry(call, {
    retries: 8,
    minTimeout: 20,
    maxTimeout: 2_000,
    randomize: true,
    shouldRetry: ({ error }) => isTransient(error),
  });
}

/** Part of a batch is still refused after all retries; what was done is not undone. */
export class IncompleteBatchError extends Error {
  override readonly name = 'ThrottlingException';
}
