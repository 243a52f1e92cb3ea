import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { asAsked, type CapacityRequest, type ConsumedCapacity, consumptionOf, demandsOf } from './capacity-requests.ts';
import { cancelledAnswer, joinBatches, splitBatch, throttledAnswer } from './throttled-answers.ts';
import type { Admission, Throttles } from './throttles.ts';

/** An address that stands before the engine. */
export interface ThrottlingFront {
  readonly url: string;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Call {
  readonly operation: string;
  readonly request: CapacityRequest;
  readonly send: (request: object) => Promise<Answer>;
}

/** The target of DynamoDB itself; its streams have another one, and pass. */
const DYNAMODB = 'DynamoDB_20120810.';

/**
 * Starts an HTTP server that passes everything on to the engine, refuses what exceeds the throttles as DynamoDB does, and
 * records what is taken.
 *
 * @throws MigrationError PORT_BUSY
 */
export async function startThrottlingFront(
  engineUrl: string,
  throttles: Throttles,
  port = 0,
): Promise<ThrottlingFront> {
  const agent = new Agent({ keepAlive: true });
  const engine = new URL(engineUrl);
  const server = createServer(async (incoming, outgoing) => {
    try {
      const { status, headers, body } = await answerTo(incoming, engine, agent, throttles);
      outgoing.writeHead(status, headers);
      outgoing.end(body);
    } catch {
      // The engine is gone or the caller is: for the caller it is a connection that broke.
      outgoing.destroy();
    }
  });
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    throw new MigrationError('PORT_BUSY', `Port ${port} is taken by another process.`, { cause });
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

async function answerTo(incoming: IncomingMessage, engine: URL, agent: Agent, throttles: Throttles): Promise<Answer> {
  const body = Buffer.concat(await incoming.toArray());
  const pass = (sent: Buffer) => passOn(incoming, sent, engine, agent);
  const target = String(incoming.headers['x-amz-target'] ?? '');
  if (!target.startsWith(DYNAMODB)) return pass(body);
  let parsed: CapacityRequest;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    // The engine says what is wrong with it.
    return pass(body);
  }
  const send = (changed: object) => pass(Buffer.from(JSON.stringify(changed)));
  return throttled({ operation: target.slice(DYNAMODB.length), request: parsed, send }, throttles, () => pass(body));
}

/** Answers a call as far as there is capacity. */
async function throttled(call: Call, throttles: Throttles, pass: () => Promise<Answer>): Promise<Answer> {
  const { operation, request: asked, send } = call;
  const demands = demandsOf(operation, asked);
  if (demands.length === 0) return pass();
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

function refused(error: object): Answer {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
  return { status: 400, ...jsonBody(headers, error) };
}

/** DynamoDB's answers bear a checksum, which some SDKs check. */
function jsonBody(headers: IncomingHttpHeaders, json: object): Pick<Answer, 'headers' | 'body'> {
  const body = Buffer.from(JSON.stringify(json));
  return {
    headers: { ...headers, 'content-length': String(body.length), 'x-amz-crc32': String(crc32(body)) },
    body,
  };
}

function passOn({ method, url, headers }: IncomingMessage, body: Buffer, engine: URL, agent: Agent): Promise<Answer> {
  const { 'transfer-encoding': _, 'accept-encoding': __, ...rest } = headers;
  return new Promise((resolve, reject) => {
    const passed = request(
      {
        agent,
        host: engine.hostname,
        port: engine.port,
        method,
        path: url,
        headers: { ...rest, 'content-length': String(body.length) },
      },
      (answer) => {
        answer
          .toArray()
          .then(
            (chunks) =>
              resolve({ status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) }),
            reject,
          );
      },
    );
    passed.on('error', reject);
    passed.end(body);
  });
}
