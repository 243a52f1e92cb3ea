import { expect, test } from 'vitest';
import { describeHeld, describePlan } from '../../../backfill/commands/backfill/describe-backfill.ts';
import type { Plan } from '../../../backfill/copy/plan.ts';
import { EMPTY_TALLY } from '../../../backfill/copy/tally.ts';

const PLAN: Plan = {
  sources: { links: EMPTY_TALLY, milestones: EMPTY_TALLY, actuals: EMPTY_TALLY, readings: EMPTY_TALLY },
  quarantineReasons: new Map(),
  rows: { kpiLinks: 10, kpiData: 500_000 },
  heldKpis: [],
  dataWriteUnits: 2_000_000,
};
const settings = { segments: 4, leaseSeconds: 60, lateWriteSeconds: 960 };

test.each([
  ['nothing, where the settings have no ceiling and no price', {}, []],
  [
    'the time that a ceiling leaves',
    { maxWriteUnitsPerSecond: 1_000 },
    [/^At 1,000 write units per second: at least 34 minutes/],
  ],
  ['what it costs at a price', { usdPerMillionWriteUnits: 0.625 }, [/: 1\.25 USD\.$/]],
])('a plan tells %s', (_name, more, expected) => {
  const lines = describePlan(PLAN, { ...settings, ...more });
  expect(lines.filter((line) => line.startsWith('At '))).toEqual(expected.map((line) => expect.stringMatching(line)));
});

test('the held list has a line a KPI, or says that there is none', () => {
  expect(describeHeld([])).toEqual([expect.stringContaining('No records are held')]);
  const records = { milestones: 1, actuals: 0, readings: 2_000 };
  expect(describeHeld([{ tenantId: 'acme', kpiId: 'margin', records }])[1]).toMatch(/^acme margin +1 +0 +2,000$/);
});
