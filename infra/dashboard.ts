import { CfnOutput, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IAlarm,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { dashboardName, dashboardUrl } from './console-links.ts';
import { ownMetric } from './observability.ts';
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
    const streams = Object.entries(replicate);
    new CloudWatchDashboard(this, 'Page', {
      dashboardName: dashboardName(settings.name),
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
      value: dashboardUrl(settings.region, settings.name),
      description: 'What to look at during a cutover.',
    });
  }
}
