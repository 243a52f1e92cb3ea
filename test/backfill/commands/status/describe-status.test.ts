import { describe, expect, test } from 'vitest';
import { describeStatus } from '../../../../backfill/commands/status/describe-status.ts';
import { positionOf } from '../../../../backfill/commands/status/journey.ts';
import type { Status } from '../../../../backfill/commands/status/read-status.ts';
import { describeDuration } from '../../../../backfill/durations.ts';
import type { QuarantineEntry } from '../../../../functions/tables/control/quarantine-rows.ts';
import { dashboardUrl } from '../../../../infra/console-links.ts';
import { factsWith, LIMITS, NOW } from './journey-cases.ts';

const ENTRY: QuarantineEntry = {
  ...{ source: 'links', id: 'l1', quarantinedAt: NOW },
  reason: { code: 'wrong-type', message: 'It is a number.' },
};
const ACCEPTED: QuarantineEntry = { ...ENTRY, id: 'l2', accepted: { by: 'Ada', at: NOW } };

function statusOf(quarantine: readonly QuarantineEntry[]): Status {
  const facts = factsWith({});
  const { evidence, passes } = facts;
  if (evidence === undefined) throw new Error('The facts have evidence.');
  const lagMs = { ...evidence.lagMs, actuals: 65_000 };
  const control = {
    ...{ evidence: { ...evidence, lagMs }, passes, quarantine, unfinished: [], operations: [] },
    ...{ lease: undefined, rolling: undefined, watched: undefined, retirement: undefined },
  };
  return {
    ...{
      environment: 'production',
      at: NOW,
      findings: [],
      itemCounts: {},
      control,
      replication: undefined,
      flag: facts.flag,
    },
    position: positionOf(facts, LIMITS, Date.parse(NOW)),
    alarms: undefined,
    dashboardUrl: dashboardUrl('eu-west-1', 'production'),
  };
}

describe('the status', () => {
  test('tells the step, the lag, the last validation with its age, and the dashboard', () => {
    const text = describeStatus(statusOf([])).join('\n');
    expect(text).toMatch(/^preflight → .* → validate → \[shadow\] → new 1 % → .* → retire$/m);
    expect(text).toContain('Stream lag: links none, milestones none, actuals 1 min 5 s, readings none.');
    expect(text).toMatch(/^Last validation: agree, 10 rows, started 30 min ago \(/m);
    expect(text).toMatch(
      /^Dashboard: https:\/\/eu-west-1\.console\.aws\.amazon\.com\/.*#dashboards\/dashboard\/kpi-migration-production$/m,
    );
  });

  test.each([
    [59, 'links 59 min,'],
    [90, 'links 1 h 30 min, its oldest changes are lost in 22 h 30 min,'],
    [1_500, 'links 1 d 1 h, changes may be lost: run kpi-migrate reseed --table links when it has caught up,'],
  ])('counts down to the loss of what a stream holds that is %i minutes behind', (minutes, said) => {
    const status = statusOf([]);
    const { control } = status;
    const lagMs = { links: minutes * 60_000, milestones: 0, actuals: 0, readings: 0 };
    const behind = control && { ...control, evidence: { ...control.evidence, lagMs } };
    expect(describeStatus({ ...status, control: behind }).join('\n')).toContain(said);
  });

  test.each([
    ['nothing', [], 'In quarantine: links 0, milestones 0, actuals 0, readings 0, events 0.'],
    [
      'what blocks apart from what is accepted',
      [ENTRY, ACCEPTED],
      'links 2, milestones 0, actuals 0, readings 0, events 0. Accepted: 1; blocking the cutover: 1.',
    ],
    ['that nothing blocks where all is accepted', [ACCEPTED], 'Accepted: 1; blocking the cutover: 0.'],
  ])('tells %s in quarantine', (_name, entries, said) => {
    expect(describeStatus(statusOf(entries)).join('\n')).toContain(said);
  });
});

test.each([
  [0, '0 s'],
  [999, '1 s'],
  [59_999, '1 min'],
  [65_000, '1 min 5 s'],
  [3_600_000, '1 h'],
  [3_605_000, '1 h'],
  [90_000_000, '1 d 1 h'],
  [-5, '0 s'],
])('%d milliseconds are %s', (milliseconds, said) => {
  expect(describeDuration(milliseconds)).toBe(said);
});
