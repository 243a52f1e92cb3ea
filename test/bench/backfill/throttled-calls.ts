import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { seededRandom } from '../../../backfill/local/rehearsal/seeded-random.ts';
import { demandsOf } from '../../../backfill/local/throttles/capacity-requests.ts';
import {
  cancelledAnswer,
  joinBatches,
  splitBatch,
  throttledAnswer,
} from '../../../backfill/local/throttles/throttled-answers.ts';

/** Attempts of a client so far. A call that the SDK retries has several. */
export interface Attempts {
  readonly sent: number;
  /** Refused whole. */
  readonly refused: number;
  /** Batches of which a part was left unprocessed. */
  readonly partly: number;
}

export interface ThrottleOptions {
  /** Share of the attempts that are throttled, from 0 to 1. */
  readonly share: number;
  readonly seed: number;
}

/** Of the throttled batches, how many are answered in part. */
const PARTLY = 1 / 2;
const CALL = 'x-amz-target';

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Throttles this client's attempts from now on. It stands where the wire begins, so that the SDK reads, classifies and retries each answer as
 * it would DynamoDB's own. A throttled call is refused whole, a transaction is cancelled, and half of the batches of several items are processed in part.
 */
export function throttleCalls(client: DynamoDBClient, { share, seed }: ThrottleOptions): Attempts {
  const random = seededRandom(seed);
  const attempts = { sent: 0, refused: 0, partly: 0 };
  client.middlewareStack.add(
    (next) => async (call) => {
      const request = call.request as Request;
      const operation = request.headers[CALL]?.split('.')[1] ?? '';
      const asked = JSON.parse(new TextDecoder().decode(request.body));
      const demands = demandsOf(operation, asked);
      const [demand] = demands;
      // Calls that take no capacity, such as DescribeTable, have limits of their own.
      if (demand === undefined) return next(call);
      attempts.sent += 1;
      if (random.fraction() >= share) return next(call);
      const refusal = {
        resource: demand.table,
        kind: demand.kind,
        error: 'ProvisionedThroughputExceededException',
      } as const;
      const isCut = asked.RequestItems && demand.items > 1 && random.fraction() < PARTLY;
      if (!isCut) {
        attempts.refused += 1;
        const others = (asked.TransactItems ?? []).slice(1).map(() => undefined);
        const error = asked.TransactItems ? cancelledAnswer([refusal, ...others]) : throttledAnswer(refusal);
        return { response: { statusCode: 400, ...jsonBody(error) }, output: undefined as never };
      }
      attempts.partly += 1;
      // A batch fails only if none of its items can be processed (API Reference, BatchWriteItem and BatchGetItem).
      const admitted = 1 + random.below(demand.items - 1);
      const { passed, left } = splitBatch(asked.RequestItems, new Map([[demand.table, admitted]]));
      const { headers, body } = jsonBody({ ...asked, RequestItems: passed });
      const sent = { ...request, headers: { ...request.headers, ...headers }, body };
      const { response } = await next({
        ...call,
        request: Object.setPrototypeOf(sent, Object.getPrototypeOf(request)),
      });
      return { response: await withUnprocessed(response as Response, operation, left), output: undefined as never };
    },
    // The innermost step, and in it inside the one that reads the answer.
    { step: 'deserialize', priority: 'low', name: 'throttleCalls' },
  );
  return attempts;
}

/** The answer to a part of a batch, as one to the whole. */
async function withUnprocessed(
  response: Response,
  operation: string,
  left: Parameters<typeof joinBatches>[0],
): Promise<unknown> {
  const text = Buffer.concat(await Array.fromAsync(response.body)).toString();
  if (response.statusCode !== 200) return { ...response, body: Buffer.from(text) };
  const answer = JSON.parse(text);
  const name = operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
  const { headers, body } = jsonBody({ ...answer, [name]: joinBatches(answer[name] ?? {}, left) });
  return { statusCode: response.statusCode, headers: { ...response.headers, ...headers }, body };
}

function jsonBody(json: object): { readonly headers: Readonly<Record<string, string>>; readonly body: Uint8Array } {
  const body = Buffer.from(JSON.stringify(json));
  return { headers: { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(body.length) }, body };
}
