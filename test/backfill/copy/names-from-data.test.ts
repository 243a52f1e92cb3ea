import { beforeEach, describe, expect, test } from 'vitest';
import { describeBackfill } from '../../../backfill/commands/backfill/describe-backfill.ts';
import { runBackfill } from '../../../backfill/copy/backfill.ts';
import { planBackfill } from '../../../backfill/copy/plan.ts';
import { readCheckpoints } from '../../../backfill/copy/run-state.ts';
import { NAMES_MAX } from '../../../backfill/copy/tally.ts';
import { jsonOf } from '../../../backfill/json.ts';
import { compareAll } from '../../../backfill/local/rehearsal/agreement.ts';
import type { Item } from '../../../functions/model/attribute-value.ts';
import { ODD_NAMES, ofNames, withNames } from '../../odd-names.ts';
import { ValidationBench } from '../../validation/engine-validation.ts';
import { backfillOptions, silent } from '../backfill-options.ts';
import { oldLink, oldRecord } from '../old-items.ts';

let bench: ValidationBench;

beforeEach(async () => {
  bench = await ValidationBench.create();
});

const plan = () =>
  planBackfill({
    old: bench.tables.old,
    heldRecords: 'hold',
    segments: 1,
    concurrency: 4,
    progress: silent,
    itemCountEstimates: {},
    stop: new AbortController().signal,
  });
const backfill = () => runBackfill(backfillOptions({ replication: bench.replication, data: bench.tables.data }));

async function expectAgreement(): Promise<void> {
  expect((await compareAll(bench.client, bench.names, 'hold')).disagreements).toEqual([]);
  const { report } = await bench.validate();
  expect(report).toMatchObject({ verdict: 'agree', reasons: [] });
}

describe('unknown attributes named like members of every object', () => {
  test.each([...ODD_NAMES.map((name) => [name]), [...ODD_NAMES]].map((given) => [given.join(' '), given]))(
    '%s: the item is copied and the name counted',
    async (_, given) => {
      const { value: __, ...malformed } = withNames(oldRecord('readings', 'malformed', 1, '3'), given);
      await bench.load({
        links: [withNames(oldLink('link', 1, '2024-01-01'), given)],
        readings: [
          withNames(oldRecord('readings', 'reading', 1, '1'), given),
          oldRecord('readings', 'plain', 1, '2'),
          malformed,
        ],
      });
      const planned = await plan();
      expect(planned.rows).toEqual({ kpiLinks: 1, kpiData: 2 });
      expect([...planned.quarantineReasons]).toEqual([['missing-attribute', 1]]);

      const report = await backfill();

      expect(report.state).toBe('finished');
      const counted = new Map([...given, 'nested'].map((name) => [name, 1]));
      const tallyOf = (wanted: string) => report.passes.find(({ pass }) => pass === wanted)?.tally;
      expect(tallyOf('readings')).toMatchObject({ scanned: 3, copied: 2, unknownAttributes: counted });
      expect(tallyOf('links')?.unknownAttributes).toEqual(counted);
      expect(planned.sources.readings.unknownAttributes).toEqual(counted);
      const { passes } = JSON.parse(jsonOf(report)) as { passes: { pass: string; tally: object }[] };
      const printed = passes.find(({ pass }) => pass === 'readings')?.tally as { unknownAttributes: object };
      expect(new Map(Object.entries(printed.unknownAttributes))).toEqual(counted);
      const told =
        describeBackfill(report, { region: 'us-east-1', backfill: {} as never }).find((line) =>
          line.startsWith('Unknown attributes'),
        ) ?? '';
      for (const name of given) expect(told).toContain(`${name} 2`);
      await expectAgreement();
    },
  );
});

test('ids, tenants and KPIs named like members of every object are like any other', async () => {
  const key = (name: string): Item => ({ tenant_id: { S: name }, kpi_id: { S: name } });
  await bench.load({
    links: ODD_NAMES.map((name) => ({ ...oldLink(name, 1, '2024-01-01'), ...key(name) })),
    milestones: ODD_NAMES.map((name) => ({ ...oldRecord('milestones', `${name}-1`, 1, '1'), ...key(name) })),
    readings: ODD_NAMES.map((name) => ({ ...oldRecord('readings', name, 1, '2'), ...key(name) })),
    kpis: ODD_NAMES.map((name) => ({ id: { S: name }, tenant_id: { S: name }, owner_id: { S: name } })),
    people: ODD_NAMES.map((name) => ({ id: { S: `p-${name}` }, tenant_id: { S: name }, linked_user_id: { S: name } })),
  });
  const planned = await plan();
  expect(planned.rows).toEqual({ kpiLinks: ODD_NAMES.length, kpiData: 2 * ODD_NAMES.length });
  expect((await backfill()).state).toBe('finished');
  await expectAgreement();
});

test('names without end: the run goes on, and its checkpoint holds no more than it has room for', async () => {
  const long = Array.from({ length: 300 }, (_, at) => `${at}-${'ü'.repeat(600)}`);
  const many = Array.from({ length: 60_000 }, (_, at) => `~${at.toString(36)}`);
  const yes = (): { BOOL: boolean } => ({ BOOL: true });
  await bench.load({
    links: [oldLink('link', 1, '2024-01-01')],
    actuals: [{ ...oldRecord('actuals', 'long', 1, '1'), ...ofNames(long, yes) }],
    readings: [{ ...oldRecord('readings', 'many', 1, '1'), ...ofNames(many, yes) }],
  });
  const report = await backfill();
  const tallyOf = (wanted: string) => report.passes.find(({ pass }) => pass === wanted)?.tally;
  expect(tallyOf('readings')).toMatchObject({ copied: 1, otherUnknownAttributes: many.length - NAMES_MAX });
  expect(tallyOf('actuals')?.unknownAttributes.size).toBe(NAMES_MAX);
  const stored = Math.max(...(await readCheckpoints(bench.tables.control)).map((each) => jsonOf(each).length));
  expect(stored).toBeLessThan(100_000);
  expect(describeBackfill(report, { region: 'us-east-1', backfill: {} as never }).join('\n')).toMatch(
    /Other unknown attributes: [\d,]+/,
  );
  await expectAgreement();
});
