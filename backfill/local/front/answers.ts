import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { crc32 } from 'node:zlib';

/** An HTTP answer as a whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The answer that an error of DynamoDB's is, by its JSON. */
export function refused(error: object): Answer {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() };
  return { status: 400, ...jsonBody(headers, error) };
}

/** DynamoDB's answers bear a checksum, which some SDKs check. */
export function jsonBody(headers: IncomingHttpHeaders, json: object): Pick<Answer, 'headers' | 'body'> {
  const body = Buffer.from(JSON.stringify(json));
  return {
    headers: { ...headers, 'content-length': String(body.length), 'x-amz-crc32': String(crc32(body)) },
    body,
  };
}
