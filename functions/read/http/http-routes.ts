import * as z from 'zod';
import { type Instant, parseInstant } from '../../model/instant.ts';
import { MigrationError } from '../../model/migration-error.ts';
import type { KpiReads, Row, Rows } from '../kpi-reads.ts';
import type { Provenance } from '../router.ts';

/** The path of an HTTP request, with its parameters decoded, and what was asked by query and header. */
export interface HttpRead {
  /** API Gateway's route key: method and path pattern. */
  readonly routeKey: string;
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The text of the header `x-last-write-at`. */
  readonly lastWriteAt?: string | undefined;
}

type Answer = Row<Provenance> | Rows<Provenance>;
type Reads = KpiReads<Provenance>;
type Path = Readonly<Record<string, string>>;

const paging = {
  limit: z.coerce.number({ error: 'is no number' }).optional(),
  pageToken: z.string().optional(),
};

/** A route: the query parameters it knows, and what it reads. */
function route<Shape extends z.ZodRawShape>(
  shape: Shape,
  read: (
    reads: Reads,
    path: Path,
    query: z.output<z.ZodObject<Shape, z.core.$strict>>,
    options: { readonly lastWriteAtMs?: number },
  ) => Promise<Answer>,
) {
  const schema = z.strictObject(shape);
  return {
    parameters: Object.keys(shape),
    answer: (reads: Reads, request: HttpRead): Promise<Answer> => {
      const query = schema.safeParse(request.query);
      if (!query.success) throw badRequest(z.prettifyError(query.error));
      return read(reads, request.path as Path, query.data, lastWriteOf(request));
    },
  };
}

/** Every route of the API (functions/read/http/openapi.json). All begin with the tenant. */
export const ROUTES = {
  'GET /tenants/{tenantId}/links': route(
    { kpiId: z.string().optional(), goalId: z.string().optional(), ...paging },
    (reads, { tenantId = '' }, { kpiId, goalId, ...page }, options) => {
      if (kpiId !== undefined && goalId !== undefined) throw badRequest('Name kpiId or goalId, not both.');
      const pageOptions = { ...page, ...options };
      if (kpiId !== undefined) return reads.linksByKpi({ tenantId, kpiId }, pageOptions);
      if (goalId !== undefined) return reads.linksByGoal({ tenantId, goalId }, pageOptions);
      return reads.linksByTenant({ tenantId }, pageOptions);
    },
  ),
  'GET /tenants/{tenantId}/links/{linkId}': route({}, (reads, { tenantId = '', linkId = '' }, _, options) =>
    reads.linkById({ tenantId, linkId }, options),
  ),
  'GET /tenants/{tenantId}/links/{linkId}/data': route(
    {
      category: z.enum(['Target', 'Actual']).optional(),
      subtype: z.string().optional(),
      from: z.string().optional(),
      to: z.string().optional(),
      order: z.enum(['newest-first', 'oldest-first']).default('newest-first'),
      ...paging,
    },
    (reads, { tenantId = '', linkId = '' }, { limit, pageToken, ...filter }, options) =>
      reads.dataOfLink({ tenantId, linkId, ...filter }, { limit, pageToken, ...options }),
  ),
  'GET /tenants/{tenantId}/links/{linkId}/latest-actual': route(
    {},
    (reads, { tenantId = '', linkId = '' }, _, options) => reads.latestActual({ tenantId, linkId }, options),
  ),
  'GET /tenants/{tenantId}/links/{linkId}/target': route(
    { date: z.string(), subtype: z.string().optional() },
    (reads, { tenantId = '', linkId = '' }, query, options) =>
      reads.targetForDate({ tenantId, linkId, ...query }, options),
  ),
  'GET /tenants/{tenantId}/data/{dataId}': route(
    { linkId: z.string().optional() },
    (reads, { tenantId = '', dataId = '' }, { linkId }, options) =>
      reads.dataById({ tenantId, dataId, linkId }, options),
  ),
} as const;

/**
 * Answers a request that may be made.
 *
 * @throws MigrationError ROUTE_UNKNOWN, ROW_NOT_FOUND, or what the caller did wrong.
 */
export async function answerRead(reads: Reads, request: HttpRead): Promise<Answer> {
  if (!Object.hasOwn(ROUTES, request.routeKey)) {
    throw new MigrationError('ROUTE_UNKNOWN', 'There is no such resource.', {
      nextStep: 'functions/read/http/openapi.json lists those there are.',
    });
  }
  const answer = await ROUTES[request.routeKey as keyof typeof ROUTES].answer(reads, request);
  if ('rows' in answer || answer.row !== undefined) return answer;
  throw new MigrationError('ROW_NOT_FOUND', 'The tenant has no such row.', { nextStep: 'Check the ids in the path.' });
}

function lastWriteOf({ lastWriteAt }: HttpRead): { readonly lastWriteAtMs?: number } {
  if (lastWriteAt === undefined) return {};
  const instant = parseInstant(lastWriteAt);
  if (instant === undefined) throw badRequest('The header x-last-write-at is no ISO 8601 date and time.');
  return { lastWriteAtMs: epochMs(instant) };
}

function epochMs({ epochSeconds, fraction }: Instant): number {
  return epochSeconds * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

function badRequest(message: string): MigrationError {
  return new MigrationError('QUERY_INVALID', message, { nextStep: 'Mend the request and send it again.' });
}
