import {
  AppConfigDataClient,
  GetLatestConfigurationCommand,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';
import type { Context } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { localClientEnvironment } from '../../backfill/local-endpoint.ts';
import { createTestTables, engineClient, engineUrl } from '../engine-client.ts';
import { fillTables, worldOfReads } from './world.ts';

const ROLE = 'arn:aws:iam::123456789012:role/kpi-service';
const service = mockClient(AppConfigDataClient);
let handler: (event: unknown, context: Context) => Promise<{ statusCode: number; headers: object; body: string }>;

beforeAll(async () => {
  const names = await createTestTables();
  await fillTables(engineClient(), names, worldOfReads(), 'hold');
  const text = JSON.stringify({ readPath: { enabled: true, stage: 'new', tenants: ['t1'] } });
  const Configuration = Object.assign(new TextEncoder().encode(text), { transformToString: () => text });
  service.on(StartConfigurationSessionCommand).resolves({ InitialConfigurationToken: 'token' });
  service.on(GetLatestConfigurationCommand).resolves({
    Configuration: Configuration as never,
    NextPollConfigurationToken: 'next',
    NextPollIntervalInSeconds: 60,
  });
  const environment = {
    ...localClientEnvironment(engineUrl()),
    TABLE_NAMES: JSON.stringify(names),
    HELD_RECORDS: 'hold',
    ENVIRONMENT_NAME: 'dev',
    FLAG_APPLICATION: 'a',
    FLAG_ENVIRONMENT: 'e',
    FLAG_PROFILE: 'p',
    READ_CALLERS: JSON.stringify([{ principal: ROLE, tenants: 'any' }]),
    NEW_DEADLINE_MS: '10000',
    // The first read waits for the flag and for the kill switch, on a machine that may be busy.
    FLAG_WAIT_MAX_MS: '10000',
    POWERTOOLS_LOG_LEVEL: 'SILENT',
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const module = await import('../../functions/read-kpi.ts');
  handler = module.handler as never;
});

afterAll(() => {
  vi.unstubAllEnvs();
  service.restore();
});

function get(tenantId: string, linkId: string) {
  const event = {
    version: '2.0',
    routeKey: 'GET /tenants/{tenantId}/links/{linkId}',
    pathParameters: { tenantId, linkId },
    headers: { accept: 'application/json' },
    requestContext: {
      authorizer: { iam: { userArn: 'arn:aws:sts::123456789012:assumed-role/kpi-service/session' } },
    },
  };
  return handler(event, { functionName: 'read-kpi', awsRequestId: 'request' } as Context);
}

describe('the read function', () => {
  test.each([
    ['t1', 'l-only', 'new', 'tenant-named'],
    ['t2', 'l-2-shared', 'old', 'tenant-not-chosen'],
  ])('answers tenant %s as the flag says', async (tenantId, linkId, origin, reason) => {
    const answer = await get(tenantId, linkId);
    expect(answer).toMatchObject({
      statusCode: 200,
      headers: { 'x-read-origin': origin, 'x-read-reason': reason },
    });
    expect(JSON.parse(answer.body).row.id).toEqual({ S: linkId });
  });

  test('has no link of another tenant', async () => {
    expect(await get('t2', 'l-only')).toMatchObject({ statusCode: 404 });
  });

  test('publishes its counts with the first request of a minute, and no others', async () => {
    const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const laterMs = Date.now() + 60_001;
    const now = vi.spyOn(Date, 'now').mockReturnValue(laterMs);
    await get('t1', 'l-only');
    await get('t1', 'l-only');
    const lines = printed.mock.calls.map(([line]) => JSON.parse(String(line)));
    printed.mockRestore();
    now.mockRestore();
    expect(lines).toEqual([
      expect.objectContaining({ Environment: 'dev', NewSideErrors: 0, WrongAnswers: 0, _aws: expect.anything() }),
    ]);
  });
});
