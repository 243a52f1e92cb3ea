import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MigrationError } from '../../../functions/model/migration-error.ts';
import type { Callers } from '../../../functions/read/http/callers.ts';
import { answerHttpRead, parseHttpEvent } from '../../../functions/read/http/http-handler.ts';
import { ROUTES } from '../../../functions/read/http/http-routes.ts';
import { readReadSettings } from '../../../functions/read/http/read-settings.ts';
import { kpiReads, type ReadOptions } from '../../../functions/read/kpi-reads.ts';
import type { ReadRequest, RowPage } from '../../../functions/read/query.ts';
import type { Provenance } from '../../../functions/read/router.ts';
import { IncompleteBatchError } from '../../../functions/tables/dynamo/failure-scope.ts';

const ACCOUNT = '123456789012';
const CALLERS: Callers = [
  { principal: `arn:aws:iam::${ACCOUNT}:role/apps/kpi-service`, tenants: 'any' },
  { principal: `arn:aws:iam::${ACCOUNT}:role/per-tenant`, tenants: 'session' },
  { principal: `arn:aws:iam::${ACCOUNT}:role/reports`, tenants: ['t1', 't3'] },
  { principal: `arn:aws:iam::${ACCOUNT}:user/ops/anna`, tenants: ['t1'] },
];

