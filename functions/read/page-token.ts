import { createHash } from 'node:crypto';
import * as z from 'zod';
import { PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../model/key-limits.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { RowPosition } from './position.ts';
import type { KpiQuery } from './query.ts';

const VERSION = 1;

const text = (bytesMax: number) =>
  z.string().refine((value) => Buffer.byteLength(value) <= bytesMax && value.isWellFormed());

const tokenSchema = z.object({
  version: z.literal(VERSION),
  query: z.string(),
  sort: text(SORT_KEY_BYTES_MAX),
  id: text(PARTITION_KEY_BYTES_MAX),
});

/**
 * An opaque text that continues this query, and no other, after the position. It does not name a side. It is not
 * signed, because it grants nothing: a forged one only picks another place in a listing that the caller may read
 * anyway.
 */
export function encodePageToken(query: KpiQuery, position: RowPosition): string {
  const content: z.infer<typeof tokenSchema> = { version: VERSION, query: fingerprint(query), ...position };
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** @throws MigrationError PAGE_TOKEN_INVALID if the token is unreadable or belongs to another query or tenant. */
export function decodePageToken(query: KpiQuery, token: string): RowPosition {
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (cause) {
    throw invalidToken('The page token cannot be read.', cause);
  }
  const parsed = tokenSchema.safeParse(content);
  if (!parsed.success) throw invalidToken('The page token cannot be read.', parsed.error);
  if (parsed.data.query !== fingerprint(query)) throw invalidToken('The page token belongs to another query.');
  const { sort, id } = parsed.data;
  if ((sort !== '') !== (query.kind === 'data-of-link')) throw invalidToken('The page token cannot be read.');
  return { sort, id };
}

function invalidToken(message: string, cause?: unknown): MigrationError {
  return new MigrationError('PAGE_TOKEN_INVALID', message, {
    cause,
    nextStep: 'Start again at the first page, without a token.',
  });
}

/** Two queries have the same fingerprint only if they are equal, whatever the order of their properties. */
function fingerprint(query: KpiQuery): string {
  const parts = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}
