import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import { type Answer, findRoute, type Route } from './exchange.ts';
import { ServiceError } from './service-error.ts';

export interface HttpEdgeOptions {
  readonly routes: readonly Route[];
  readonly nowMs: () => number;
  /** Resolves when all that was changed outlasts a restart. */
  readonly save: () => Promise<void>;
  /** A free one is chosen where it is absent. */
  readonly port?: number;
}

/** @throws MigrationError PORT_BUSY */
export async function serve(options: HttpEdgeOptions): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    void answerTo(request, options).then((answer) => send(response, answer));
  });
  await listen(server, options.port ?? 0);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    throw new MigrationError('PORT_BUSY', `The AppConfig stand-in cannot listen on port ${port}.`, { cause });
  }
}

async function answerTo(request: IncomingMessage, { routes, nowMs, save }: HttpEdgeOptions): Promise<Answer> {
  try {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = findRoute(routes, request.method, url.pathname);
    if (found === undefined) throw unknownOperation(`${request.method} ${url.pathname}`);
    const body = Buffer.concat(await request.toArray());
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]),
    );
    const { route, path } = found;
    const answer = await route.answer({ path, query: url.searchParams, headers, body, nowMs: nowMs() });
    if (route.changesState) await save();
    return answer;
  } catch (error) {
    return errorAnswer(error);
  }
}

function unknownOperation(operation: string): ServiceError {
  return new ServiceError(404, 'UnknownOperationException', `${operation} is not known here: see README.md.`);
}

/** As the SDK's REST-JSON protocol reads it. What is no error of the service's is a fault of this stand-in. */
function errorAnswer(error: unknown): Answer {
  const known = error instanceof ServiceError ? error : new ServiceError(500, 'InternalServerException', String(error));
  return {
    status: known.status,
    headers: { 'x-amzn-ErrorType': known.type },
    body: { Message: known.message, ...known.members },
  };
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'x-amzn-RequestId': randomUUID(),
    ...headers,
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}
