import { type ErrorCode, type ErrorKind, KIND_OF } from './error-codes.ts';

/**
 * The base of every error this project raises on purpose. `code` is stable and meant for programs, `nextStep` is what a
 * person should do now.
 */
export class MigrationError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  readonly nextStep: string | undefined;

  /** @param options `retryable`: only for a code that is not always so; else its kind says it. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { retryable?: boolean; nextStep?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.kind = KIND_OF[code];
    this.retryable = options.retryable ?? (this.kind === 'transient' || this.kind === 'contention');
    this.nextStep = options.nextStep;
  }
}

/** What anything thrown says. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
