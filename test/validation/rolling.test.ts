import { beforeAll, describe, expect, test } from 'vitest';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import type { Finding } from '../../functions/validation/findings.ts';
import { type PartReport, validatePart } from '../../functions/validation/rolling.ts';
import { rollingHandler } from '../../functions/validation/rolling-handler.ts';
import { afterPart, countsOf, readRolling, writeRolling } from '../../functions/validation/rolling-state.ts';
import { comparisonOptions } from './comparison.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

const PARTS = 5;

describe('part by part', () => {
  let bench: ValidationBench;
  const content = richContent(10);

  beforeAll(async () => {
    bench = await ValidationBench.create();
    await bench.load(content);
    await bench.fill(content);
  });

  async function round(): Promise<PartReport[]> {
    const reads = dynamoValidationReads(bench.client, bench.names, async () => {});
    const reports: PartReport[] = [];
    for (let part = 0; part < PARTS; part += 1) {
      reports.push(await validatePart({ ...comparisonOptions(reads), part, parts: PARTS }));
    }
    return reports;
  }

  test('a round sees every KPI and every row once', async () => {
    const reports = await round();
    expect(reports.reduce((sum, { kpis }) => sum + kpis, 0)).toBe(10);
    expect(reports.reduce((sum, { rowsCompared }) => sum + rowsCompared, 0)).toBe(80);
    expect(reports.flatMap(({ proven }) => proven)).toEqual([]);
  });

  test('a round finds what is missing, different, surplus and under no link', async () => {
    const rows = await bench.options().reads.readItems('kpiData', ['actual-3', 'reading-4']);
    await bench.remove('kpiData', 'milestone-2');
    await bench.put('kpiData', { ...rows.get('actual-3'), id: { S: 'actual-3' }, post_value: { N: '8' } });
    await bench.put('kpiData', { ...rows.get('reading-4'), id: { S: 'strange' } });
    await bench.put('kpiData', { ...rows.get('reading-4'), id: { S: 'orphan' }, kpi_link_id: { S: 'nowhere' } });

    const found = (await round()).flatMap(({ proven }) => proven);

    const told = ({ id, kind, orphan }: Finding) => `${id} ${kind}${orphan ? ' orphan' : ''}`;
    expect(found.map(told).sort()).toEqual([
      'actual-3 different',
      'milestone-2 missing',
      'orphan extra orphan',
      'strange extra',
    ]);
  });
});

describe('the state of a round', () => {
  const report: PartReport = {
    part: 0,
    parts: 2,
    kpis: 1,
    rowsCompared: 8,
    proven: [],
    inFlight: [],
    unexamined: [],
    unopened: 0,
  };
  const finding = { table: 'kpiData', id: 'x' } as Finding;

  test('goes from part to part, and begins anew when the last one is done', async () => {
    const { tables } = await ValidationBench.create();
    const start = await readRolling(tables.control, 2, 'first');
    const half = afterPart(start, { ...report, proven: [finding] }, 'second');
    await writeRolling(tables.control, half);
    expect(await readRolling(tables.control, 2, 'third')).toMatchObject({ next: 1, rowsCompared: 8, rowsDiffering: 1 });
    expect(afterPart(half, { ...report, part: 1 }, 'third')).toEqual({
      parts: 2,
      next: 0,
      roundStartedAt: 'third',
      rowsCompared: 0,
      rowsDiffering: 0,
      lastRoundEndedAt: 'third',
      lastRoundDiffering: 1,
    });
  });

  test('goes on with a part that there was no time for, and counts what came of it', async () => {
    const { tables } = await ValidationBench.create();
    const position = { stage: 'rows', cursor: { id: { S: 'row' } } } as const;
    const early = afterPart(await readRolling(tables.control, 2, 'first'), { ...report, position }, 'second');
    await writeRolling(tables.control, early);
    const resumed = await readRolling(tables.control, 2, 'third');
    expect(resumed).toMatchObject({ next: 0, position, rowsCompared: 8 });
    const done = afterPart(resumed, report, 'fourth');
    expect(done).toMatchObject({ next: 1, rowsCompared: 16 });
    expect(done).not.toHaveProperty('position');
  });

  test('of another number of parts is not gone on with', async () => {
    const { tables } = await ValidationBench.create();
    await writeRolling(tables.control, afterPart(await readRolling(tables.control, 2, 'first'), report, 'second'));
    expect(await readRolling(tables.control, 3, 'third')).toMatchObject({ parts: 3, next: 0, roundStartedAt: 'third' });
  });

  test('is counted for the alarms', () => {
    expect(
      countsOf({ ...report, proven: [finding], unexamined: [{ name: 'milestones m1', code: 'ValidationException' }] }),
    ).toEqual({
      RowsCompared: 8,
      RowsDiffering: 1,
      RowsInFlight: 0,
      ItemsUnexamined: 1,
      PartsUnfinished: 0,
    });
  });
});

test('the function tells every mistake in its settings at once', () => {
  expect(() => rollingHandler({ ROLLING_PARTS: '0', HELD_RECORDS: 'keep' })).toThrow(
    /TABLE_NAMES[\s\S]*HELD_RECORDS[\s\S]*ROLLING_PARTS|HELD_RECORDS[\s\S]*ROLLING_PARTS[\s\S]*TABLE_NAMES/,
  );
});
