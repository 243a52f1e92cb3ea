import * as z from 'zod';
import { MigrationError } from '../functions/model/migration-error.ts';
import { describeProblems } from '../functions/model/plain-problems.ts';
import { type NextStep, withPasteableCommands } from './next-step.ts';

/** The exit codes of commands (design.md, section 6). */
export const EXIT = {
  done: 0,
  /** Refused, failed, or not in agreement. */
  failed: 1,
  /** Bad usage or settings. */
  usage: 2,
  /** Stopped before the end. Run it again to resume. */
  stopped: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The result of a command, for a program and for a person. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  readonly document: unknown;
  readonly lines: readonly string[];
  /**
   * What to run next: `execute`, the same command with --execute; `none`, nothing. By default what the migration's
   * position says (commands/status/journey.ts).
   */
  readonly next?: NextStep | 'execute' | 'none';
}

/** Why a command failed. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly causes: readonly string[];
  readonly nextStep?: string;
}

/** The one place where an error becomes the output of a command. */
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

/** The messages of the chain of causes, nearest first. Bounded, because a chain may be circular. */
function causesOf(error: Error): string[] {
  const causes: string[] = [];
  let cause = error.cause;
  while (cause !== undefined && causes.length < 5) {
    causes.push(describeCause(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

/** The message of a ZodError is JSON of many lines. */
function describeCause(cause: unknown): string {
  if (cause instanceof z.ZodError) return describeProblems(cause).join('; ');
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

/** A failure as lines for standard error. */
export function describeFailure(failure: Failure): string {
  return [
    `${failure.code}: ${failure.message}`,
    ...failure.causes.map((cause) => `  because: ${cause}`),
    ...(failure.nextStep === undefined ? [] : [`Next: ${failure.nextStep}`]),
  ].join('\n');
}

/** The same failure, with the commands it names as they are run for an environment. */
export function forEnvironment(failure: Failure, environment: string): Failure {
  const { message, nextStep } = failure;
  return {
    ...failure,
    message: withPasteableCommands(message, environment),
    ...(nextStep !== undefined && { nextStep: withPasteableCommands(nextStep, environment) }),
  };
}
