import type { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { isTransientCode } from './retry.ts';

/** Who is asked before each attempt at a call, and told how it went. The SDK attempts a call again by itself. */
export interface Attempts {
  /** Asked last of all before a request leaves. @throws where it may not. */
  requireAllowed(): void;
  /** An attempt was sent and not answered, so what it asks for may still be done. */
  unanswered(): void;
  /** An attempt, or a part of it, was refused because there were too many. */
  throttled(): void;
}

/**
 * Has each attempt at the command ask and tell. It is asked after the request was signed. DynamoDB refuses a request that
 * reaches it more than 15 minutes after its date stamp (API Reference, "Common errors", RequestExpired). So however long the
 * process is halted between the question and the wire, what it sends has no effect later than that.
 */
export function guardAttempts(command: { readonly middlewareStack: object }, attempts: Attempts): void {
  // It does not look at what is asked for, so it fits any command.
  const stack = command.middlewareStack as BatchWriteItemCommand['middlewareStack'];
  stack.add(
    (next) => async (args) => {
      attempts.requireAllowed();
      try {
        return await next(args);
      } catch (error) {
        if (!wasRefused(error)) attempts.unanswered();
        else if (error instanceof Error && isTransientCode(error.name)) attempts.throttled();
        throw error;
      }
    },
    // The innermost step, and in it around the one that reads the answer.
    // A document client adds up the command's stack twice: the second time replaces the first.
    { step: 'deserialize', priority: 'high', name: 'guardAttempts', override: true },
  );
}

const HTTP = { badRequest: 400, serverErrors: 500 } as const;

/** DynamoDB answered that it does nothing of what was asked. Behind an error of its own (5xx) it may have. */
function wasRefused(error: unknown): boolean {
  const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode ?? 0;
  return status >= HTTP.badRequest && status < HTTP.serverErrors;
}
