import { MigrationError } from '../../model/migration-error.ts';

/**
 * Whom a failure is of:
 *
 * - `item`: the item that was worked on. The same request fails again, and other items do not fail with it.
 * - `whole`: credentials, rights, tables, capacity, network, time. Every item would fail, and passing over them would lose them.
 * - `contention`: others kept changing the same rows. Worth trying again later.
 */
export type FailureScope = 'item' | 'whole' | 'contention';

/**
 * What DynamoDB refuses by name: exceptions, reasons of a cancelled transaction, codes of a PartiQL batch's statements.
 * Sources: DynamoDB Developer Guide, "Error handling with DynamoDB" (exceptions, and which are worth a retry); API
 * Reference, "Common errors", "TransactionCanceledException" (reasons) and "BatchStatementError" (codes).
 */
const BY_NAME: Readonly<Record<FailureScope, readonly string[]>> = {
  item: [
    // "Error handling": "OK to retry? No", and for what the request says of this item.
    'ValidationException',
    'ItemCollectionSizeLimitExceededException',
    // "Common errors": a request that no answer can come of, such as one that is too large.
    'SerializationException',
    'MalformedQueryString',
    'InvalidParameterValue',
    'InvalidParameterCombination',
    'RequestEntityTooLargeException',
    // "TransactionCanceledException" and "BatchStatementError".
    'ValidationError',
    'ItemCollectionSizeLimitExceeded',
  ],
  contention: [
    'ConditionalCheckFailed',
    'ConditionalCheckFailedException',
    'DuplicateItem',
    'DuplicateItemException',
    'IdempotentParameterMismatchException',
    'ReplicatedWriteConflictException',
    'TransactionConflict',
    'TransactionConflictException',
    'TransactionInProgressException',
  ],
  whole: [
    // Who asks, and what they may do ("Common errors"; the SDK's own names for credentials that it does not find).
    'AccessDenied',
    'AccessDeniedException',
    'AuthFailure',
    'CredentialsProviderError',
    'ExpiredToken',
    'ExpiredTokenException',
    'IncompleteSignature',
    'IncompleteSignatureException',
    'InvalidClientTokenId',
    'InvalidSignatureException',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'NotAuthorized',
    'OptInRequired',
    'RequestExpired',
    'RequestInTheFuture',
    'RequestTimeTooSkewed',
    'SignatureDoesNotMatch',
    'TokenProviderError',
    'UnrecognizedClientException',
    // A table or an index that is not there, or not ready.
    'IndexNotFoundException',
    'InvalidEndpointException',
    'PolicyNotFoundException',
    'ReplicaNotFoundException',
    'ResourceInUseException',
    'ResourceNotFound',
    'ResourceNotFoundException',
    'TableInUseException',
    'TableNotFoundException',
    // Capacity, where all retries were of no use (the SDK's names for throttling among them).
    'BandwidthLimitExceeded',
    'LimitExceededException',
    'PriorRequestNotComplete',
    'ProvisionedThroughputExceeded',
    'ProvisionedThroughputExceededException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
    'ThrottledException',
    'Throttling',
    'ThrottlingError',
    'ThrottlingException',
    'TooManyRequestsException',
    // DynamoDB itself, or the way to it.
    'InternalFailure',
    'InternalServerError',
    'NetworkingError',
    'RequestTimeout',
    'RequestTimeoutException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'TimeoutError',
    // Stopped from outside.
    'AbortError',
    // Of no call that works on items: backups, exports, imports, replicas, tables.
    'BackupInUseException',
    'BackupNotFoundException',
    'ContinuousBackupsUnavailableException',
    'ExportConflictException',
    'ExportNotFoundException',
    'GlobalTableAlreadyExistsException',
    'GlobalTableNotFoundException',
    'ImportConflictException',
    'ImportNotFoundException',
    'InvalidExportTimeException',
    'InvalidRestoreTimeException',
    'PointInTimeRecoveryUnavailableException',
    'ReplicaAlreadyExistsException',
    'TableAlreadyExistsException',
  ],
};

const SCOPE_OF = new Map(
  (Object.keys(BY_NAME) as FailureScope[]).flatMap((scope) => BY_NAME[scope].map((name) => [name, scope] as const)),
);

/**
 * A ValidationException also says that a table or an index is not as the request takes it to be, and then every item's request
 * is refused: it has no other name. Messages as in "Error handling with DynamoDB", in "Troubleshooting" and of the engine.
 */
const TABLE_IS_OTHERWISE =
  /specified index|backfilling|does not match the schema|schema element|key schema|missing the key|required keys|requested resource not found|table is being|cannot do operations on a non-existent table/i;

