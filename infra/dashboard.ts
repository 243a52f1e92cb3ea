import { CfnOutput, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IAlarm,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ownMetric } from './observability.ts';
import { partitionOf } from './regions.ts';
import type { Settings } from './settings.ts';

export interface DashboardProps {
  readonly settings: Settings;
  readonly alarms: readonly IAlarm[];
  /** The functions that replicate, by source. */
  readonly replicate: Readonly<Record<string, IFunction>>;
}

/** One page to look at during a cutover: what is wrong, how far replication is behind, and what readers meet. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { settings, alarms, replicate }: DashboardProps) {
    super(scope, id);
    const dashboardName = `kpi-migration-${settings.name}`;
    const streams = Object.entries(replicate);
    new CloudWatchDashboard(this, 'Page', {
      dashboardName,
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 5 })],
        [
          new GraphWidget({
            title: 'Iterator age (ms)',
            left: streams.map(([label, target]) => target.metric('IteratorAge', { statistic: 'Maximum', label })),
            width: 12,
          }),
          new GraphWidget({
            title: 'Invocations of replication',
            left: streams.map(([label, target]) => target.metricInvocations({ label })),
            width: 12,
          }),
        ],
        [
          new GraphWidget({
            title: 'Standing validation',
            left: ['RowsDiffering', 'ItemsUnexamined', 'PartsUnfinished'].map((name) => ownMetric(name, settings)),
            width: 12,
          }),
          new GraphWidget({
            title: 'Reads',
            left: ['NewSideErrors', 'WrongAnswers'].map((name) => ownMetric(name, settings)),
            width: 12,
          }),
        ],
      ],
    });
    new CfnOutput(Stack.of(this), 'DashboardUrl', {
      value: dashboardUrl(settings.region, dashboardName),
      description: 'What to look at during a cutover.',
    });
  }
}

function dashboardUrl(region: string, name: string): string {
  return `https://${region}.${partitionOf(region)?.consoleHost}/cloudwatch/home?region=${region}#dashboards/dashboard/${name}`;
}
