import { describe, expect, test } from 'vitest';
import type { Disagreement } from '../../backfill/local/rehearsal/agreement.ts';
import { expectedRows } from '../../functions/migration/expected.ts';
import { sharedSynthesis } from '../shared-synthesis.ts';
import { type CrashRunReport, crashRun, isEqual } from './crash-run.ts';
import { describeDifference, describeRuns } from './report.ts';
import { planRun } from './run-plan.ts';

const EQUAL: CrashRunReport = {
  seed: 7,
  writes: 100,
  events: 98,
  functions: { killed: 3, stopped: 1, lost: 2 },
  backfillKills: 2,
  backfillStops: 3,
  seconds: 20,
  rowsCompared: 1_200,
  disagreements: [],
  undelivered: 0,
  denied: [],
  spoiltRowSeen: true,
};
const DIFFERS: Disagreement = {
  table: 'kpiData',
  id: 'row',
  differences: [{ attribute: 'post_value', kind: 'missing' }],
};

describe('a run on the real engine', () => {
  test('ends equal with functions and backfill killed at random, and sees a row that was spoilt behind its back', async () => {
    const plan = planRun(2, { writesMost: 60, backfillKillsMost: 1, recordsOfTableMost: 12 });
    const synthesised = await sharedSynthesis();
    expect(plan.heldRecords).toBe(synthesised.settings.heldRecords);
    const report = await crashRun({
      plan,
      synthesised,
      nowMs: Date.now,
      keep: async () => {},
    });
    expect(report).toMatchObject({ disagreements: [], undelivered: 0, denied: [], spoiltRowSeen: true });
    expect(isEqual(report)).toBe(true);
    const { functions, backfillKills, backfillStops } = report;
    const blows = [functions.killed, functions.stopped, functions.lost, backfillKills, backfillStops];
    expect(Math.max(...blows)).toBeGreaterThan(0);
    expect(report.rowsCompared).toBeGreaterThan(50);
  });
});

describe('a report', () => {
  test('counts a run as equal only where nothing differs, nothing was given up and the comparison could fail', () => {
    const other: readonly Partial<CrashRunReport>[] = [
      { disagreements: [DIFFERS] },
      { undelivered: 1 },
      { denied: ['Replicate GetItem links'] },
      { spoiltRowSeen: false },
    ];
    expect(other.map((change) => isEqual({ ...EQUAL, ...change }))).toEqual([false, false, false, false]);
    expect(isEqual(EQUAL)).toBe(true);
  });

  test('tells each run and the sums', () => {
    const lines = describeRuns([EQUAL, { ...EQUAL, seed: 8, undelivered: 1 }]).map((line) => line.split(/ {2,}/));
    expect(lines[1]).toEqual([
      '7',
      '100',
      '98',
      '3',
      '1',
      '2',
      '2',
      '3',
      '20',
      '1,200',
      '0',
      '0',
      '0',
      'seen',
      'equal',
    ]);
    expect(lines[2]?.at(-1)).toBe('DIFFERENT');
    expect(lines[3]).toEqual([
      'all',
      '200',
      '196',
      '6',
      '2',
      '4',
      '4',
      '6',
      '40',
      '2,400',
      '0',
      '1',
      '0',
      '2 seen',
      '1 equal',
    ]);
  });

  test('tells what differs, where it is kept, and the command for the same draws', () => {
    const report = { ...EQUAL, disagreements: [DIFFERS] };
    const text = describeDifference(report, '/kept', 'npm run again').join('\n');
    expect(text).toContain('kpiData row: post_value missing');
    expect(text).toContain('/kept');
    expect(text).toContain('npm run again');
  });
});

describe('what is drawn', () => {
  const limits = { writesMost: 400, backfillKillsMost: 3, recordsOfTableMost: 50 };
  const seeds = Array.from({ length: 30 }, (_, at) => at + 1);

  test('is the same for the same seed, and stops the backfill in every pass for some', () => {
    const drawn = (seed: number) => JSON.stringify(planRun(seed, limits));
    expect(drawn(5)).toBe(drawn(5));
    expect(drawn(5)).not.toBe(drawn(6));
    const passes = new Set(
      seeds.flatMap((seed) => planRun(seed, limits).backfill.flatMap(({ stop }) => stop?.pass ?? [])),
    );
    expect([...passes].sort()).toEqual(['actuals', 'links', 'milestones', 'readings', 'sweep-kpis', 'sweep-records']);
  });

  test.each(seeds.slice(0, 5))(
    'content %i has held, malformed and colliding records, and KPIs with several links',
    (seed) => {
      const { content } = planRun(seed, limits);
      const expected = expectedRows(content, 'hold');
      expect(expected.held.length).toBeGreaterThan(0);
      expect(new Set(expected.quarantined.map(({ reason }) => reason.code)).size).toBeGreaterThan(1);
      expect(expected.quarantined.some(({ reason }) => reason.code === 'id-collision')).toBe(true);
      expect(expected.kpiData.size).toBeGreaterThan(content.milestones.length + content.actuals.length);
    },
  );
});
