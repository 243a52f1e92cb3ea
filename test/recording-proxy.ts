import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request to AWS as it is on the wire. */
export interface WireCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Stands before a service: notes every request, and passes it on as it is. */
export async function recordingProxy(target: string, note: (call: WireCall) => void) {
  const { hostname, port } = new URL(target);
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const body = Buffer.concat(await incoming.toArray());
    note({ method, path: url.split('?')[0] ?? '/', headers, body: body.toString() });
    const passed = forward({ hostname, port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
