import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** The CloudWatch namespace of this product's metrics. */
export const METRIC_NAMESPACE = 'KpiMigration';

/** Their only dimension: the environment's name, because two environments may share an account. */
export const ENVIRONMENT_DIMENSION = 'Environment';

/**
 * The metrics of a function, written into its log in CloudWatch's embedded metric format. The cold start is not among
 * them: no alarm looks at it.
 *
 * @param environmentName as in cdk.json.
 */
export function functionMetrics(environmentName: string): Metrics {
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE });
  // Powertools adds a dimension `service` of its own. The alarms ask for the environment alone and would then see
  // nothing.
  metrics.clearDefaultDimensions();
  return metrics.setDefaultDimensions({ [ENVIRONMENT_DIMENSION]: environmentName });
}

/** Adds counts, by the metric's name. They are published when the handler ends (handler.ts). */
export function addCounts(metrics: Metrics, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) metrics.addMetric(name, MetricUnit.Count, count);
}