/** What the SDK throws, without a name of its own, where it is not set up. */
const SDK_IS_NOT_SET_UP =
  /region is missing|credential object is not valid|credential is missing|could not load credentials/i;

/** DynamoDB processed only part of a batch, because of throttling or the batch's size. That part is not undone. */
export class IncompleteBatchError extends Error {
  override readonly name = 'IncompleteBatchError';
}

const HTTP = { unauthorized: 401, forbidden: 403, tooManyRequests: 429, serverErrors: 500 } as const;

/** The parts of an error that say what it is. */
interface Traits {
  readonly message: string;
  /** The SDK's: whose fault the service says it is. */
  readonly $fault?: 'client' | 'server';
  /** The SDK's: there was an answer. */
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: unknown;
  readonly $responseBodyText?: unknown;
  /** Node's: a call of the operating system failed. */
  readonly syscall?: unknown;
  readonly code?: unknown;
}

/** Whom a failure is of. An unforeseen error of this project's own code is the item's at which it came up. Pure. */
export function scopeOf(error: unknown): FailureScope {
  if (error instanceof MigrationError) {
    return error.kind === 'contention' || error.kind === 'item' ? error.kind : 'whole';
  }
  if (error instanceof IncompleteBatchError) return 'whole';
  if (!(error instanceof Error)) return 'item';
  const reasons = cancellationReasons(error);
  if (reasons.length > 0) return scopeOfCancellation(reasons.map(({ code, message }) => scopeOfRefusal(code, message)));
  return scopeOfNamed(error.name, error.message) ?? scopeOfUnnamed(error);
}

/** Why the items of a transaction had it cancelled, those left out that had not; empty for any other error. */
export function cancellationReasons(error: unknown): { readonly code: string; readonly message: string }[] {
  if (!(error instanceof Error) || error.name !== 'TransactionCanceledException') return [];
  const { CancellationReasons = [] } = error as { readonly CancellationReasons?: readonly CancellationReason[] };
  return CancellationReasons.map(({ Code = 'None', Message = '' }) => ({ code: Code, message: Message })).filter(
    ({ code }) => code !== 'None',
  );
}

/** As the SDK has it; the protocol, which asks here, knows nothing of the SDK. */
interface CancellationReason {
  readonly Code?: string;
  readonly Message?: string;
}

/** Whom the refusal of one statement of a batch, or of one item of a transaction, is of. */
export function scopeOfRefusal(code: string, message: string): FailureScope {
  return scopeOfNamed(code, message) ?? 'item';
}

function scopeOfNamed(name: string, message: string): FailureScope | undefined {
  const scope = name.startsWith('KMS') ? 'whole' : SCOPE_OF.get(name);
  return scope === 'item' && TABLE_IS_OTHERWISE.test(message) ? 'whole' : scope;
}

/** What will never pass is the reason, whatever else stood in the way for now. */
function scopeOfCancellation(scopes: readonly FailureScope[]): FailureScope {
  if (scopes.includes('item')) return 'item';
  return scopes.includes('whole') ? 'whole' : 'contention';
}

function scopeOfUnnamed({
  $fault,
  $metadata,
  $response,
  $responseBodyText,
  syscall,
  code,
  message,
}: Traits): FailureScope {
  const status = $metadata?.httpStatusCode ?? 0;
  const isWhole =
    $fault === 'server' ||
    status >= HTTP.serverErrors ||
    status === HTTP.unauthorized ||
    status === HTTP.forbidden ||
    status === HTTP.tooManyRequests;
  if (isWhole) return 'whole';
  if ($fault === 'client') return 'item';
  // An answer that is none of the service's, such as a proxy's page; or no answer at all.
  if ($metadata !== undefined || $response !== undefined || $responseBodyText !== undefined) return 'whole';
  if (syscall !== undefined || (typeof code === 'string' && /^E[A-Z_]+$/.test(code))) return 'whole';
  return SDK_IS_NOT_SET_UP.test(message) ? 'whole' : 'item';
}

/** Longest code that is kept: names come from the service, and are shown. */
const CODE_LENGTH_MAX = 80;

/** A failure in a word: the exception's name, the code of this project's error, or the reason why a transaction was cancelled. */
export function failureCode(error: unknown): string {
  const reason = cancellationReasons(error).find(({ code, message }) => scopeOfRefusal(code, message) === 'item');
  const name = error instanceof MigrationError ? error.code : error instanceof Error ? error.name : typeof error;
  return (reason?.code ?? name).slice(0, CODE_LENGTH_MAX);
}
