import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, test } from 'vitest';
import { describeAlarms } from '../../backfill/commands/status/describe-status.ts';
import { type AlarmNow, readAlarms } from '../../functions/account/alarms.ts';

const SINCE = new Date('2026-01-01T00:00:00Z');

test('the alarms of a stack are read page by page, and those of a stack with a longer name left out', async () => {
  const cloudwatch = mockClient(CloudWatchClient);
  const alarm = (name: string, StateValue: 'OK' | 'ALARM') => ({
    ...{ AlarmName: `kpi-migration-dev-${name}`, StateValue },
    ...{ StateUpdatedTimestamp: SINCE, AlarmDescription: `About ${name}` },
  });
  const first = [
    alarm('ObservabilityBehindlinks1A2B3C4D-XYZ', 'ALARM'),
    alarm('eu-ObservabilityErrors1A2B3C4D-XYZ', 'ALARM'),
  ];
  cloudwatch
    .on(DescribeAlarmsCommand, { NextToken: undefined })
    .resolves({ MetricAlarms: first, NextToken: 'more' })
    .on(DescribeAlarmsCommand, { NextToken: 'more' })
    .resolves({ CompositeAlarms: [alarm('ObservabilityAll5E6F7A8B-ABC', 'OK')] });
  expect(await readAlarms({ region: 'us-east-1' }, 'kpi-migration-dev')).toEqual([
    { name: 'All', state: 'OK', since: SINCE.toISOString(), description: 'About ObservabilityAll5E6F7A8B-ABC' },
    { name: 'Behindlinks', state: 'ALARM', since: SINCE.toISOString(), description: expect.any(String) },
  ]);
  for (const call of cloudwatch.commandCalls(DescribeAlarmsCommand)) {
    // Without both types CloudWatch tells of metric alarms alone.
    expect(call.args[0].input.AlarmTypes).toEqual(['MetricAlarm', 'CompositeAlarm']);
  }
  cloudwatch.restore();
});

const on: AlarmNow = {
  name: 'RowsDiffer',
  state: 'ALARM',
  since: SINCE.toISOString(),
  description: 'Runbook: "Rows differ"',
};

test.each<[string, Parameters<typeof describeAlarms>[0], string]>([
  [
    'none on',
    [
      { name: 'A', state: 'OK' },
      { name: 'B', state: 'INSUFFICIENT_DATA' },
    ],
    'Alarms: none of 2 is on.',
  ],
  [
    'one on',
    [on, { name: 'A', state: 'OK' }],
    'Alarms: 1 of 2 on: RowsDiffer since 2026-01-01T00:00:00.000Z (Runbook: "Rows differ").',
  ],
  ['unknown', { unreadable: 'Not authorized.' }, 'Alarms: unknown. Not authorized.'],
])('alarms are told: %s', (_, alarms, told) => {
  expect(describeAlarms(alarms)).toBe(told);
});
