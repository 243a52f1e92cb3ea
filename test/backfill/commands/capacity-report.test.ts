import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient, GetMetricDataCommand, type GetMetricDataCommandInput } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { type PartReport, reportCapacity } from '../../../backfill/commands/preflight/capacity-report.ts';
import {
  capacityWarnings,
  describeCapacity,
  notChecked,
} from '../../../backfill/commands/preflight/describe-capacity.ts';
import type { IndexShape, TableShape } from '../../../functions/tables/dynamo/descriptions.ts';
import { settingsWith } from '../../infra/synthesis.ts';

const NOW = Date.parse('2026-05-01T12:02:00Z');
const settings = settingsWith();
const table = settings.tables.kpiActuals;
const scaling = mockClient(ApplicationAutoScalingClient);
const metrics = mockClient(CloudWatchClient);

/** What CloudWatch has on record: sums by metric, and by index where one is named. */
let recorded: Record<string, [at: string, sum: number][]>;

function shapeOf(capacity: Partial<TableShape>, index: Partial<IndexShape> = {}): { kpiActuals: TableShape } {
  return {
    kpiActuals: {
      billing: 'provisioned',
      ...capacity,
      indexes: new Map([['kpi-index', index as IndexShape]]),
    } as TableShape,
  };
}

const report = (shapes = shapeOf({ readUnitsPerSecond: 100, writeUnitsPerSecond: 50 })) =>
  reportCapacity({ settings, connection: {} }, shapes, NOW);

/** The queries of a call in two pages: each has one half of the metrics. */
function answer({ MetricDataQueries = [], NextToken }: GetMetricDataCommandInput) {
  const half = MetricDataQueries.filter((_, at) => (at % 2 === 0) === (NextToken === undefined));
  return {
    MetricDataResults: half.map(({ Id, MetricStat }) => {
      const { MetricName, Dimensions = [] } = MetricStat?.Metric ?? {};
      const points = recorded[[MetricName, Dimensions[1]?.Value].filter(Boolean).join(' ')] ?? [];
      const [Timestamps, Values] = [points.map(([at]) => new Date(at)), points.map(([, sum]) => sum)];
      return { Id, StatusCode: 'Complete' as const, Timestamps, Values };
    }),
    ...(NextToken === undefined && { NextToken: 'second' }),
  };
}

beforeEach(() => {
  scaling.reset();
  metrics.reset();
  recorded = {};
  scaling.on(DescribeScalableTargetsCommand).resolves({ ScalableTargets: [] });
  metrics.on(GetMetricDataCommand).callsFake(answer);
});
afterAll(() => {
  scaling.restore();
  metrics.restore();
});

const denied = Object.assign(new Error('User is not authorized to perform this.'), { name: 'AccessDeniedException' });

describe('autoscaling', () => {
  test('is told with its bounds and its target, and the ceiling is a share of what is provisioned now', async () => {
    const reads = { ServiceNamespace: 'dynamodb', ScalableDimension: 'dynamodb:table:ReadCapacityUnits' } as const;
    scaling.on(DescribeScalableTargetsCommand).resolves({
      ScalableTargets: [
        {
          ...reads,
          ResourceId: `table/${table}`,
          MinCapacity: 50,
          MaxCapacity: 4_000,
          RoleARN: '',
          CreationTime: undefined,
        },
        {
          ...reads,
          ScalableDimension: 'dynamodb:table:WriteCapacityUnits',
          ResourceId: `table/${table}`,
          MinCapacity: 1,
          MaxCapacity: 2,
          RoleARN: '',
          CreationTime: undefined,
        },
      ],
    });
    scaling.on(DescribeScalingPoliciesCommand).resolves({
      ScalingPolicies: [{ TargetTrackingScalingPolicyConfiguration: { TargetValue: 70 } } as never],
    });
    const [ofTable, ofIndex] = await report();
    expect(ofTable?.scaling).toEqual({
      isChecked: true,
      found: { minUnits: 50, maxUnits: 4_000, targetPercent: 70, isSuspended: false },
    });
    expect(ofTable?.ceiling).toBe(25);
    expect(ofIndex?.scaling).toEqual({ isChecked: true, found: undefined });
    expect(describeCapacity([ofTable as PartReport])[0]).toContain(
      'provisioned, 100 read and 50 write units a second; autoscaling of reads from 50 to 4,000 at 70 %; a command takes at most 25 a second, by what it has now',
    );
    const asked = scaling.commandCalls(DescribeScalableTargetsCommand)[0]?.args[0].input;
    expect(asked).toMatchObject({ ResourceIds: [`table/${table}`, `table/${table}/index/kpi-index`] });
  });

  test('of a suspended target is told as suspended', async () => {
    scaling.on(DescribeScalableTargetsCommand).resolves({
      ScalableTargets: [
        {
          ResourceId: `table/${table}`,
          ScalableDimension: 'dynamodb:table:ReadCapacityUnits',
          MinCapacity: 1,
          MaxCapacity: 9,
          SuspendedState: { DynamicScalingOutSuspended: true },
        } as never,
      ],
    });
    scaling.on(DescribeScalingPoliciesCommand).resolves({});
    expect(describeCapacity(await report())[0]).toContain('from 1 to 9 without a target, suspended');
  });
});

