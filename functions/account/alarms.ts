import { CloudWatchClient, type CloudWatchClientConfig, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';

/** An alarm of a stack, as CloudWatch last evaluated it. */
export interface AlarmNow {
  readonly name: string;
  readonly state: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
  /** ISO 8601. */
  readonly since?: string;
  /** What the stack says of it, the heading of the runbook included. */
  readonly description?: string;
}

/**
 * The alarms of a stack, composite ones included. CloudFormation names what has no name of its own
 * `STACK-LOGICALID-SUFFIX`, and both parts are letters and digits: so the alarms of a stack whose name only begins the same
 * are told apart (CloudFormation User Guide, "Resource identifiers").
 *
 * "You can't return information about composite alarms if your cloudwatch:DescribeAlarms permission has a narrower scope"
 * than `*` (CloudWatch API Reference, DescribeAlarms).
 *
 * @throws the SDK's errors.
 */
export async function readAlarms(config: CloudWatchClientConfig, stackName: string): Promise<AlarmNow[]> {
  const client = new CloudWatchClient({ maxAttempts: 2, ...config });
  const prefix = `${stackName}-`;
  const alarms: AlarmNow[] = [];
  try {
    const query = { AlarmNamePrefix: prefix, AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const] };
    for await (const { MetricAlarms = [], CompositeAlarms = [] } of paginateDescribeAlarms({ client }, query)) {
      for (const alarm of [...MetricAlarms, ...CompositeAlarms]) {
        const { AlarmName = '', StateValue = 'INSUFFICIENT_DATA', StateUpdatedTimestamp, AlarmDescription } = alarm;
        if (!/^[A-Za-z0-9]+-[A-Za-z0-9]+$/.test(AlarmName.slice(prefix.length))) continue;
        alarms.push({
          ...{ name: nameOf(AlarmName.slice(prefix.length)), state: StateValue },
          ...(StateUpdatedTimestamp && { since: StateUpdatedTimestamp.toISOString() }),
          ...(AlarmDescription !== undefined && { description: AlarmDescription }),
        });
      }
    }
    return alarms.sort((left, right) => (left.name < right.name ? -1 : 1));
  } finally {
    client.destroy();
  }
}

/** The construct of the alarm, without CDK's digest and CloudFormation's suffix. */
function nameOf(rest: string): string {
  const [logicalId = ''] = rest.split('-');
  return logicalId.replace(/[0-9A-F]{8}$/, '').replace(/^Observability/, '');
}
