import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePageToken, encodePageToken } from '../../functions/read/page-token.ts';
import type { KpiQuery } from '../../functions/read/query.ts';

const QUERY: KpiQuery = { kind: 'data-of-link', tenantId: 't1', linkId: 'l1', order: 'newest-first' };
const AT = { sort: '2024-02-01', id: 'd1' };

function forged(changes: object): string {
  const content = JSON.parse(Buffer.from(encodePageToken(QUERY, AT), 'base64url').toString());
  return Buffer.from(JSON.stringify({ ...content, ...changes })).toString('base64url');
}

describe('a page token', () => {
  test('brings any position back, and holds nothing that a URL would have to escape', () => {
    const position = fc.record({
      sort: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
      id: fc.string({ unit: 'grapheme', maxLength: 50 }),
    });
    fc.assert(
      fc.property(position, (at) => {
        const token = encodePageToken(QUERY, at);
        expect(token).toMatch(/^[\w-]+$/);
        expect(decodePageToken(QUERY, token)).toEqual(at);
      }),
    );
  });

  test('is the same however the query was written', () => {
    const { order, linkId, tenantId, kind } = QUERY;
    expect(decodePageToken({ order, linkId, tenantId, kind, from: undefined }, encodePageToken(QUERY, AT))).toEqual(AT);
  });

  test.each<[string, KpiQuery]>([
    ['another tenant', { ...QUERY, tenantId: 't2' }],
    ['another link', { ...QUERY, linkId: 'l2' }],
    ['the other order', { ...QUERY, order: 'oldest-first' }],
    ['another range', { ...QUERY, from: '2024' }],
    ['another kind of read', { kind: 'links-by-tenant', tenantId: 't1' }],
  ])('is refused for %s', (_, query) => {
    expect(() => decodePageToken(query, encodePageToken(QUERY, AT))).toThrow('belongs to another query');
  });

  test.each([
    ['nothing', ''],
    ['no base64', '§§§'],
    ['no JSON', Buffer.from('{').toString('base64url')],
    ['another version', forged({ version: 2 })],
    ['no date', forged({ sort: '' })],
    ['a date that no index takes', forged({ sort: 'x'.repeat(1_025) })],
    ['an id that no table takes', forged({ id: 'x'.repeat(2_049) })],
    ['text that is not well-formed', forged({ id: '\ud800' })],
    ['a number for an id', forged({ id: 1 })],
  ])('is refused where it holds %s', (_, token) => {
    expect(() => decodePageToken(QUERY, token)).toThrow('cannot be read');
  });
});