describe('the last day', () => {
  test('is told of a table and of its index, over all pages, with a warning for each that was throttled', async () => {
    recorded = {
      ReadThrottleEvents: [
        ['2026-05-01T03:00:00Z', 7],
        ['2026-05-01T02:00:00Z', 5],
      ],
      ConsumedReadCapacityUnits: [
        ['2026-05-01T03:00:00Z', 30_000],
        ['2026-05-01T02:00:00Z', 900],
      ],
      'WriteThrottleEvents kpi-index': [['2026-05-01T05:00:00Z', 3]],
    };
    const parts = await report();
    expect(parts.map(({ recent }) => recent.isChecked && recent.found)).toEqual([
      {
        throttled: { reads: 12, writes: 0 },
        lastThrottledAtMs: Date.parse('2026-05-01T03:00:00Z'),
        busiest: { readUnitsPerSecond: 100 },
      },
      {
        throttled: { reads: 0, writes: 3 },
        lastThrottledAtMs: Date.parse('2026-05-01T05:00:00Z'),
        busiest: {},
      },
    ]);
    const warnings = capacityWarnings(parts);
    expect(warnings.map(({ index, message }) => [index, message])).toEqual([
      [undefined, expect.stringContaining('12 reads and 0 writes throttled')],
      [undefined, expect.stringContaining('took 100 of the 100 read units')],
      ['kpi-index', expect.stringContaining('0 reads and 3 writes throttled')],
    ]);
    expect(describeCapacity(parts).filter((line) => line.startsWith('Warning: '))).toHaveLength(3);
    const { StartTime, EndTime } = metrics.commandCalls(GetMetricDataCommand)[0]?.args[0].input ?? {};
    expect([StartTime, EndTime]).toEqual([new Date('2026-04-30T12:00:00Z'), new Date(NOW)]);
  });

  test('of a table on demand is not answered with advice to raise what nobody can raise', async () => {
    recorded = { ReadThrottleEvents: [['2026-05-01T03:00:00Z', 7]] };
    const steps = async (shape: Partial<TableShape>) => capacityWarnings(await report(shapeOf(shape)))[0]?.nextStep;
    expect(await steps({ billing: 'on-demand' })).toMatch(/^Read it at a quieter time/);
    expect(await steps({ billing: 'on-demand', readUnitsPerSecond: 5 })).toMatch(/^Raise its capacity/);
  });

  test('without throttles warns of nothing as long as a command fits beside it', async () => {
    recorded = { ConsumedReadCapacityUnits: [['2026-05-01T03:00:00Z', 75 * 300]] };
    expect(capacityWarnings(await report())).toEqual([]);
    recorded = { ConsumedReadCapacityUnits: [['2026-05-01T03:00:00Z', 76 * 300]] };
    expect(capacityWarnings(await report())).toMatchObject([{ nextStep: expect.stringContaining('to 24, or') }]);
  });

  test('of which nothing is on record is not told as a day without throttles', async () => {
    const lines = describeCapacity(await report());
    expect(lines[0]).toContain('CloudWatch has nothing on record for 24 h');
    expect(lines.join()).not.toContain('no throttles');
    recorded = { ConsumedWriteCapacityUnits: [['2026-05-01T03:00:00Z', 300]] };
    expect(describeCapacity(await report())[0]).toContain('no read and 1 write units a second; no throttles');
  });

  test('of more tables and indexes than one request takes is asked in several', async () => {
    const indexes = new Map(Array.from({ length: 130 }, (_, at) => [`index-${at}`, {} as IndexShape]));
    recorded = { 'ReadThrottleEvents index-129': [['2026-05-01T03:00:00Z', 7]] };
    const parts = await report({ kpiActuals: { ...shapeOf({}).kpiActuals, indexes } });
    expect(capacityWarnings(parts)).toMatchObject([{ index: 'index-129' }]);
    const sizes = metrics
      .commandCalls(GetMetricDataCommand)
      .map(({ args: [{ input }] }) => input.MetricDataQueries?.length);
    expect(new Set(sizes)).toEqual(new Set([500, 24]));
  });
});

