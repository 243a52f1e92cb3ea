import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SOURCES, type Source } from '../functions/migration/sources.ts';
import { ENVIRONMENT_DIMENSION, METRIC_NAMESPACE } from '../functions/runtime/metrics.ts';
import { alarmTopic } from './alarm-topic.ts';
import type { Settings } from './settings.ts';
import type { StreamSync } from './stream-sync.ts';

export interface ObservabilityProps {
  readonly settings: Settings;
  readonly sync: StreamSync;
}

/** What an alarm looks at and when it goes off: at so much, in so many of the last so many minutes. */
interface Watched {
  readonly metric: Metric;
  readonly threshold: number;
  readonly comparison?: ComparisonOperator;
  readonly datapoints?: number;
  readonly periods?: number;
  /** What a period without any measurement is taken for: by default nothing happened in it, and nothing is wrong. */
  readonly missing?: TreatMissingData;
  readonly description: string;
  /** The heading of runbook.md that says what to do. */
  readonly heading: Heading;
}

/** The headings of runbook.md, under "What if". */
type Heading = 'Replication' | 'Validation' | 'Reads and the flag';

function withHeading(description: string, heading: Heading): string {
  return `${description} Runbook: "${heading}".`;
}

/** How long a difference of the standing validation keeps a rollout from beginning: two of its rounds by default. */
const DIFFERENCE_REMEMBERED_MINUTES = 30;

/**
 * Alarms, and where people are told of them. The metrics that come from the logs of the functions (functions/runtime/metrics.ts)
 * bear the environment's name and not the function's: the readers of the flag and the flag itself would otherwise need one another
 * to be made.
 */
