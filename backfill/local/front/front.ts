import { once } from 'node:events';
import { Agent, createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { Answer } from './answers.ts';

/** An address that stands before the engine, or another service. */
export interface Front {
  readonly url: string;
  stop(): Promise<void>;
}

/** A call of DynamoDB's own API, not of its streams. */
export interface DynamoCall<Request> {
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  readonly request: Request;
  /** Has the engine answer it; changed, where that is given. */
  readonly send: (changed?: object) => Promise<Answer>;
}

/** The target of DynamoDB itself; its streams have another one. */
const DYNAMODB = 'DynamoDB_20120810.';

/**
 * Starts an HTTP server before the engine. It passes on what is no call of DynamoDB's own API.
 *
 * @param answerTo answers such a call: itself, or by the engine.
 * @throws MigrationError PORT_BUSY
 */
export function startFront<Request>(
  engineUrl: string,
  answerTo: (call: DynamoCall<Request>) => Promise<Answer>,
  port?: number,
): Promise<Front> {
  const answer: AnswerTo = async ({ headers }, body, pass) => {
    const target = String(headers['x-amz-target'] ?? '');
    if (!target.startsWith(DYNAMODB)) return pass(body);
    let request: Request;
    try {
      request = JSON.parse(body.toString());
    } catch {
      // The engine says what is wrong with it.
      return pass(body);
    }
    return answerTo({
      operation: target.slice(DYNAMODB.length),
      headers,
      request,
      send: (changed) => pass(changed ? Buffer.from(JSON.stringify(changed)) : body),
    });
  };
  return startForwarding(engineUrl, answer, port);
}

/** Answers a request, with the body that it has: itself, or by passing it on with a body. */
export type AnswerTo = (
  incoming: IncomingMessage,
  body: Buffer,
  pass: (body: Buffer) => Promise<Answer>,
) => Promise<Answer>;

/** Starts an HTTP server before any service. @throws MigrationError PORT_BUSY */
export async function startForwarding(serviceUrl: string, answerTo: AnswerTo, port = 0): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const service = new URL(serviceUrl);
  const server = createServer(async (incoming, outgoing) => {
    try {
      const received = Buffer.concat(await incoming.toArray());
      const pass = (sent: Buffer) => passOn(incoming, sent, service, agent);
      const { status, headers, body } = await answerTo(incoming, received, pass);
      outgoing.writeHead(status, headers);
      outgoing.end(body);
    } catch {
      // The service is gone or the caller is: for the caller it is a connection that broke.
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

function passOn({ method, url, headers }: IncomingMessage, body: Buffer, service: URL, agent: Agent): Promise<Answer> {
  const { 'transfer-encoding': _, 'accept-encoding': __, ...rest } = headers;
  return new Promise((resolve, reject) => {
    const passed = httpRequest(
      {
        agent,
        host: service.hostname,
        port: service.port,
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
