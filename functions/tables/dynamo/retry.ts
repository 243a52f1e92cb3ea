import pRetry from 'p-retry';
import { cancellationReasons, IncompleteBatchError } from './failure-scope.ts';

/** Transient errors that the SDK does not retry inside a transaction or a batch. */
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

export function isTransientCode(code: string): boolean {
  return TRANSIENT_CODES.has(code);
}

/** Those with which a table says that it lacks capacity (DynamoDB Developer Guide, "Error messages and codes"). */
const THROTTLES = new Set(['ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded']);

export function isThrottle(error: unknown): boolean {
  return error instanceof Error && THROTTLES.has(error.name);
}

/** The codes of a cancelled transaction's items; empty for any other error. */
export function cancellationCodes(error: unknown): string[] {
  return cancellationReasons(error).map(({ code }) => code);
}

/** Whether the same call may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  const codes = cancellationCodes(error);
  if (codes.length > 0) return codes.every(isTransientCode);
  return error instanceof IncompleteBatchError || (error instanceof Error && isTransientCode(error.name));
}

/** Retries a call after transient errors, with growing, jittered pauses. */
export function retryTransient<T>(call: () => Promise<T>): Promise<T> {
  return pRetry(call, {
    retries: 8,
    minTimeout: 20,
    maxTimeout: 2_000,
    randomize: true,
    shouldRetry: ({ error }) => isTransient(error),
  });
}

/** Clients of callers that are waited for: the SDK's own attempts are all that their single calls get. */
const BRIEF = new WeakSet<object>();

/** Has single calls of this client end when the SDK gives them up. */
export function callBriefly<Client extends object>(client: Client): Client {
  BRIEF.add(client);
  return client;
}

/**
 * Sends a single call with the patience that batches and transactions have, unless its client calls briefly. All single
 * calls go this way. The SDK's own attempts are too few: if 30 % of all attempts are throttled, one call in 1,400 uses up
 * six.
 *
 * A throttled call did nothing, so sending it again is safe. A conditional write that took effect, but whose answer was lost,
 * is refused by its own effect. Its sender has to allow for that, because the SDK sends it again too.
 */
export function outlasting<T>(client: object, call: () => Promise<T>): Promise<T> {
  return BRIEF.has(client) ? call() : retryTransient(call);
}