export class Observability extends Construct {
  /** Those that take back a rollout of the read flag; AppConfig takes five at most. */
  readonly rollbackAlarms: readonly IAlarm[];
  private readonly plainAlarms: Alarm[] = [];
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, { settings, sync }: ObservabilityProps) {
    super(scope, id);
    this.action = new SnsAction(alarmTopic(this, settings));
    const streams = SOURCES.map((source) => this.streamAlarms(source, settings, sync));
    this.alarm('RoundsTooSlow', {
      metric: ownMetric('PartsUnfinished', settings).with({ statistic: 'Average', period: SLOWNESS_PERIOD }),
      threshold: 0.5,
      description:
        'Half of the invocations of the standing validation run out of time: a round takes twice as long. Raise validation.rollingParts. Next: kpi-migrate validate',
      heading: 'Validation',
    });
    this.alarm('ItemsUnexamined', {
      metric: ownMetric('ItemsUnexamined', settings),
      threshold: 1,
      periods: DIFFERENCE_REMEMBERED_MINUTES,
      description:
        'The standing validation could not compare some items; its log names them. Next: kpi-migrate validate',
      heading: 'Validation',
    });
    const silentHours = Math.ceil((INVOCATIONS_MISSED * settings.validation.rollingEveryMinutes) / 60);
    this.alarm('ValidationSilent', {
      metric: ownMetric('PartsUnfinished', settings).with({ statistic: 'SampleCount', period: HOUR }),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      datapoints: silentHours,
      periods: silentHours,
      missing: TreatMissingData.BREACHING,
      description:
        'The standing validation compares nothing: look at its schedule, its concurrency and its log. Next: kpi-migrate validate',
      heading: 'Validation',
    });
    const heartbeat = { behind: this.heartbeatAlarms(settings) };
    this.rollbackAlarms = [
      this.anyOf(
        'StreamsBehind',
        'A stream is further behind than the new side may be, or nobody knows.',
        [...streams, heartbeat],
        'behind',
      ),
      this.anyOf('ChangesGivenUp', 'Changes were given up: they are in the bucket, or lost.', streams, 'givenUp'),
      this.alarm('RowsDiffer', {
        metric: ownMetric('RowsDiffering', settings),
        threshold: 1,
        periods: DIFFERENCE_REMEMBERED_MINUTES,
        description: 'The standing validation has found rows that differ. Next: kpi-migrate validate',
        heading: 'Validation',
      }),
      this.alarm('NewSideErrors', {
        metric: ownMetric('NewSideErrors', settings),
        threshold: settings.readFlag.newSideErrorsMaxPerMinute,
        comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
        description: 'The new side fails or is too slow; the old one answers instead. Next: kpi-migrate fallback',
        heading: 'Reads and the flag',
      }),
      this.alarm('WrongAnswers', {
        metric: ownMetric('WrongAnswers', settings),
        threshold: 1,
        description: 'The new side has answered wrongly. Next: kpi-migrate fallback',
        heading: 'Reads and the flag',
      }),
    ];
  }

  /** All alarms that tell people. */
  get alarms(): readonly IAlarm[] {
    return this.plainAlarms;
  }

  /** Tells people when a function throws. */
  tellOfErrors(id: string, target: IFunction, heading: Heading): void {
    this.alarm(`${id}Errors`, {
      metric: target.metricErrors({ period: MINUTE }),
      threshold: 1,
      datapoints: 3,
      periods: 5,
      description: `${id} keeps failing. Look into its log.`,
      heading,
    });
  }

  /** What the heartbeat finds. If it stops coming, nobody knows whether anything is replicated: that counts as the worst. */
  private heartbeatAlarms(settings: Settings): Alarm[] {
    const inTwoOfThree = { datapoints: 2, periods: 3, missing: TreatMissingData.BREACHING };
    return [
      this.alarm('ReplicationStopped', {
        metric: ownMetric('ReplicationProblems', settings),
        threshold: 1,
        ...inTwoOfThree,
        description:
          'A stream or its event source mapping delivers nothing, or the heartbeat has stopped. Next: kpi-migrate preflight',
        heading: 'Replication',
      }),
      this.alarm('ChangesUnreplicated', {
        metric: ownMetric('UnreplicatedSeconds', settings).with({ statistic: 'Maximum' }),
        threshold: settings.readFlag.lagMaxSeconds,
        comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
        ...inTwoOfThree,
        description: 'A change of an old table is not replicated in time. Next: kpi-migrate status',
        heading: 'Replication',
      }),
    ];
  }

  private streamAlarms(source: Source, { readFlag }: Settings, sync: StreamSync) {
    const { replicate, mappingId } = sync.streams[source];
    this.tellOfErrors(`Replicate-${source}`, replicate, 'Replication');
    this.alarm(`Throttled-${source}`, {
      metric: replicate.metricThrottles({ period: MINUTE }),
      threshold: 1,
      datapoints: 3,
      periods: 5,
      description: `Lambda throttles the replication of ${source}: raise the concurrency. Next: kpi-migrate status`,
      heading: 'Replication',
    });
    const ofMapping = (metricName: string) =>
      new Metric({
        namespace: 'AWS/Lambda',
        metricName,
        dimensionsMap: { EventSourceMappingUUID: mappingId },
        statistic: 'Sum',
        period: MINUTE,
      });
    return {
      behind: [
        this.alarm(`Behind-${source}`, {
          metric: replicate.metric('IteratorAge', { statistic: 'Maximum', period: MINUTE }),
          threshold: readFlag.lagMaxSeconds * 1_000,
          comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
          datapoints: 2,
          periods: 3,
          description: `The stream of ${source} is behind. Next: kpi-migrate status`,
          heading: 'Replication',
        }),
      ],
      givenUp: [
        this.alarm(`Kept-${source}`, {
          metric: ofMapping('OnFailureDestinationDeliveredEventCount'),
          threshold: 1,
          description: `Changes of ${source} were given up and kept in the bucket. Next: kpi-migrate quarantine replay`,
          heading: 'Replication',
        }),
        this.alarm(`Lost-${source}`, {
          metric: ofMapping('DroppedEventCount'),
          threshold: 1,
          description: `Changes of ${source} were given up and kept nowhere. Next: kpi-migrate repair`,
          heading: 'Replication',
        }),
      ],
    };
  }

  private alarm(id: string, watched: Watched): Alarm {
    const alarm = new Alarm(this, id, {
      metric: watched.metric,
      threshold: watched.threshold,
      comparisonOperator: watched.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: watched.datapoints ?? 1,
      evaluationPeriods: watched.periods ?? 1,
      treatMissingData: watched.missing ?? TreatMissingData.NOT_BREACHING,
      alarmDescription: withHeading(watched.description, watched.heading),
    });
    alarm.addAlarmAction(this.action);
    this.plainAlarms.push(alarm);
    return alarm;
  }

  /** One of the five for many; people are told by those that it is made of. */
  private anyOf<Kind extends string>(
    id: string,
    description: string,
    streams: readonly Readonly<Record<Kind, readonly IAlarm[]>>[],
    kind: Kind,
  ): CompositeAlarm {
    const alarms = streams.flatMap((stream) => stream[kind]);
    const alarmDescription = withHeading(description, 'Replication');
    const rules = alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM));
    return new CompositeAlarm(this, id, { alarmDescription, alarmRule: AlarmRule.anyOf(...rules) });
  }
}

const MINUTE = Duration.minutes(1);
const HOUR = Duration.hours(1);

/** Invocations of the standing validation that have to be missed until it counts as silent. CloudWatch looks back over seven days at most. */
const INVOCATIONS_MISSED = 4;

/** One part that is too large for an invocation is no matter; many are. */
const SLOWNESS_PERIOD = Duration.hours(6);

/** A metric that a function writes into its log (functions/runtime/metrics.ts). */
export function ownMetric(metricName: string, { name }: Settings): Metric {
  const dimensionsMap = { [ENVIRONMENT_DIMENSION]: name };
  return new Metric({ namespace: METRIC_NAMESPACE, metricName, dimensionsMap, statistic: 'Sum', period: MINUTE });
}
