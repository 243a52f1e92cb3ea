import { expect, test } from 'vitest';
import { describeHeld, describePlan } from '../../../backfill/commands/backfill/describe-backfill.ts';
import { describeEntries } from '../../../backfill/commands/quarantine/describe-quarantine.ts';
import type { Plan } from '../../../backfill/copy/plan.ts';
import { EMPTY_TALLY } from '../../../backfill/copy/tally.ts';

const PLAN: Plan = {
  sources: { links: EMPTY_TALLY, milestones: EMPTY_TALLY, actuals: EMPTY_TALLY, readings: EMPTY_TALLY },
  quarantineReasons: new Map(),
  rows: { kpiLinks: 10, kpiData: 500_000 },
  heldKpis: [],
  heldRecords: [],
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

test('the held list has a line for each record, with what it takes to find it, or says that there is none', () => {
  expect(describeHeld({ heldKpis: [], heldRecords: [] })).toEqual([expect.stringContaining('No records are held')]);
  const records = { milestones: 1, actuals: 0, readings: 299 };
  const heldKpis = [{ tenantId: 'acme', kpiId: 'margin', records }];
  const reading = { tenantId: 'acme', kpiId: 'margin', source: 'readings' as const };
  const heldRecords = [
    { ...reading, source: 'milestones' as const, id: 'm1', date: '2026-01-31' },
    ...Array.from({ length: 299 }, (_, at) => ({ ...reading, id: `r${at}` })),
  ];
  const lines = describeHeld({ heldKpis, heldRecords });
  expect(lines[1]).toMatch(/^acme +margin +milestones +m1 +2026-01-31$/);
  expect(lines[2]).toMatch(/^acme +margin +readings +r0 +–$/);
  expect(lines.slice(-3)).toEqual([
    '… and 100 more: kpi-migrate held list --json',
    'Held: 300 records of 1 KPIs.',
    expect.stringContaining('Link the KPI'),
  ]);
});

test('quarantine list says whose each item is, of when, and what is not known of it', () => {
  const reason = { code: 'wrong-type' as const, attribute: 'value', message: 'm' };
  const quarantinedAt = '2026-02-01T00:00:00.000Z';
  const entry = { reason, quarantinedAt };
  const lines = describeEntries([
    { ...entry, source: 'readings', id: 'r1', tenantId: 'acme', kpiId: 'margin', date: '2026-01-31' },
    { ...entry, source: 'events', id: 'e1', accepted: { by: 'Ada', at: quarantinedAt } },
  ]);
  expect(lines[1]).toMatch(/^readings r1 +wrong-type +value +acme +margin +2026-01-31 +2026-02-01T00:00:00.000Z$/);
  expect(lines[2]).toMatch(/^events e1 +wrong-type +value +– +– +– +2026-02-01\S+ +accepted by Ada$/);
});
