import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';

/** A Lambda function: it parses its event, calls one function, and maps the result to what its caller expects. */
export interface LambdaFunction<Event, Result, Answer = Result> {
  /** Every line it writes carries the request's id. */
  readonly logger: Logger;
  /** Published when the handler ends, also when it throws. */
  readonly metrics?: Metrics;
  readonly parse: (event: unknown) => Event;
  readonly call: (event: Event, context: Context) => Promise<Result>;
  /** Absent: the result is the answer. */
  readonly map?: (result: Result, event: Event) => Answer;
}

/** The handler that Lambda calls. An error is thrown and not logged: Lambda's runtime logs it. */
export function lambdaHandler<Event, Result, Answer = Result>(lambda: LambdaFunction<Event, Result, Answer>) {
  const { logger, metrics, parse, call, map } = lambda;
  // Powertools' own middleware warns after every call without metrics, which is nearly every read.
  const publish = () => {
    if (metrics?.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return middy()
    .use(injectLambdaContext(logger))
    .use({ after: publish, onError: publish })
    .handler(async (event: unknown, context: Context): Promise<Answer> => {
      const parsed = parse(event);
      const result = await call(parsed, context);
      return map ? map(result, parsed) : (result as unknown as Answer);
    });
}
