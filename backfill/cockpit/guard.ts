import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The token that the page sends with every request; a page of another origin cannot set this header unasked. */
export const TOKEN_HEADER = 'x-cockpit-token';

/** Why a request is refused, with the status that says so. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** From the query, for a stream of events, which cannot send headers. */
  readonly queryToken: string | null;
}

/**
 * Whether a request may be answered. Pure. It listens on the loopback address only, but every page that the browser shows
 * can send requests there, and a name server may point any name at it. So the request must name this host, must not come
 * from another origin, and must carry the session's token.
 *
 * @param needsToken false for the page itself, which holds no data.
 * @returns undefined if it may.
 */
export function refusalOf(
  { method, headers, queryToken }: GuardedRequest,
  { port, token }: { readonly port: number; readonly token: string },
  needsToken: boolean,
): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? '')) return { status: 421, message: 'This host is not served here.' };
  const { origin } = headers;
  const isForeign = origin !== undefined && !hosts.some((host) => origin === `http://${host}`);
  const site = headers['sec-fetch-site'];
  if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none')) {
    return { status: 403, message: 'Requests of other origins are refused.' };
  }
  if (!needsToken) return undefined;
  const given = headers[TOKEN_HEADER] ?? (method === 'GET' ? queryToken : undefined);
  if (typeof given === 'string' && isSame(given, token)) return undefined;
  return { status: 401, message: 'Open the page with the address that the command printed.' };
}

function isSame(given: string, token: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(token)];
  return left.length === right.length && timingSafeEqual(left, right);
}
