import { type Front, startForwarding } from '../backfill/local/front/front.ts';

/** A request to AWS as it is on the wire. */
export interface WireCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Stands before a service: notes every request, and passes it on as it is. */
export function recordingProxy(target: string, note: (call: WireCall) => void): Promise<Front> {
  return startForwarding(target, ({ method = 'GET', url = '/', headers }, body, pass) => {
    note({ method, path: url.split('?')[0] ?? '/', headers, body: body.toString() });
    return pass(body);
  });
}
