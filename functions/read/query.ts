import * as z from 'zod';
import { ID_BYTES_MAX } from '../migration/old-records.ts';
import type { Item } from '../model/attribute-value.ts';
import { MigrationError } from '../model/migration-error.ts';
import type { Order, RowPosition } from './position.ts';

/** Longest bound of a date range in bytes: a sort key has at most 1,024, and the query adds one character. */
const DATE_BYTES_MAX = 1_000;
/** Longest subtype in bytes: together with a link's id it is an index key. */
const SUBTYPE_BYTES_MAX = 100;
export const ROWS_PER_PAGE_MAX = 1_000;
export const ROWS_PER_PAGE_DEFAULT = 100;

const boundedText = (bytesMax: number) =>
  z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= bytesMax, { error: `is longer than ${bytesMax} bytes` })
    .refine((text) => text.isWellFormed(), { error: 'is not well-formed Unicode' });
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
    error: 'needs a category, because each category has its own subtypes',
  });

const querySchema = z.union([linkById, links, linksOfTenant, dataById, dataOfLink]);
const limitSchema = z.number().int().min(1).max(ROWS_PER_PAGE_MAX).default(ROWS_PER_PAGE_DEFAULT);

export type DataOfLinkQuery = z.infer<typeof dataOfLink>;
export type DataByIdQuery = z.infer<typeof dataById>;

/**
 * A read in terms of the new model. Every query names its tenant, and the answer holds rows of that tenant only.
 *
 * `from` and `to` limit `post_date` as text, in the order of its UTF-8 bytes. Both are inclusive, and each covers every
 * text that starts with it: `to: '2024-03'` includes 31 March.
 */
export type KpiQuery = z.infer<typeof querySchema>;

/** A query, and which page of it. */
export interface ReadRequest {
  readonly query: KpiQuery;
  /** The page starts after this row. */
  readonly after?: RowPosition;
  /** Most rows of the page. */
  readonly limit: number;
}

/** Rows of the new model in DynamoDB's wire form. `next` is the position of the last row if more rows follow. */
export interface RowPage {
  readonly rows: readonly Item[];
  readonly next?: RowPosition;
}

/** One of the two sides that can answer: the old tables through the mapping, or the new tables. */
export interface ReadSide {
  /** @param signal cancels the read; the promise then rejects. */
  read(request: ReadRequest, signal?: AbortSignal): Promise<RowPage>;
}

/**
 * Checks a query that comes from a caller.
 *
 * @throws MigrationError QUERY_INVALID with every problem at once.
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
  throw new MigrationError('QUERY_INVALID', problems.join('\n'), {
    nextStep: 'Correct the request and send it again.',
  });
}
