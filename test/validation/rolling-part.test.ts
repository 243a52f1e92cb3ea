import { beforeAll, describe, expect, test } from 'vitest';
import type { ReadTable, ValidationReads } from '../../functions/tables/validation-reads.ts';
import { type PartOptions, type PartReport, validatePart } from '../../functions/validation/rolling.ts';
import { comparisonOptions } from './comparison.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

const KPIS = 50;
const content = richContent(KPIS);
let bench: ValidationBench;
/** What a part finds that nobody stops; nothing here changes the tables it is found in. */
let whole: PartReport;

beforeAll(async () => {
  bench = await ValidationBench.create();
  await bench.load(content);
  await bench.fill(content);
  for (const at of [3, 20, 49]) await bench.remove('kpiData', `actual-${at}`);
  const rows = await bench.options().reads.readItems('kpiData', ['reading-4']);
  for (const id of ['orphan-1', 'orphan-2', 'orphan-3']) {
    await bench.put('kpiData', { ...rows.get('reading-4'), id: { S: id }, kpi_link_id: { S: 'nowhere' } });
  }
  whole = await part({});
});

/** Stops before the scan or the read by key that comes at this place. */
function stoppedAt(place: { readonly scan: number; readonly of: ReadTable } | { readonly read: number }): {
  reads: ValidationReads;
  stop: AbortSignal;
} {
  const { reads } = bench.options();
  const stop = new AbortController();
  let seen = 0;
  const count = (counts: boolean, last: number) => {
    if (counts) seen += 1;
    if (seen >= last) stop.abort();
    stop.signal.throwIfAborted();
  };
  return {
    stop: stop.signal,
    reads: {
      ...reads,
      async scan(table, position) {
        count('of' in place && table === place.of, 'of' in place ? place.scan : Number.POSITIVE_INFINITY);
        return reads.scan(table, { ...position, limit: 40 });
      },
      async readItems(table, ids) {
        count('read' in place, 'read' in place ? place.read : Number.POSITIVE_INFINITY);
        return reads.readItems(table, ids);
      },
    },
  };
}

const part = (changes: Partial<PartOptions>): Promise<PartReport> =>
  validatePart({ ...comparisonOptions(bench.options().reads), part: 0, parts: 1, ...changes });

describe('a part that is stopped', () => {
  test.each([
    ['among its KPIs', { read: 720 }, 'kpis'],
    ['before the rows without a link', { scan: 1, of: 'kpiData' }, 'kpis'],
    ['among the rows without a link', { scan: 4, of: 'kpiData' }, 'rows'],
  ] as const)('%s tells what it has settled, and is gone on with from there', async (_name, place, stage) => {
    const first = await part(stoppedAt(place));
    expect(first.position?.stage).toBe(stage);
    const second = await part({ ...(first.position && { from: first.position }) });

    expect(second.position).toBeUndefined();
    expect(first.kpis + second.kpis).toBe(KPIS);
    expect(first.rowsCompared).toBeGreaterThan(0);
    const ids = (reports: readonly PartReport[]) => reports.flatMap(({ proven }) => proven.map(({ id }) => id)).sort();
    expect([...new Set(ids([first, second]))]).toEqual(ids([whole]));
    expect(ids([whole])).toHaveLength(6);
  });

  test('again and again comes to its end', async () => {
    let from: PartReport['position'];
    let kpis = 0;
    let calls = 0;
    do {
      const report = await part({ ...stoppedAt({ read: 720 }), ...(from && { from }) });
      kpis += report.kpis;
      from = report.position;
      calls += 1;
    } while (from);
    expect(kpis).toBe(KPIS);
    expect(calls).toBe(2);
  });

  test('before anything is settled is an error, as it would never come to its end', async () => {
    await expect(part(stoppedAt({ read: 1 }))).rejects.toMatchObject({
      code: 'PART_TOO_LARGE',
      nextStep: expect.stringContaining('rollingMaxReadUnitsPerSecond'),
    });
  });

  test('by an error of another kind is not taken for stopped', async () => {
    const failing = {
      ...bench.options().reads,
      readItems: () => Promise.reject(Object.assign(new Error('refused'), { name: 'AccessDeniedException' })),
    };
    await expect(part({ reads: failing })).rejects.toThrow('refused');
  });
});
