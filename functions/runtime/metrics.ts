/** Where the metrics of this product are in CloudWatch. */
export const METRIC_NAMESPACE = 'KpiMigration';

/** The one dimension that they bear: the environment's name, since two environments may share an account. */
export const ENVIRONMENT_DIMENSION = 'Environment';

/**
 * Counts as CloudWatch's embedded metric format has them ("Specification: Embedded metric format"): one line of a function's log is
 * as many metrics. Pure.
 *
 * @param environmentName as in cdk.json.
 * @param counts by the metric's name.
 */
export function embeddedMetrics(
  environmentName: string,
  counts: Readonly<Record<string, number>>,
  nowMs: number,
): Record<string, unknown> {
  return {
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[ENVIRONMENT_DIMENSION]],
          Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    [ENVIRONMENT_DIMENSION]: environmentName,
    ...counts,
  };
}
