/**
 * The base of every error this project raises on purpose.
 *
 * `code` is stable and meant for programs; `retryable` says whether the same call may succeed later without a change;
 * `nextStep` is what a person should run or do now.
 */
export class MigrationError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly nextStep: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; nextStep?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.nextStep = options.nextStep;
  }
}