function sessionOf(role: string, session = 'session', account = ACCOUNT): string {
  return `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
}

const ROW = { id: { S: 'l1' }, weight: { N: '0.12345678901234567890123456789012345678' } };
const PAGE: RowPage & Provenance = { rows: [ROW], origin: 'new', reason: 'tenant-named' };

interface Asked {
  readonly request: ReadRequest;
  readonly options: ReadOptions;
}

async function call(
  routeKey: string,
  changes: {
    path?: Record<string, string>;
    query?: Record<string, string>;
    headers?: Record<string, string>;
    userArn?: string | undefined;
    answer?: (asked: Asked) => RowPage & Provenance;
  } = {},
) {
  const asked: Asked[] = [];
  const reads = kpiReads(async (request, options) => {
    asked.push({ request, options });
    return (changes.answer ?? (() => PAGE))({ request, options });
  });
  const { userArn = sessionOf('kpi-service') } = changes;
  const event = parseHttpEvent({
    routeKey,
    pathParameters: { tenantId: 't1', linkId: 'l1', dataId: 'd1', ...changes.path },
    ...(changes.query && { queryStringParameters: changes.query }),
    ...(changes.headers && { headers: changes.headers }),
    requestContext: userArn === '' ? {} : { authorizer: { iam: { userArn } } },
  });
  const answer = await answerHttpRead(reads, CALLERS, event);
  return { ...answer, body: JSON.parse(answer.body), asked };
}

const LINKS = 'GET /tenants/{tenantId}/links';
const LINK = 'GET /tenants/{tenantId}/links/{linkId}';
const DATA = 'GET /tenants/{tenantId}/links/{linkId}/data';
const LATEST = 'GET /tenants/{tenantId}/links/{linkId}/latest-actual';
const TARGET = 'GET /tenants/{tenantId}/links/{linkId}/target';
const DATUM = 'GET /tenants/{tenantId}/data/{dataId}';

describe('the API', () => {
  const ofLink = { kind: 'data-of-link', tenantId: 't1', linkId: 'l1', order: 'newest-first' };

  test.each<[string, Record<string, string>, object, number]>([
    [LINKS, {}, { kind: 'links-by-tenant', tenantId: 't1' }, 100],
    [LINKS, { kpiId: 'k' }, { kind: 'links-by-kpi', tenantId: 't1', id: 'k' }, 100],
    [LINKS, { goalId: 'g', limit: '7' }, { kind: 'links-by-goal', tenantId: 't1', id: 'g' }, 7],
    [LINK, {}, { kind: 'link-by-id', tenantId: 't1', linkId: 'l1' }, 1],
    [DATA, {}, ofLink, 100],
    [
      DATA,
      { category: 'Target', subtype: 'Expected', from: '2024', to: '2025', order: 'oldest-first' },
      { ...ofLink, category: 'Target', subtype: 'Expected', from: '2024', to: '2025', order: 'oldest-first' },
      100,
    ],
    [LATEST, {}, { ...ofLink, category: 'Actual' }, 1],
    [TARGET, { date: '2024-01-31' }, { ...ofLink, category: 'Target', subtype: 'Expected', to: '2024-01-31' }, 1],
    [DATUM, {}, { kind: 'data-by-id', tenantId: 't1', dataId: 'd1' }, 1],
    [DATUM, { linkId: 'l1' }, { kind: 'data-by-id', tenantId: 't1', dataId: 'd1', linkId: 'l1' }, 1],
  ])('%s with %o asks for %o', async (routeKey, query, asked, limit) => {
    const answer = await call(routeKey, { query });
    expect(answer.statusCode).toBe(200);
    expect(answer.asked.map(({ request }) => request)).toEqual([{ query: asked, limit }]);
  });

  test('answers with the digits as stored, and says where from and why', async () => {
    const one = await call(LINK);
    expect(one.body).toEqual({ row: ROW });
    expect(one.headers).toMatchObject({ 'x-read-origin': 'new', 'x-read-reason': 'tenant-named' });
    expect((await call(LINKS)).body).toEqual({ rows: [ROW] });
  });

  test('pages by token, for the same query and tenant only', async () => {
    const answer = () => ({ ...PAGE, next: { sort: '', id: 'l1' } });
    const { nextPageToken } = (await call(LINKS, { answer })).body;
    const next = await call(LINKS, { query: { pageToken: nextPageToken, limit: '5' } });
    expect(next.asked[0]?.request.after).toEqual({ sort: '', id: 'l1' });
    const refused = [
      await call(LINKS, { query: { pageToken: nextPageToken, kpiId: 'k' } }),
      await call(LINKS, { query: { pageToken: nextPageToken }, path: { tenantId: 't2' } }),
      await call(LINKS, { query: { pageToken: 'nonsense' } }),
    ];
    for (const { statusCode, body } of refused) {
      expect({ statusCode, code: body.code }).toEqual({ statusCode: 400, code: 'PAGE_TOKEN_INVALID' });
    }
  });

  test('passes the instant of the last write on', async () => {
    const { asked } = await call(LINK, { headers: { 'x-last-write-at': '2024-01-01T01:00:00.0015+01:00' } });
    expect(asked[0]?.options.lastWriteAtMs).toBe(Date.UTC(2024, 0, 1) + 1);
  });

  test.each<[string, string, Parameters<typeof call>[1]]>([
    ['a limit of 0', LINKS, { query: { limit: '0' } }],
    ['a limit over 1,000', LINKS, { query: { limit: '1001' } }],
    ['a limit that is no number', LINKS, { query: { limit: 'many' } }],
    ['a parameter that nobody knows', LINKS, { query: { kpi: 'k' } }],
    ['a parameter that every object has', LINKS, { query: { constructor: 'k' } }],
    ['a parameter that every object inherits by', LINKS, { query: JSON.parse('{"__proto__":"k"}') }],
    ['both a KPI and a goal', LINKS, { query: { kpiId: 'k', goalId: 'g' } }],
    ['an empty KPI', LINKS, { query: { kpiId: '' } }],
    ['a category that does not exist', DATA, { query: { category: 'Plan' } }],
    ['a subtype without a category', DATA, { query: { subtype: 'Expected' } }],
    ['no date', TARGET, {}],
    ['an id that is too long', LINK, { path: { linkId: 'x'.repeat(513) } }],
    ['text that is not well-formed', DATA, { query: { from: '\ud800' } }],
    ['a last write of no date', LINK, { headers: { 'x-last-write-at': 'yesterday' } }],
  ])('answers 400 to %s, and reads nothing', async (_, routeKey, changes) => {
    const { statusCode, body, asked } = await call(routeKey, changes);
    expect({ statusCode, code: body.code, asked }).toEqual({ statusCode: 400, code: 'QUERY_INVALID', asked: [] });
    expect(body.message.length).toBeGreaterThan(0);
    expect(body.nextStep.length).toBeGreaterThan(0);
  });

  test('answers 404 where there is no such row or route', async () => {
    const answer = () => ({ ...PAGE, rows: [] });
    expect(await call(LINK, { answer })).toMatchObject({ statusCode: 404, body: { code: 'ROW_NOT_FOUND' } });
    expect(await call(LINKS, { answer })).toMatchObject({ statusCode: 200, body: { rows: [] } });
    expect(await call('$default')).toMatchObject({ statusCode: 404, body: { code: 'ROUTE_UNKNOWN' } });
    expect(await call('constructor')).toMatchObject({ statusCode: 404 });
  });

  test('answers 503 to a refusal that passes, and lets API Gateway answer 500 to the rest', async () => {
    const fail = (error: Error) => () => {
      throw error;
    };
    const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
    expect(await call(LINK, { answer: fail(throttled) })).toMatchObject({ statusCode: 503, body: { code: 'BUSY' } });
    const partial = fail(new IncompleteBatchError('part'));
    expect(await call(LINK, { answer: partial })).toMatchObject({ statusCode: 503, body: { code: 'BUSY' } });
    await expect(call(LINK, { answer: fail(new TypeError('a bug')) })).rejects.toThrow('a bug');
    await expect(call(LINK, { answer: fail(new MigrationError('TABLE_MISSING', 'inside')) })).rejects.toThrow('inside');
  });
});

describe('a caller', () => {
  test.each<[string, string, string, number]>([
    ['the service reads any tenant', sessionOf('kpi-service'), 't2', 200],
    ['a session named after its tenant reads that', sessionOf('per-tenant', 't2'), 't2', 200],
    ['and no other', sessionOf('per-tenant', 't2'), 't1', 403],
    ['a role reads the tenants it is for', sessionOf('reports'), 't3', 200],
    ['and no other', sessionOf('reports'), 't2', 403],
    ['whatever its session is called', sessionOf('reports', 't2'), 't2', 403],
    ['a user reads the tenants it is for', `arn:aws:iam::${ACCOUNT}:user/ops/anna`, 't1', 200],
    ['a user of another path is another', `arn:aws:iam::${ACCOUNT}:user/anna`, 't1', 403],
    ['a role of another account is another', sessionOf('kpi-service', 's', '999999999999'), 't1', 403],
    ['a role nobody listed reads nothing', sessionOf('stranger'), 't1', 403],
    ['a role may not pass for another by its session', sessionOf('stranger', 'x/kpi-service'), 't1', 403],
    ['nobody reads nothing', '', 't1', 403],
  ])('%s', async (_, userArn, tenantId, statusCode) => {
    const answer = await call(LINKS, { userArn, path: { tenantId } });
    expect(answer.statusCode).toBe(statusCode);
    expect(answer.asked).toHaveLength(statusCode === 200 ? 1 : 0);
    if (statusCode === 403) expect(answer.body.code).toBe('CALLER_REFUSED');
  });
});

describe('the description of the API', () => {
  const { paths, components } = JSON.parse(
    readFileSync(new URL('../../../functions/read/http/openapi.json', import.meta.url), 'utf8'),
  );
  interface Parameter {
    readonly $ref?: string;
    readonly name: string;
    readonly in: string;
  }
  const resolved = (parameter: Parameter): Parameter =>
    parameter.$ref ? components.parameters[parameter.$ref.split('/').at(-1) ?? ''] : parameter;

  test('has just the routes that there are, each with its parameters', () => {
    const described = Object.entries<{ get: { parameters: Parameter[] } }>(paths).map(([path, { get }]) => {
      const names = get.parameters.map(resolved).filter((parameter) => parameter.in === 'query');
      return [`GET ${path}`, names.map(({ name }) => name).sort()];
    });
    const served = Object.entries(ROUTES).map(([routeKey, { parameters }]) => [routeKey, [...parameters].sort()]);
    expect(described.sort()).toEqual(served.sort());
  });

  test('names every parameter of its paths', () => {
    for (const [path, { get }] of Object.entries<{ get: { parameters: Parameter[] } }>(paths)) {
      const named = get.parameters.map(resolved).filter((parameter) => parameter.in === 'path');
      expect(named.map(({ name }) => name)).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });
});

describe('an answer that Lambda would not take', () => {
  const quotes = (count: number) => ({ id: { S: 'l1' }, rationale: { S: '"'.repeat(count) } });
  const pageOf = (rows: number, quotesEach: number) => (asked: Asked) => {
    const { limit = rows } = asked.request as { readonly limit?: number };
    return {
      ...PAGE,
      rows: Array.from({ length: Math.min(limit, rows) }, () => quotes(quotesEach)),
      pageToken: 'next',
    };
  };

  test('is read again with fewer rows, and the caller continues from there', async () => {
    const { statusCode, body, asked } = await call(LINKS, { answer: pageOf(90, 200_000), query: { limit: '90' } });
    expect(statusCode).toBe(200);
    expect(body.rows.length).toBeGreaterThan(1);
    expect(body.pageToken).toBe('next');
    expect(asked).toHaveLength(2);
    expect(Buffer.byteLength(JSON.stringify({ body: JSON.stringify(body) }))).toBeLessThan(6_000_000);
  });

  test('has a row at least, though that alone may take all the room', async () => {
    expect((await call(LINKS, { answer: pageOf(3, 1_600_000) })).body.rows).toHaveLength(1);
  });

  test('is read once where it fits', async () => {
    expect((await call(LINKS, { answer: pageOf(90, 1_000) })).asked).toHaveLength(1);
  });
});

describe('the settings of the read function', () => {
  const roles = 'goalKpiLinks kpiMilestones kpiActuals kpiReadings kpis people kpiLinks kpiData control'.split(' ');
  const environment = {
    TABLE_NAMES: JSON.stringify(Object.fromEntries(roles.map((role) => [role, `table-${role}`]))),
    HELD_RECORDS: 'hold',
    ENVIRONMENT_NAME: 'dev',
    FLAG_APPLICATION: 'a',
    FLAG_ENVIRONMENT: 'e',
    FLAG_PROFILE: 'p',
    READ_CALLERS: JSON.stringify(CALLERS),
  };

  test('take the callers from a file beside the code, however many tenants they have', () => {
    const root = mkdtempSync(join(tmpdir(), 'callers-'));
    const callers = [{ principal: CALLERS[0]?.principal, tenants: Array.from({ length: 120 }, () => randomUUID()) }];
    writeFileSync(join(root, 'callers.json'), JSON.stringify(callers));
    const { READ_CALLERS: _, ...others } = environment;
    const variables = { ...others, READ_CALLERS_FILE: 'callers.json', LAMBDA_TASK_ROOT: root };
    expect(readReadSettings(variables).callers).toEqual(callers);
    writeFileSync(join(root, 'callers.json'), '[]');
    expect(() => readReadSettings(variables)).toThrow('READ_CALLERS');
    expect(() => readReadSettings(others)).toThrow('READ_CALLERS');
  });

  test('have defaults for what can be left out', () => {
    expect(readReadSettings(environment)).toMatchObject({
      callers: CALLERS,
      flag: { application: 'a', waitMaxMs: 1_000 },
      router: { newDeadlineMs: 500, shadowShare: 0.1, sampleShare: 0.01 },
    });
  });

  test.each([
    [{ READ_CALLERS: '[]' }, 'READ_CALLERS'],
    [{ READ_CALLERS: '{' }, 'is not JSON'],
    [{ READ_CALLERS: '[{"principal":"*","tenants":"any"}]' }, 'is not the ARN'],
    [{ READ_CALLERS: `[{"principal":"${CALLERS[0]?.principal}","tenants":"all"}]` }, 'READ_CALLERS'],
    [
      { READ_CALLERS: JSON.stringify([CALLERS[0], { principal: CALLERS[0]?.principal, tenants: ['t9'] }]) },
      'is the same caller as number 1',
    ],
    [
      {
        // IAM keeps role names unique whatever their path, and a session's ARN has none.
        READ_CALLERS: JSON.stringify([
          CALLERS[0],
          { principal: `arn:aws:iam::${ACCOUNT}:role/other/kpi-service`, tenants: ['t9'] },
        ]),
      },
      'is the same caller as number 1',
    ],
    [{ SHADOW_SHARE: '2' }, 'SHADOW_SHARE'],
    [{ FLAG_PROFILE: undefined, FLAG_APPLICATION: '' }, 'FLAG_PROFILE'],
  ])('are refused where they are wrong: %o', (changes, named) => {
    expect(() => readReadSettings({ ...environment, ...changes })).toThrow(named);
  });
});
