import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { COCKPIT_PAGE } from '../../infra/package-layout.ts';
import { listenFault } from '../listen-fault.ts';
import { type Action, type ActionResult, actionSchema, changesReads } from './actions.ts';
import type { Feed } from './feed.ts';
import { refusalOf } from './guard.ts';

export interface CockpitServerOptions {
  readonly feed: Feed;
  readonly token: string;
  readonly isReadOnly: boolean;
  /** 0 for a free one. */
  readonly port: number;
  readonly perform: (action: Action) => Promise<ActionResult>;
}

export interface CockpitServer {
  /** With the token: whoever has it may do what the page can. */
  readonly url: string;
  close(): Promise<void>;
}

/** The files of the page: what is not named here is not served. */
const FILES = ['index.html', 'cockpit.css', 'cockpit.js', 'steer.js', 'parts.js', 'chart.js'];

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The page asks nothing of any other host, and no other page may frame it or hear from where it came. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

const BODY_BYTES_MAX = 10_000;

/** Serves the page on the loopback address. */
export async function startCockpitServer(options: CockpitServerOptions): Promise<CockpitServer> {
  const server = createServer((request, response) => {
    answer(options, portOf(server), request, response).catch((error: unknown) => {
      // An answer that has begun cannot say it any more; the page sees the connection end and asks again.
      if (response.headersSent) response.destroy();
      else send(response, 500, { message: error instanceof Error ? error.message : String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenFault(options.port, cause)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${portOf(server)}/#${options.token}`,
    close: () => close(server),
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // Streams of events never end by themselves.
  server.closeAllConnections();
  return closed;
}

async function answer(
  options: CockpitServerOptions,
  port: number,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', headers } = request;
  const [path = '/', query] = (request.url ?? '/').split('?', 2);
  const file = fileOf(path);
  const isPage = method === 'GET' && file !== undefined;
  const { token } = options;
  const refusal = refusalOf(
    { method, headers, queryToken: new URLSearchParams(query).get('token') },
    { port, token },
    !isPage,
  );
  if (refusal) return send(response, refusal.status, { message: refusal.message });
  if (isPage) return sendFile(response, file);
  if (method === 'GET' && path === '/events') return sendEvents(options.feed, request, response);
  if (method === 'POST' && path === '/actions') return act(options, request, response);
  send(response, 404, { message: 'There is nothing here.' });
}

function fileOf(path: string): string | undefined {
  const name = path === '/' ? 'index.html' : path.slice(1);
  return FILES.find((file) => file === name);
}

async function sendFile(response: ServerResponse, file: string): Promise<void> {
  const content = await readFile(join(COCKPIT_PAGE, file));
  response.writeHead(200, { ...HEADERS, 'content-type': TYPES[extname(file)] }).end(content);
}

/** Server-sent events: the newest look first, then each as it comes. */
function sendEvents(feed: Feed, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  const end = feed.listen((event) => response.write(`data: ${JSON.stringify(event)}\n\n`));
  request.once('close', end);
}

async function act(options: CockpitServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (Number(request.headers['content-length'] ?? BODY_BYTES_MAX + 1) > BODY_BYTES_MAX) {
    return send(response, 413, { message: 'The request is too long.' });
  }
  const action = actionSchema.safeParse(parseJson(await text(request)));
  if (!action.success) return send(response, 400, { message: 'The request is not one of this page.' });
  if (options.isReadOnly && changesReads(action.data)) {
    return send(response, 403, { message: 'The cockpit was started with --read-only.' });
  }
  const result = await options.perform(action.data);
  options.feed.hurry();
  send(response, 200, result);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // What is no JSON is no action either, and is answered as that.
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' }).end(JSON.stringify(body));
}
