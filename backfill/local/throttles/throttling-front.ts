import { type Answer, jsonBody, refused } from '../front/answers.ts';
import { type DynamoCall, type Front, startFront } from '../front/front.ts';
import { asAsked, type CapacityRequest, type ConsumedCapacity, consumptionOf, demandsOf } from './capacity-requests.ts';
import { cancelledAnswer, joinBatches, splitBatch, throttledAnswer } from './throttled-answers.ts';
import type { Admission, Throttles } from './throttles.ts';

type Call = DynamoCall<CapacityRequest>;

/**
 * Starts an HTTP server that passes everything on to the engine, refuses what exceeds the throttles as DynamoDB does, and
 * records what is taken.
 *
 * @throws MigrationError PORT_BUSY
 */
export function startThrottlingFront(engineUrl: string, throttles: Throttles, port?: number): Promise<Front> {
  return startFront<CapacityRequest>(engineUrl, (call) => throttled(call, throttles), port);
}

/** Answers a call as far as there is capacity. */
async function throttled(call: Call, throttles: Throttles): Promise<Answer> {
  const { operation, request: asked, send } = call;
  const demands = demandsOf(operation, asked);
  if (demands.length === 0) return send();
  const admissions = demands.map((demand) => throttles.admit(operation, demand));
  const release = (): void => {
    for (const [at, demand] of demands.entries()) throttles.release(operation, demand, admissions[at]?.items ?? 0);
  };
  const refusal = admissions.find((admission) => admission.refusal)?.refusal;
  let left: NonNullable<CapacityRequest['RequestItems']> = {};
  let sent = asked;
  if (refusal) {
    const isBatch = asked.RequestItems !== undefined;
    if (asked.TransactItems) {
      release();
      return refused(cancelledAnswer(admissions.map((admission) => admission.refusal)));
    }
    // A batch fails only if none of its items can be processed (API Reference, BatchGetItem and BatchWriteItem).
    if (!isBatch || admissions.every(({ items }) => items === 0)) {
      release();
      return refused(throttledAnswer(refusal));
    }
    const parts = splitBatch(asked.RequestItems, itemsByTable(demands, admissions));
    left = parts.left;
    sent = { ...asked, RequestItems: parts.passed };
  }
  const answer = await send({ ...sent, ReturnConsumedCapacity: 'INDEXES' });
  release();
  if (answer.status !== 200) return answer;
  return settled(answer, call, left, throttles);
}

function itemsByTable(
  demands: readonly { readonly table: string }[],
  admissions: readonly Admission[],
): ReadonlyMap<string, number> {
  return new Map(demands.map(({ table }, at) => [table, admissions[at]?.items ?? 0]));
}

/** Takes what the engine says that was taken, and gives the answer the form that the caller asked for. */
function settled(
  { status, headers, body }: Answer,
  { operation, request: asked }: Call,
  left: NonNullable<CapacityRequest['RequestItems']>,
  throttles: Throttles,
): Answer {
  const { ConsumedCapacity: told, ...answer } = JSON.parse(body.toString());
  const consumed: readonly ConsumedCapacity[] = [told ?? []].flat();
  const [demand] = demandsOf(operation, asked);
  throttles.settle(operation, demand?.kind ?? 'read', consumptionOf(consumed));
  const shown = consumed.flatMap((each) => asAsked(each, asked.ReturnConsumedCapacity) ?? []);
  if (shown.length > 0) answer.ConsumedCapacity = Array.isArray(told) ? shown : shown[0];
  if (Object.keys(left).length > 0) {
    const name = operation === 'BatchGetItem' ? 'UnprocessedKeys' : 'UnprocessedItems';
    answer[name] = joinBatches(answer[name] ?? {}, left);
  }
  return { status, ...jsonBody(headers, answer) };
}
