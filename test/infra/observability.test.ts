import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMetricsOf } from '../../functions/read/read-metrics.ts';
import { countsOf } from '../../functions/validation/rolling-state.ts';
import { PACKAGE_ROOT } from '../../infra/package-layout.ts';
import { ofType, type Resources, settingsWith, synthesise } from './synthesis.ts';

const RUNBOOK = readFileSync(join(PACKAGE_ROOT, 'runbook.md'), 'utf8');
const resources = synthesise(settingsWith());
const SOURCES = ['links', 'milestones', 'actuals', 'readings'];

function alarmsOf(all: Resources) {
  return Object.fromEntries(
    ofType(all, 'AWS::CloudWatch::Alarm').map(({ id, Properties }) => [
      id.replace(/^Observability/, '').replace(/[0-9A-F]{8}$/, ''),
      Properties,
    ]),
  );
}

/** Names of the alarms that take a rollout back, with those of the alarms that they are made of. */
function rollingBack(all: Resources): Record<string, string[]> {
  const [environment] = ofType(all, 'AWS::AppConfig::Environment');
  const nameOf = (id: string) => id.replace(/^Observability/, '').replace(/[0-9A-F]{8}$/, '');
  return Object.fromEntries(
    environment?.Properties.Monitors.map((monitor: { AlarmArn: { 'Fn::GetAtt': [string] } }) => {
      const [id] = monitor.AlarmArn['Fn::GetAtt'];
      const rule = JSON.stringify(all[id]?.Properties.AlarmRule ?? '');
      return [nameOf(id), [...rule.matchAll(/"Fn::GetAtt":\["(\w+)"/g)].map(([, part]) => nameOf(part ?? '')).sort()];
    }),
  );
}

describe('the alarms', () => {
  const alarms = alarmsOf(resources);

  test('that take a rollout back are five, of which two stand for all streams', () => {
    expect(rollingBack(resources)).toEqual({
      StreamsBehind: SOURCES.map((source) => `Behind${source}`).sort(),
      ChangesGivenUp: SOURCES.flatMap((source) => [`Kept${source}`, `Lost${source}`]).sort(),
      RowsDiffer: [],
      NewSideErrors: [],
      WrongAnswers: [],
    });
  });

  test('tell people, and are quiet where nothing happens', () => {
    const [topic] = ofType(resources, 'AWS::SNS::Topic');
    for (const alarm of Object.values(alarms)) {
      expect(alarm).toMatchObject({ AlarmActions: [{ Ref: topic?.id }] });
      expect(alarm.AlarmDescription).toMatch(/Next: kpi-migrate|Look into its log/);
    }
    const heedsSilence = Object.keys(alarms).filter((name) => alarms[name]?.TreatMissingData !== 'notBreaching');
    expect(heedsSilence).toEqual(['ValidationSilent']);
  });

  test('name the heading of the runbook that says what to do', () => {
    const headings = [...RUNBOOK.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    const all = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'].flatMap((type) =>
      ofType(resources, type),
    );
    expect(all.length).toBeGreaterThan(20);
    for (const { id, Properties } of all) {
      const [, heading] = /Runbook: "(.*)"\.$/.exec(Properties.AlarmDescription) ?? [];
      expect(headings, id).toContain(heading);
    }
  });

  test.each(SOURCES)('%s: look at the age, the errors and what was given up of the stream of the source', (source) => {
    const replicate = { Name: 'FunctionName', Value: { Ref: expect.stringContaining(`Replicate${source}`) } };
    const mapping = { Name: 'EventSourceMappingUUID', Value: { Ref: expect.stringContaining(`Stream${source}`) } };
    expect(alarms[`Behind${source}`]).toMatchObject({
      MetricName: 'IteratorAge',
      Statistic: 'Maximum',
      Threshold: 60_000,
      ComparisonOperator: 'GreaterThanThreshold',
      Dimensions: [replicate],
    });
    expect(alarms[`Replicate${source}Errors`]).toMatchObject({ MetricName: 'Errors', Dimensions: [replicate] });
    expect(alarms[`Kept${source}`]).toMatchObject({
      MetricName: 'OnFailureDestinationDeliveredEventCount',
      Threshold: 1,
      Dimensions: [mapping],
    });
    expect(alarms[`Lost${source}`]).toMatchObject({ MetricName: 'DroppedEventCount', Dimensions: [mapping] });
  });

  test('have their metrics counted by the event source mappings', () => {
    for (const { Properties } of ofType(resources, 'AWS::Lambda::EventSourceMapping')) {
      expect(Properties.MetricsConfig).toEqual({ Metrics: ['EventCount'] });
    }
  });

  test.each([
    [{ lagMaxSeconds: 120 }, 'Behindactuals', 120_000],
    [{ newSideErrorsMaxPerMinute: 3 }, 'NewSideErrors', 3],
  ])('stand where the settings put them: %j', (readFlag, name, threshold) => {
    expect(alarmsOf(synthesise(settingsWith({ readFlag })))[name]?.Threshold).toBe(threshold);
  });

  test('tell when the standing validation hardly ever comes to the end of a part', () => {
    expect(alarms.RoundsTooSlow).toMatchObject({
      MetricName: 'PartsUnfinished',
      Statistic: 'Average',
      Period: 21_600,
      Threshold: 0.5,
    });
  });

  test.each([
    [15, 1],
    [60, 4],
    [1_440, 96],
  ])(
    'tell when the standing validation, every %i minutes, counts nothing for %i hours',
    (rollingEveryMinutes, hours) => {
      const silent = alarmsOf(synthesise(settingsWith({ validation: { rollingEveryMinutes } }))).ValidationSilent;
      expect(silent).toMatchObject({
        MetricName: 'PartsUnfinished',
        Statistic: 'SampleCount',
        Period: 3_600,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        EvaluationPeriods: hours,
        DatapointsToAlarm: hours,
        TreatMissingData: 'breaching',
      });
      // CloudWatch refuses an alarm that looks back over more than seven days.
      expect(silent?.Period * silent?.EvaluationPeriods).toBeLessThanOrEqual(7 * 86_400);
    },
  );

  test('look at what the functions of their own environment count by themselves', () => {
    const report = {
      part: 0,
      parts: 1,
      kpis: 0,
      rowsCompared: 0,
      proven: [],
      inFlight: [],
      unexamined: [],
      unopened: 0,
    };
    const counted = [countsOf(report), readMetricsOf({})].flatMap((counts) => Object.keys(counts));
    expect(counted).toEqual(
      expect.arrayContaining(['RowsDiffering', 'ItemsUnexamined', 'NewSideErrors', 'WrongAnswers']),
    );
    const own = Object.values(alarms).filter(({ Namespace }) => Namespace === 'KpiMigration');
    expect(own.filter(({ MetricName }) => !counted.includes(MetricName))).toEqual([]);
    for (const name of ['RowsDiffer', 'ItemsUnexamined', 'NewSideErrors', 'WrongAnswers']) {
      expect(alarms[name]).toMatchObject({ Namespace: 'KpiMigration', Statistic: 'Sum' });
      expect(alarms[name]).toMatchObject({ Dimensions: [{ Name: 'Environment', Value: settingsWith().name }] });
    }
  });
});

describe('the topic', () => {
  test('is encrypted by a key that CloudWatch may use, for alarms of this account alone', () => {
    const [topic] = ofType(resources, 'AWS::SNS::Topic');
    const [key] = ofType(resources, 'AWS::KMS::Key');
    expect(topic?.Properties.KmsMasterKeyId).toEqual({ 'Fn::GetAtt': [key?.id, 'Arn'] });
    expect(key?.Properties).toMatchObject({ EnableKeyRotation: true });
    const ofCloudWatch = {
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
    };
    expect(key?.Properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({ ...ofCloudWatch, Action: ['kms:Decrypt', 'kms:GenerateDataKey*'] }),
    );
    const [policy] = ofType(resources, 'AWS::SNS::TopicPolicy');
    expect(policy?.Properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({ ...ofCloudWatch, Action: 'sns:Publish', Resource: { Ref: topic?.id } }),
    );
  });

  test('has the address of the settings, or none', () => {
    expect(ofType(resources, 'AWS::SNS::Subscription')).toEqual([]);
    const email = 'kpi-team@example.com';
    const [subscription] = ofType(synthesise(settingsWith({ alarms: { email } })), 'AWS::SNS::Subscription');
    expect(subscription?.Properties).toMatchObject({ Protocol: 'email', Endpoint: email });
  });
});
