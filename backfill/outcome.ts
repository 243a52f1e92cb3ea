import { MigrationError } from '../functions/model/migration-error.ts';

/** What the exit code of a command says (design.md, section 6). */
export const EXIT = {
  done: 0,
  /** Refused, failed, or not in agreement. */
  failed: 1,
  /** Bad usage or settings. */
  usage: 2,
  /** Stopped before the end: run it again to go on. */
  stopped: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a command came to: for a program, and for a person. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly document: unknown;
  readonly lines: readonly string[];
}

/** What is said of a command that did not come to its result. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly causes: readonly string[];
  readonly nextStep?: string;
}

/** The one place where an error becomes what a person, or a program, is told. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MigrationError) {
    return {
      exitCode: exitCodeOf(error),
      code: error.code,
      message: error.message,
      causes: causesOf(error),
      ...(error.nextStep !== undefined && { nextStep: error.nextStep }),
    };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    const nextStep = 'Run the same command again.';
    return { exitCode: EXIT.stopped, code: 'STOPPED', message: 'Stopped before the end.', causes: [], nextStep };
  }
  const unexpected = error instanceof Error ? error : new Error(String(error));
  return {
    exitCode: EXIT.failed,
    code: unexpected.name,
    message: unexpected.message || unexpected.name,
    causes: causesOf(unexpected),
  };
}

function exitCodeOf(error: MigrationError): ExitCode {
  if (error.kind === 'usage') return EXIT.usage;
  return error.retryable ? EXIT.stopped : EXIT.failed;
}

/** The messages of the chain of causes, the nearest first. Bounded, since a chain may run in a circle. */
function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let cause = error.cause;
  while (cause !== undefined && causes.length < 5) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** A failure as lines for standard error. */
export function describeFailure(failure: Failure): string {
  return [
    `${failure.code}: ${failure.message}`,
    ...failure.causes.map((cause) => `  because: ${cause}`),
    ...(failure.nextStep === undefined ? [] : [`Next: ${failure.nextStep}`]),
  ].join('\n');
}
