import * as z from 'zod';
import { type Answer, type Exchange, parseBody } from '../appconfig/exchange.ts';
import { badRequest } from '../appconfig/service-error.ts';
import type { CapacityMinute, CapacityRecord } from '../throttles/capacity-record.ts';
import { resourceOf } from '../throttles/throttles.ts';

/** CloudWatch speaks AWS JSON 1.0 beside its query protocol; the SDK uses the former. */
export const METRICS_TARGET = 'GraniteServiceVersion20100801.GetMetricData';

const dimension = z.object({ Name: z.enum(['TableName', 'GlobalSecondaryIndexName']), Value: z.string() });

/** The metrics of a table that can be known here, each as the sum of a minute (Developer Guide, "DynamoDB metrics and dimensions"). */
const METRICS: Readonly<Record<string, (minute: CapacityMinute) => number>> = {
  ConsumedReadCapacityUnits: ({ units }) => units.read,
  ConsumedWriteCapacityUnits: ({ units }) => units.write,
  ReadThrottleEvents: ({ refused }) => refused.read,
  WriteThrottleEvents: ({ refused }) => refused.write,
};

const query = z.object({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/),
  MetricStat: z.object({
    Metric: z.object({
      Namespace: z.literal('AWS/DynamoDB'),
      MetricName: z.enum(Object.keys(METRICS)),
      Dimensions: z.array(dimension),
    }),
    Period: z.int().positive().multipleOf(60),
    Stat: z.literal('Sum'),
  }),
});

/** Instants are epoch seconds. "A single call can include as many as 500 MetricDataQuery structures" (CloudWatch API Reference). */
const body = z.object({
  MetricDataQueries: z.array(query).min(1).max(500),
  StartTime: z.number(),
  EndTime: z.number(),
});

/**
 * CloudWatch's GetMetricData for what tables served and refused; newest first, in one page. As on AWS a period in which nothing
 * happened has no value. Without a record nothing has any: who does not measure must not say zero.
 */
export function getMetricData(exchange: Exchange, record: CapacityRecord | undefined): Answer {
  const { MetricDataQueries: queries, StartTime: from, EndTime: to } = parseBody(exchange, body);
  if (to <= from) throw badRequest('The parameter StartTime must be less than the parameter EndTime.');
  const results = queries.map(({ Id, MetricStat: { Metric, Period } }) => {
    const [table, index] = ['TableName', 'GlobalSecondaryIndexName'].map(
      (name) => Metric.Dimensions.find((each) => each.Name === name)?.Value,
    );
    const minutes = table === undefined ? [] : (record?.minutesOf(resourceOf(table, index)) ?? []);
    const measure = METRICS[Metric.MetricName] ?? (() => 0);
    const sums = new Map<number, number>();
    for (const minute of minutes) {
      const atSeconds = Math.floor(minute.atMs / 1_000 / Period) * Period;
      const value = measure(minute);
      if (value > 0 && atSeconds >= from && atSeconds < to) sums.set(atSeconds, (sums.get(atSeconds) ?? 0) + value);
    }
    const newestFirst = [...sums].sort(([left], [right]) => right - left);
    return {
      Id,
      Label: Metric.MetricName,
      Timestamps: newestFirst.map(([atSeconds]) => atSeconds),
      Values: newestFirst.map(([, value]) => value),
      StatusCode: 'Complete',
    };
  });
  return { status: 200, body: { MetricDataResults: results, Messages: [] } };
}
