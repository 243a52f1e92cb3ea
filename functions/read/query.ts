import * as z from 'zod';
import type { Item } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import { ID_BYTES_MAX } from '../model/old-records.ts';
import type { Order, Position } from './position.ts';

/** Longest bound of a date range in bytes: a sort key ends at 1,024, and a bound is lengthened by one character. */
const DATE_BYTES_MAX = 1_000;
/** Longest subtype in bytes: with a link's id it is an index key. */
const SUBTYPE_BYTES_MAX = 100;
export const ROWS_PER_PAGE_MAX = 1_000;
export const ROWS_PER_PAGE_DEFAULT = 100;

const boundedText = (bytesMax: number) =>
  z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= bytesMax, { error: `is longer than ${bytesMax} bytes` })
    .refine((text) => text.isWellFormed(), { error: 'is no well-formed Unicode text' });
const id = boundedText(ID_BYTES_MAX);
const date = boundedText(DATE_BYTES_MAX);
const subtype = boundedText(SUBTYPE_BYTES_MAX);

const linkById = z.strictObject({ kind: z.literal('link-by-id'), tenantId: id, linkId: id });
const links = z.strictObject({ kind: z.enum(['links-by-kpi', 'links-by-goal']), tenantId: id, id });
const linksOfTenant = z.strictObject({ kind: z.literal('links-by-tenant'), tenantId: id });
const dataById = z.strictObject({ kind: z.literal('data-by-id'), tenantId: id, dataId: id, linkId: id.optional() });
const dataOfLink = z
  .strictObject({
    kind: z.literal('data-of-link'),
    tenantId: id,
    linkId: id,
    category: z.enum(['Target', 'Actual']).optional(),
    subtype: subtype.optional(),
    from: date.optional(),
    to: date.optional(),
    order: z.enum(['oldest-first', 'newest-first'] satisfies Order[]),
  })
  .refine((query) => query.subtype === undefined || query.category !== undefined, {
    path: ['subtype'],
    error: 'needs a category: each category has subtypes of its own',
  });

const querySchema = z.union([linkById, links, linksOfTenant, dataById, dataOfLink]);
const limitSchema = z.number().int().min(1).max(ROWS_PER_PAGE_MAX).default(ROWS_PER_PAGE_DEFAULT);

export type DataOfLinkQuery = z.infer<typeof dataOfLink>;
export type DataByIdQuery = z.infer<typeof dataById>;

/**
 * A read in the new model's terms. Each names its tenant, and is answered with rows of that tenant only.
 *
 * `from` and `to` bound `post_date` as text, in the order of its UTF-8 bytes; both are inclusive, and a bound covers every text
 * that begins with it: `to: '2024-03'` ends with the last of March.
 */
export type KpiQuery = z.infer<typeof querySchema>;

/** A query, and which page of its answer. */
export interface ReadRequest {
  readonly query: KpiQuery;
  /** The page starts after this row. */
  readonly after?: Position;
  /** Rows a page at most. */
  readonly limit: number;
}

/** A page of rows of the new model in wire form. `next` is the position of the last row where more follow. */
export interface RowPage {
  readonly rows: readonly Item[];
  readonly next?: Position;
}

/** One of the two sides that can answer: the old tables through the mapping, or the new tables. */
export interface ReadSide {
  /** @param signal gives the read up; the promise is then rejected. */
  read(request: ReadRequest, signal?: AbortSignal): Promise<RowPage>;
}

/**
 * Checks a query that came from outside.
 *
 * @throws MigrationError QUERY_INVALID with every problem.
 */
export function checkRequest(query: unknown, limit: unknown): { readonly query: KpiQuery; readonly limit: number } {
  const kind = (query as { kind?: unknown } | undefined)?.kind;
  const schema = querySchema.options.find((option) => option.shape.kind.safeParse(kind).success) ?? querySchema;
  const [checked, limitChecked] = [schema.safeParse(query), limitSchema.safeParse(limit)];
  if (checked.success && limitChecked.success) return { query: checked.data as KpiQuery, limit: limitChecked.data };
  const problems = [
    ...(checked.error ? [z.prettifyError(checked.error)] : []),
    ...(limitChecked.error ? [`limit: ${z.prettifyError(limitChecked.error)}`] : []),
  ];
  throw new MigrationError('QUERY_INVALID', problems.join('\n'), { nextStep: 'Mend the request and send it again.' });
}
