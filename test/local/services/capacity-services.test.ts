import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  PutScalingPolicyCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand, type MetricStat } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Services, startServices } from '../../../backfill/local/services/start-services.ts';
import { resourceOf, Throttles } from '../../../backfill/local/throttles/throttles.ts';
import { localClientConfig } from '../../../backfill/local-endpoint.ts';

const START = Date.parse('2026-05-01T12:00:00Z');
let nowMs = START;
const throttles = new Throttles(() => nowMs);
let services: Services;
let unmeasured: Services;
let metrics: CloudWatchClient;
let scaling: ApplicationAutoScalingClient;

beforeAll(async () => {
  const common = { account: '000000000000', parameters: {}, nowMs: () => nowMs };
  services = await startServices({ ...common, throttles });
  unmeasured = await startServices(common);
  metrics = new CloudWatchClient({ ...localClientConfig(services.url), maxAttempts: 1 });
  scaling = new ApplicationAutoScalingClient({ ...localClientConfig(services.url), maxAttempts: 1 });
});
afterAll(() => Promise.all([services.stop(), unmeasured.stop()]));

const stat = (MetricName: string, Period: number, index?: string, Stat = 'Sum'): MetricStat => ({
  Metric: {
    Namespace: 'AWS/DynamoDB',
    MetricName,
    Dimensions: [
      { Name: 'TableName', Value: 'old' },
      ...(index ? [{ Name: 'GlobalSecondaryIndexName', Value: index }] : []),
    ],
  },
  Period,
  Stat,
});

async function values(client: CloudWatchClient, ...stats: MetricStat[]) {
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      MetricDataQueries: stats.map((MetricStat, at) => ({ Id: `m${at}`, MetricStat })),
      StartTime: new Date(START),
      EndTime: new Date(START + 3_600_000),
    }),
  );
  return MetricDataResults.map(({ Values = [], Timestamps = [], StatusCode }) => {
    expect(StatusCode).toBe('Complete');
    return Values.map((value, at) => [(Timestamps[at]?.getTime() ?? 0) - START, value]);
  });
}

describe('the metrics of tables', () => {
  beforeAll(() => {
    const read = (units: number) => throttles.settle('GetItem', 'read', [{ table: 'old', units }]);
    read(10);
    nowMs = START + 70_000;
    read(5);
    read(6);
    nowMs = START + 310_000;
    throttles.set(resourceOf('old', 'by-kpi'), { readUnitsPerSecond: 1 });
    const query = { kind: 'read', table: 'old', index: 'by-kpi', items: 1, unitsEach: 1 } as const;
    for (let attempt = 0; attempt < 3; attempt += 1) throttles.admit('Query', query);
  });

  test('are sums of periods, newest first, and periods without anything have none', async () => {
    expect(
      await values(metrics, stat('ConsumedReadCapacityUnits', 60), stat('ConsumedReadCapacityUnits', 300)),
    ).toEqual([
      [
        [60_000, 11],
        [0, 10],
      ],
      [[0, 21]],
    ]);
  });

  test('tell an index from its table', async () => {
    expect(await values(metrics, stat('ReadThrottleEvents', 300, 'by-kpi'), stat('ReadThrottleEvents', 300))).toEqual([
      [[300_000, 2]],
      [],
    ]);
  });

  test('have no value where nothing is measured, not even zero', async () => {
    const client = new CloudWatchClient(localClientConfig(unmeasured.url));
    expect(await values(client, stat('ConsumedReadCapacityUnits', 60))).toEqual([[]]);
  });

  test.each([
    ['a metric that is not kept', stat('SuccessfulRequestLatency', 60)],
    ['a statistic that is not kept', stat('ReadThrottleEvents', 60, undefined, 'p99')],
    ['a period that CloudWatch does not have', stat('ReadThrottleEvents', 90)],
  ])('are refused rather than made up: %s', async (_, each) => {
    await expect(values(metrics, each)).rejects.toMatchObject({ name: 'BadRequestException' });
  });
});

test('scalable targets and their policies are told as they were registered', async () => {
  const target = {
    ServiceNamespace: 'dynamodb',
    ResourceId: 'table/old',
    ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
  } as const;
  const put = new PutScalingPolicyCommand({
    ...target,
    PolicyName: 'reads',
    PolicyType: 'TargetTrackingScaling',
    TargetTrackingScalingPolicyConfiguration: {
      TargetValue: 70,
      PredefinedMetricSpecification: { PredefinedMetricType: 'DynamoDBReadCapacityUtilization' },
    },
  });
  await expect(scaling.send(put)).rejects.toMatchObject({ name: 'ObjectNotFoundException' });
  await scaling.send(new RegisterScalableTargetCommand({ ...target, MinCapacity: 5, MaxCapacity: 50 }));
  await scaling.send(put);
  const list = (ResourceIds: string[]) =>
    scaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'dynamodb', ResourceIds }));
  expect((await list(['table/old', 'table/another'])).ScalableTargets).toMatchObject([
    { ...target, MinCapacity: 5, MaxCapacity: 50 },
  ]);
  expect((await list(['table/another'])).ScalableTargets).toEqual([]);
  const { ScalingPolicies } = await scaling.send(
    new DescribeScalingPoliciesCommand({ ServiceNamespace: 'dynamodb', ResourceId: 'table/old' }),
  );
  expect(ScalingPolicies?.[0]?.TargetTrackingScalingPolicyConfiguration?.TargetValue).toBe(70);
});

describe('the switch of the throttles', () => {
  const send = (url: string, method: string, resource: string, body?: object) =>
    fetch(`${url}/throttles/${encodeURIComponent(resource)}`, { method, ...(body && { body: JSON.stringify(body) }) });

  test('sets a throttle, tells of it, and takes it away', async () => {
    const set = await send(services.url, 'PUT', 'other/index/by-kpi', { readUnitsPerSecond: 5, operations: ['Query'] });
    expect(await set.json()).toMatchObject({ 'other/index/by-kpi': { readUnitsPerSecond: 5, operations: ['Query'] } });
    expect(throttles.all().has('other/index/by-kpi')).toBe(true);
    await send(services.url, 'DELETE', 'other/index/by-kpi');
    expect(await (await fetch(`${services.url}/throttles`)).json()).not.toHaveProperty(['other/index/by-kpi']);
  });

  test.each([{ readUnitsPerSecond: -1 }, { readUnits: 5 }, { error: 'AnotherException' }])(
    'refuses %j',
    async (body) => {
      expect((await send(services.url, 'PUT', 'other', body)).status).toBe(400);
      expect(throttles.all().has('other')).toBe(false);
    },
  );

  test('says how to start a local cloud that has it', async () => {
    const answer = await send(unmeasured.url, 'PUT', 'other', { readUnitsPerSecond: 5 });
    expect([answer.status, await answer.text()]).toEqual([409, expect.stringContaining('--throttles')]);
  });
});