test('indexes of which the same is to be said share a line, and one that was throttled has its own', async () => {
  const indexes = new Map(['a', 'b', 'c'].map((name) => [name, {} as IndexShape]));
  recorded = { 'ReadThrottleEvents b': [['2026-05-01T03:00:00Z', 7]] };
  const lines = describeCapacity(await report({ kpiActuals: { ...shapeOf({}).kpiActuals, indexes } }));
  expect(lines.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
    table,
    `${table}/index/{a, c}`,
    `${table}/index/b`,
    'Warning',
  ]);
});

describe('what cannot be checked', () => {
  test.each<[what: string, fail: () => void, why: RegExp]>([
    [
      'is told where a right is missing',
      () => metrics.on(GetMetricDataCommand).rejects(denied),
      /AWS does not allow this/,
    ],
    [
      'is told where CloudWatch does not answer',
      () => metrics.on(GetMetricDataCommand).rejects(Object.assign(new Error('late'), { name: 'TimeoutError' })),
      /AWS does not answer/,
    ],
    [
      'is told where CloudWatch may not tell a metric',
      () =>
        metrics.on(GetMetricDataCommand).callsFake(({ MetricDataQueries }: GetMetricDataCommandInput) => ({
          MetricDataResults: MetricDataQueries?.map(({ Id }) => ({ Id, StatusCode: 'Forbidden' as const })),
        })),
      /did not tell a metric whole: Forbidden/,
    ],
    [
      'is told where CloudWatch leaves a metric out',
      () => metrics.on(GetMetricDataCommand).resolves({ MetricDataResults: [] }),
      /did not tell a metric whole: no answer/,
    ],
  ])('%s', async (_, fail, why) => {
    fail();
    const parts = await report();
    expect(notChecked(parts)).toMatchObject([
      { what: expect.stringContaining('throttles'), why: expect.stringMatching(why) },
    ]);
    const lines = describeCapacity(parts);
    expect(lines[0]).toContain('throttles not checked');
    expect(lines.filter((line) => line.startsWith('Not checked: throttles'))).toHaveLength(1);
    expect(lines.join()).not.toMatch(/no throttles|nothing on record/);
    // The other service is asked all the same.
    expect(lines[0]).toContain('no autoscaling of reads');
  });

  test('of autoscaling does not keep throttles from being told', async () => {
    scaling.on(DescribeScalableTargetsCommand).rejects(denied);
    recorded = { ReadThrottleEvents: [['2026-05-01T03:00:00Z', 7]] };
    const lines = describeCapacity(await report());
    expect(lines[0]).toContain('autoscaling not checked');
    expect(lines[0]).toContain('7 reads');
    expect(lines.at(-1)).toMatch(/^Not checked: autoscaling .*AWS does not allow this/);
  });
});
