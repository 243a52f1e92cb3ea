import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { readFlagState, startFlagDeployment } from '../../functions/flag/deployments.ts';
import type { FlagContent } from '../../functions/flag/document.ts';
import { createFlagVersion } from '../../functions/flag/versions.ts';
import type { RollingResult } from '../../functions/validation/rolling-handler.ts';
import { readRolling } from '../../functions/validation/rolling-state.ts';
import { engineUrl } from '../engine-client.ts';
import { ALL_AT_ONCE, APPLICATION, ENVIRONMENT, PROFILE, standIn } from '../local/appconfig/stand-in.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

const PARTS = 4;
const KPIS = 12;
const ROWS = KPIS * 8;

/** The clock of the test's world runs so much faster, since nothing is proven before the streams' unnoted lag of 12 s is over. */
const SPEED = 25;

let bench: ValidationBench;
let metrics: Record<string, number>[];

beforeEach(async () => {
  bench = await ValidationBench.create();
  const content = richContent(KPIS);
  await bench.load(content);
  await bench.fill(content);
  metrics = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
    if (String(line).includes('"_aws"')) metrics.push(JSON.parse(String(line)));
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const startMs = Date.now();
  const from = performance.now();
  vi.spyOn(Date, 'now').mockImplementation(() => Math.round(startMs + (performance.now() - from) * SPEED));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The function as Lambda loads it: a module of its own, told all by its environment. */
async function load(variables: Record<string, string> = {}): Promise<(remainingMs?: number) => Promise<RollingResult>> {
  const { region, credentials } = localClientConfig(engineUrl());
  const all = {
    AWS_ENDPOINT_URL_DYNAMODB: engineUrl(),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    TABLE_NAMES: JSON.stringify(bench.names),
    HELD_RECORDS: 'hold',
    ENVIRONMENT_NAME: 'test',
    ROLLING_PARTS: String(PARTS),
    PAUSE_SECONDS: '0.1',
    PATIENCE_SECONDS: '13',
    ...variables,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  vi.resetModules();
  const { handler } = await import('../../functions/validate-rolling.ts');
  return (remainingMs = 840_000) => {
    const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
    return handler({}, context) as Promise<RollingResult>;
  };
}

const sum = (name: string) => metrics.reduce((total, each) => total + (each[name] ?? Number.NaN), 0);

describe('the standing validation as a function', () => {
  test('goes through the whole key space in as many invocations as there are parts, and tells so by metrics', async () => {
    const invoke = await load();
    const results: RollingResult[] = [];
    for (let part = 0; part < PARTS; part += 1) results.push(await invoke());

    expect(results.map(({ part }) => part)).toEqual([0, 1, 2, 3]);
    expect(results.reduce((kpis, result) => kpis + result.kpis, 0)).toBe(KPIS);
    expect(metrics).toHaveLength(PARTS);
    expect([sum('RowsCompared'), sum('RowsDiffering'), sum('PartsUnfinished')]).toEqual([ROWS, 0, 0]);
    expect(await readRolling(bench.tables.control, PARTS, '')).toMatchObject({
      next: 0,
      lastRoundDiffering: 0,
      lastRoundEndedAt: expect.any(String),
    });
  });

  test('finds, within a round, a row that replication has forgotten, and rings', async () => {
    const invoke = await load();
    await bench.remove('kpiData', 'reading-7');
    for (let part = 0; part < PARTS; part += 1) await invoke();
    expect(metrics.map(({ RowsDiffering }) => RowsDiffering).sort()).toEqual([0, 0, 0, 1]);
    expect(await readRolling(bench.tables.control, PARTS, '')).toMatchObject({ next: 0, lastRoundDiffering: 1 });
  });

  test('goes on where Lambda gave it no time to come to the end', async () => {
    const timeIsOver = new AbortController();
    vi.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(timeIsOver.signal);
    const send = DynamoDBClient.prototype.send;
    vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(function (this: DynamoDBClient, command: object) {
      if (command instanceof ScanCommand && command.input.TableName === bench.names.kpiData && metrics.length === 0) {
        timeIsOver.abort();
        return Promise.reject(timeIsOver.signal.reason);
      }
      return Reflect.apply(send, this, [command]);
    });
    const invoke = await load({ ROLLING_PARTS: '1' });
    expect(await invoke()).toMatchObject({ part: 0, isDone: false, kpis: KPIS, rowsCompared: ROWS });
    expect(sum('PartsUnfinished')).toBe(1);
    expect(await invoke()).toMatchObject({ part: 0, isDone: true, kpis: 0 });
    expect(await readRolling(bench.tables.control, 1, '')).toMatchObject({ lastRoundEndedAt: expect.any(String) });
  });

  test('with a ceiling on its read units waits until they are paid for, or its time is over', async () => {
    const invoke = await load({ ROLLING_PARTS: '1', MAX_READ_UNITS_PER_SECOND: '1' });
    await expect(invoke(5_300)).rejects.toMatchObject({ code: 'PART_TOO_LARGE' });
    expect(metrics).toEqual([]);
  });
});

describe('a difference after cutover', () => {
  async function cutOver() {
    const { control, url } = await standIn();
    const ids = { applicationId: APPLICATION, environmentId: ENVIRONMENT, profileId: PROFILE };
    const flag: FlagContent = { enabled: true, stage: 'new', percent: 100, tenants: [], lagBoundMs: 1_000 };
    await startFlagDeployment(control, ids, await createFlagVersion(control, ids, flag, 0, 'test'), ALL_AT_ONCE);
    return { deployed: async () => (await readFlagState(control, ids)).deployed, url };
  }
  const FALLS_BACK = {
    FLAG_APPLICATION_ID: APPLICATION,
    FLAG_ENVIRONMENT_ID: ENVIRONMENT,
    FLAG_PROFILE_ID: PROFILE,
    FALLBACK_STRATEGY_ID: ALL_AT_ONCE,
  };

  test('puts reads on the old tables where the setting says so, and not while rows agree', async () => {
    const { deployed, url } = await cutOver();
    const invoke = await load({ ...FALLS_BACK, AWS_ENDPOINT_URL_APPCONFIG: url });
    for (let part = 0; part < PARTS; part += 1) await invoke();
    expect(await deployed()).toMatchObject({ enabled: true, stage: 'new' });

    await bench.remove('kpiData', 'milestone-5');
    for (let part = 0; part < PARTS; part += 1) await invoke();

    expect(sum('RowsDiffering')).toBe(1);
    expect(await deployed()).toMatchObject({ enabled: false });
  });

  test('is only told where the setting does not', async () => {
    const { deployed, url } = await cutOver();
    const invoke = await load({ AWS_ENDPOINT_URL_APPCONFIG: url });
    await bench.remove('kpiData', 'milestone-5');
    for (let part = 0; part < PARTS; part += 1) await invoke();
    expect(sum('RowsDiffering')).toBe(1);
    expect(await deployed()).toMatchObject({ enabled: true, stage: 'new' });
  });

  test('is not written down before reads have fallen back, and found again', async () => {
    await bench.remove('kpiData', 'milestone-5');
    const unreachable = { ...FALLS_BACK, AWS_ENDPOINT_URL_APPCONFIG: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' };
    const invoke = await load({ ...unreachable, ROLLING_PARTS: '1' });
    await expect(invoke()).rejects.toThrow();
    expect(sum('RowsDiffering')).toBe(1);
    expect(await readRolling(bench.tables.control, 1, 'now')).toMatchObject({ roundStartedAt: 'now' });
  });
});
