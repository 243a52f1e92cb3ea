import {
  CloudWatchClient,
  type CloudWatchClientConfig,
  type MetricDataQuery,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import { ANSWER_WITHIN_MS, type TablePart } from './table-part.ts';

/** What a table or an index has served and refused in a while. */
export interface RecentCapacity {
  /** Reads and writes that were refused for lack of capacity: one request may be several. */
  readonly throttled: { readonly reads: number; readonly writes: number };
  /** When the last five minutes began in which anything was refused, in epoch milliseconds. */
  readonly lastThrottledAtMs?: number;
  /** Units a second in the busiest five minutes; absent where nothing is on record, which is not the same as zero. */
  readonly busiest: { readonly readUnitsPerSecond?: number; readonly writeUnitsPerSecond?: number };
}

/** As long as the unused capacity that DynamoDB keeps for a burst (Developer Guide, "Burst capacity"). */
const PERIOD_SECONDS = 300;

/** DynamoDB's own name for each (Developer Guide, "DynamoDB metrics and dimensions"). */
const METRICS = [
  'ReadThrottleEvents',
  'WriteThrottleEvents',
  'ConsumedReadCapacityUnits',
  'ConsumedWriteCapacityUnits',
] as const;

/** "A single GetMetricData call can include up to 500 MetricDataQuery structures" (CloudWatch API Reference). */
const QUERIES_MAX = 500;
const PARTS_MAX = Math.floor(QUERIES_MAX / METRICS.length);

/** The sums of periods, by when the period began in epoch milliseconds. */
type Sums = Map<number, number>;

/**
 * What CloudWatch has on record of the parts, in their order; undefined where it has nothing at all. DynamoDB writes no throttle
 * events where there were none, so their absence is none only beside consumption that is on record.
 *
 * @throws the SDK's errors, and an Error if CloudWatch cannot tell a metric whole.
 */
export async function readRecentCapacity(
  config: CloudWatchClientConfig,
  parts: readonly TablePart[],
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly (RecentCapacity | undefined)[]> {
  const client = new CloudWatchClient({ maxAttempts: 2, ...config });
  try {
    const found: (RecentCapacity | undefined)[] = [];
    for (let start = 0; start < parts.length; start += PARTS_MAX) {
      const some = parts.slice(start, start + PARTS_MAX);
      const sums = await readSums(client, some.flatMap(queriesOf), span);
      found.push(...some.map((_, at) => capacityOf(sums.slice(at * METRICS.length, (at + 1) * METRICS.length))));
    }
    return found;
  } finally {
    client.destroy();
  }
}

function queriesOf({ table, index }: TablePart): Omit<MetricDataQuery, 'Id'>[] {
  const Dimensions = [
    { Name: 'TableName', Value: table },
    ...(index === undefined ? [] : [{ Name: 'GlobalSecondaryIndexName', Value: index }]),
  ];
  return METRICS.map((MetricName) => ({
    MetricStat: { Metric: { Namespace: 'AWS/DynamoDB', MetricName, Dimensions }, Period: PERIOD_SECONDS, Stat: 'Sum' },
  }));
}

/** The sums of each query, in their order, over all pages. */
async function readSums(
  client: CloudWatchClient,
  queries: readonly Omit<MetricDataQuery, 'Id'>[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<Sums[]> {
  const periodMs = PERIOD_SECONDS * 1_000;
  const request = {
    MetricDataQueries: queries.map((query, at) => ({ ...query, Id: `m${at}` })),
    // Whole periods: CloudWatch would otherwise begin with a part of one.
    StartTime: new Date(Math.floor(fromMs / periodMs) * periodMs),
    EndTime: new Date(toMs),
  };
  const sums = queries.map((): Sums => new Map());
  const states = new Map<string, string>();
  const options = { abortSignal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, request, options)) {
    for (const { Id = '', StatusCode = '', Timestamps = [], Values = [] } of MetricDataResults) {
      states.set(Id, StatusCode);
      for (const [at, value] of Values.entries()) sums[Number(Id.slice(1))]?.set(Timestamps[at]?.getTime() ?? 0, value);
    }
  }
  const incomplete = queries.map((_, at) => states.get(`m${at}`)).find((state) => state !== 'Complete');
  if (incomplete !== undefined || states.size < queries.length) {
    throw new Error(`CloudWatch did not tell a metric whole: ${incomplete ?? 'no answer'}.`);
  }
  return sums;
}

function capacityOf([readsRefused, writesRefused, readUnits, writeUnits]: readonly Sums[]): RecentCapacity | undefined {
  const throttled = { reads: total(readsRefused), writes: total(writesRefused) };
  const refusedAt = [readsRefused, writesRefused].flatMap((sums) =>
    [...(sums ?? [])].filter(([, count]) => count > 0).map(([atMs]) => atMs),
  );
  const [reads, writes] = [busiest(readUnits), busiest(writeUnits)];
  if (refusedAt.length === 0 && reads === undefined && writes === undefined) return undefined;
  return {
    throttled,
    ...(refusedAt.length > 0 && { lastThrottledAtMs: Math.max(...refusedAt) }),
    busiest: {
      ...(reads !== undefined && { readUnitsPerSecond: reads }),
      ...(writes !== undefined && { writeUnitsPerSecond: writes }),
    },
  };
}

function total(sums: Sums = new Map()): number {
  return [...sums.values()].reduce((sum, value) => sum + value, 0);
}

function busiest(sums: Sums = new Map()): number | undefined {
  return sums.size === 0 ? undefined : Math.max(...sums.values()) / PERIOD_SECONDS;
}
