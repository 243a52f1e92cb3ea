import { createRequire } from 'node:module';
import { messageOf } from '../../../functions/model/migration-error.ts';

/** What the host asks for: one invocation. */
export interface InvokeRequest {
  readonly requestId: string;
  readonly event: unknown;
  /** Instant, in epoch milliseconds, at which the host will kill this process. */
  readonly deadlineMs: number;
}

/** What it gets back; an error as Lambda reports it. */
export type InvokeResponse =
  | { readonly result: unknown }
  | { readonly errorType: string; readonly errorMessage: string };

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

/**
 * Runs one handler as Lambda's runtime does, an invocation at a time: arguments are the bundle, the name of its export and the
 * function's name. It ends with its parent.
 */
const [bundle = '', exportName = '', functionName = ''] = process.argv.slice(2);
const handler: Handler = createRequire(import.meta.url)(bundle)[exportName];

process.on('message', (request: InvokeRequest) => {
  const context = {
    awsRequestId: request.requestId,
    functionName,
    functionVersion: '$LATEST',
    memoryLimitInMB: '512',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    getRemainingTimeInMillis: () => Math.max(0, request.deadlineMs - Date.now()),
  };
  handler(request.event, context).then(
    (result) => answer({ result: result ?? null }),
    (error: unknown) => answer({ errorType: nameOf(error), errorMessage: messageOf(error) }),
  );
});

process.once('disconnect', () => process.exit(0));

function answer(response: InvokeResponse): void {
  process.send?.(response);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
