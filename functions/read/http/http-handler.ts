import * as z from 'zod';
import type { ErrorKind } from '../../model/error-codes.ts';
import { MigrationError } from '../../model/migration-error.ts';
import { isTransient } from '../../tables/dynamo/retry.ts';
import type { KpiReads } from '../kpi-reads.ts';
import type { Provenance } from '../router.ts';
import { type Callers, checkCaller } from './callers.ts';
import { answerRead, type HttpRead } from './http-routes.ts';

/** Unlike `z.record`, it keeps every name, so that a parameter `__proto__` is refused as any other unknown one is. */
const textByName = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    value !== null && typeof value === 'object' && Object.values(value).every((text) => typeof text === 'string'),
);

/** The parts that we use of an HTTP API's event, payload format 2.0, with IAM authorisation. */
const eventSchema = z.object({
  routeKey: z.string(),
  pathParameters: z.record(z.string(), z.string()).default({}),
  queryStringParameters: textByName.default({}),
  headers: z.record(z.string(), z.string()).default({}),
  requestContext: z.object({
    authorizer: z.object({ iam: z.object({ userArn: z.string() }) }).optional(),
  }),
});

type HttpEvent = z.infer<typeof eventSchema>;

export interface HttpAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const STATUS_OF: Partial<Record<ErrorKind, number>> = { 'invalid-request': 400, forbidden: 403, 'not-found': 404 };

const JSON_TYPE = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** @throws ZodError if the event does not come from an HTTP API, which means that API Gateway is misconfigured. */
export function parseHttpEvent(event: unknown): HttpEvent {
  return eventSchema.parse(event);
}

/**
 * Answers a request. Caller errors get a 4xx with code, message and next step; transient errors of DynamoDB get a 503.
 *
 * @throws any other error. API Gateway then answers 500 and reveals no internals.
 */
export async function answerHttpRead(
  reads: KpiReads<Provenance>,
  callers: Callers,
  event: HttpEvent,
): Promise<HttpAnswer> {
  try {
    const userArn = event.requestContext.authorizer?.iam.userArn ?? '';
    checkCaller(callers, userArn, event.pathParameters.tenantId ?? '');
    return await fittingAnswer(reads, {
      routeKey: event.routeKey,
      path: event.pathParameters,
      query: event.queryStringParameters,
      lastWriteAt: event.headers['x-last-write-at'],
    });
  } catch (error) {
    if (error instanceof MigrationError) {
      const status = STATUS_OF[error.kind];
      if (status !== undefined) return problem(status, error);
    }
    if (isTransient(error)) {
      return problem(503, { code: 'BUSY', message: 'The tables are busy.', nextStep: 'Try again in a moment.' });
    }
    throw error;
  }
}

/** Lambda fails an invocation whose answer is larger than 6 MB (Lambda developer guide, "Lambda quotas"), as JSON. */
const ANSWER_BYTES_MAX = 6_000_000;

/** The answer. A page that would be too large is read again with fewer rows; the caller continues from its token. */
async function fittingAnswer(reads: KpiReads<Provenance>, request: HttpRead): Promise<HttpAnswer> {
  const { origin, reason, ...content } = await answerRead(reads, request);
  const answer = {
    statusCode: 200,
    headers: { ...JSON_TYPE, 'x-read-origin': origin, 'x-read-reason': reason },
    body: JSON.stringify(content),
  };
  const bytes = Buffer.byteLength(JSON.stringify(answer));
  // One row always fits: an item has 400 KB, and JSON in JSON takes seven times that at most.
  if (bytes <= ANSWER_BYTES_MAX || !('rows' in content) || content.rows.length === 1) return answer;
  const limit = Math.max(1, Math.floor((content.rows.length * ANSWER_BYTES_MAX) / bytes / 2));
  return fittingAnswer(reads, { ...request, query: { ...request.query, limit: String(limit) } });
}

function problem(
  statusCode: number,
  { code, message, nextStep }: { code: string; message: string; nextStep: string | undefined },
): HttpAnswer {
  return {
    statusCode,
    headers: { ...JSON_TYPE, ...(statusCode === 503 && { 'retry-after': '1' }) },
    body: JSON.stringify({ code, message, nextStep }),
  };
}
