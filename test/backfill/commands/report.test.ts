import { expect, test } from 'vitest';
import { describeBackfill, describeHeld, describePlan } from '../../../backfill/commands/backfill/describe-backfill.ts';
import { describeEntries } from '../../../backfill/commands/quarantine/describe-quarantine.ts';
import type { Plan } from '../../../backfill/copy/plan.ts';
import { EMPTY_TALLY } from '../../../backfill/copy/tally.ts';
import { describeMoney, writePriceOf } from '../../../backfill/prices.ts';

const PLAN: Plan = {
  sources: { links: EMPTY_TALLY, milestones: EMPTY_TALLY, actuals: EMPTY_TALLY, readings: EMPTY_TALLY },
  quarantineReasons: new Map(),
  rows: { kpiLinks: 10, kpiData: 500_000 },
  heldKpis: [],
  heldRecords: [],
  dataWriteUnits: 2_000_000,
};
const backfill = { segments: 4, leaseSeconds: 60, lateWriteSeconds: 960 };

test.each([
  [
    'the dated price of its region, and the pace of a new table',
    { region: 'us-east-1' },
    {},
    [
      'Time: at least 9 minutes at 4,000 write units a second, which a new on-demand table takes at first (no ceiling is set), on one machine or on Step Functions.',
      'Money: 1.25 USD at 0.625 USD a million write units (us-east-1, 2026-11-23).',
    ],
  ],
  [
    'its own ceiling and price',
    { region: 'us-east-1' },
    { maxWriteUnitsPerSecond: 1_000, usdPerMillionWriteUnits: 2 },
    [
      'Time: at least 34 minutes at 1,000 write units a second, on one machine or on Step Functions.',
      'Money: 4.00 USD at 2 USD a million write units (cdk.json).',
    ],
  ],
  [
    'what one machine takes where the table takes more',
    { region: 'eu-north-1' },
    { maxWriteUnitsPerSecond: 40_000 },
    [
      'Time: at least 2 minutes on one machine, which copies 7,000 rows a second at most; a minute or less on Step Functions, at 40,000 write units a second.',
      expect.stringMatching(/^Money: /),
    ],
  ],
  [
    'that it takes longer than a stream keeps changes',
    { region: 'eu-north-1' },
    { maxWriteUnitsPerSecond: 20 },
    [expect.stringMatching(/24 hours.*status --watch/), expect.stringMatching(/^Money: /)],
  ],
  [
    'no price where none is known',
    { region: 'eu-north-1' },
    {},
    [
      expect.stringMatching(/^Time: /),
      'Money: no price is known for eu-north-1: set backfill.usdPerMillionWriteUnits in cdk.json.',
    ],
  ],
])('a plan tells time and money: %s', (_name, region, more, expected) => {
  expect(describePlan(PLAN, { ...region, backfill: { ...backfill, ...more } }).slice(-2)).toEqual(expected);
});

test('a backfill tells the write units and the money that it has used, over all passes', () => {
  const tally = { ...EMPTY_TALLY, dataWriteUnits: 1_000_000 };
  const passes = (['milestones', 'actuals'] as const).map((pass) => ({ pass, done: true, tally }));
  const report = { runId: 'r', state: 'stopped' as const, passes, unfinished: [] };
  const lines = describeBackfill(report, { region: 'ap-northeast-1', backfill });
  expect(lines).toContain(
    'Used so far: about 2,000,000 write units, as `plan` counts them: 1.43 USD at 0.715 USD a million write units (ap-northeast-1, 2026-09-23).',
  );
});

test.each(['constructor', '__proto__', 'us-gov-west-1', ''])('no price is guessed for %j', (region) => {
  expect(writePriceOf({ region, backfill })).toBeUndefined();
});

test.each([
  [0, '0.00 USD'],
  [1, 'less than 0.01 USD'],
  [16_000_000, '10.00 USD'],
])('%i write units cost %s', (units, told) => {
  expect(describeMoney(units, { region: 'us-east-1', backfill })).toMatch(new RegExp(`^${told} at `));
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
    'Held: 300 records of 1 KPI.',
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
