import * as z from 'zod';
import { type Instant, parseInstant } from '../../model/instant.ts';
import { MigrationError } from '../../model/migration-error.ts';
import type { KpiReads, Row, Rows } from '../kpi-reads.ts';
import type { Provenance } from '../router.ts';

/** An HTTP request: its route, its decoded path parameters, its query and its header. */
export interface HttpRead {
  /** API Gateway's route key: method and path pattern. */
  readonly routeKey: string;
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The header `x-last-write-at`. */
  readonly lastWriteAt?: string | undefined;
}

type ReadAnswer = Row<Provenance> | Rows<Provenance>;
type Reads = KpiReads<Provenance>;
type Path = Readonly<Record<string, string>>;

const paging = {
  limit: z.coerce.number({ error: 'is not a number' }).optional(),
  pageToken: z.string().optional(),
};

/** A route: its query parameters, and the read behind it. */
function route<Shape extends z.ZodRawShape>(
  shape: Shape,
  read: (
    reads: Reads,
    path: Path,
    query: z.output<z.ZodObject<Shape, z.core.$strict>>,
    options: { readonly lastWriteAtMs?: number },
  ) => Promise<ReadAnswer>,
) {
  const schema = z.strictObject(shape);
  return {
    parameters: Object.keys(shape),
    answer: (reads: Reads, request: HttpRead): Promise<ReadAnswer> => {
      const query = schema.safeParse(request.query);
      if (!query.success) throw badRequest(z.prettifyError(query.error));
      return read(reads, request.path as Path, query.data, lastWriteOf(request));
    },
  };
}

/** Every route of the API (functions/read/http/openapi.json). All start with the tenant. */
export const ROUTES = {
  'GET /tenants/{tenantId}/links': route(
    { kpiId: z.string().optional(), goalId: z.string().optional(), ...paging },
    (reads, { tenantId = '' }, { kpiId, goalId, ...page }, options) => {
      if (kpiId !== undefined && goalId !== undefined) throw badRequest('Give either kpiId or goalId, not both.');
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
 * Answers the request of a caller who may make it.
 *
 * @throws MigrationError ROUTE_UNKNOWN, ROW_NOT_FOUND, QUERY_INVALID or PAGE_TOKEN_INVALID
 */
export async function answerRead(reads: Reads, request: HttpRead): Promise<ReadAnswer> {
  if (!Object.hasOwn(ROUTES, request.routeKey)) {
    throw new MigrationError('ROUTE_UNKNOWN', 'There is no such resource.', {
      nextStep: 'See functions/read/http/openapi.json for all resources.',
    });
  }
  const answer = await ROUTES[request.routeKey as keyof typeof ROUTES].answer(reads, request);
  if ('rows' in answer || answer.row !== undefined) return answer;
  throw new MigrationError('ROW_NOT_FOUND', 'The tenant has no such row.', { nextStep: 'Check the ids in the path.' });
}

function lastWriteOf({ lastWriteAt }: HttpRead): { readonly lastWriteAtMs?: number } {
  if (lastWriteAt === undefined) return {};
  const instant = parseInstant(lastWriteAt);
  if (instant === undefined) throw badRequest('The header x-last-write-at is not an ISO 8601 date and time.');
  return { lastWriteAtMs: epochMs(instant) };
}

function epochMs({ epochSeconds, fraction }: Instant): number {
  return epochSeconds * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0'));
}

function badRequest(message: string): MigrationError {
  return new MigrationError('QUERY_INVALID', message, { nextStep: 'Correct the request and send it again.' });
}
