import { beforeEach, describe, expect, test } from 'vitest';
import { latestReport, VALIDATION_PARTITION } from '../../functions/tables/control/validation-report.ts';
import type { ValidationReads } from '../../functions/tables/validation-reads.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import type { ValidationOptions } from '../../functions/validation/validate.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

let bench: ValidationBench;
let pages: Map<string, number>;

beforeEach(async () => {
  bench = await ValidationBench.migrated(richContent(6));
  await bench.remove('kpiData', 'actual-3');
  pages = new Map();
});

/** The reads, with the pages of each table's scan counted, and `before` called at each read by key. */
function reading(before: () => void = () => {}): ValidationReads {
  const { reads } = bench.options();
  return {
    ...reads,
    scan(table, position) {
      pages.set(table, (pages.get(table) ?? 0) + 1);
      return reads.scan(table, position);
    },
    readItems(table, ids) {
      before();
      return reads.readItems(table, ids);
    },
  };
}

function killed(): never {
  // The connection of a process that dies goes with it: no failure of an item.
  throw Object.assign(new Error('killed'), { name: 'AbortError' });
}

/** A stop, as Ctrl-C asks for it, in place of a kill. */
function stopping(at: (stop: () => void) => Partial<ValidationOptions>): Partial<ValidationOptions> {
  const stop = new AbortController();
  return { stop: stop.signal, ...at(() => stop.abort()) };
}

/** The control table, with a write refused whose sort key begins so. */
function controlWithout(prefix: string): Partial<ValidationOptions> {
  const { control } = bench.options();
  const put: typeof control.put = async (partition, sort, value) => {
    if (sort.startsWith(prefix)) killed();
    return control.put(partition, sort, value);
  };
  return { control: { ...control, put } };
}

describe('a validation that is interrupted', () => {
  test.each<[string, () => Partial<ValidationOptions>]>([
    ['killed while it opens what differs', () => ({ reads: reading(killed) })],
    ['stopped while it opens what differs', () => stopping((stop) => ({ reads: reading(stop) }))],
    ['killed between two looks', () => ({ sleep: async () => killed() })],
    ['stopped between two looks', () => stopping((stop) => ({ sleep: async () => stop() }))],
    ['killed while it proves itself', () => ({ prove: async () => killed() })],
    [
      'stopped while it proves itself',
      () =>
        stopping((stop) => ({
          prove(...given) {
            stop();
            return proveItself(...given);
          },
        })),
    ],
    ['killed while it keeps its report', () => controlWithout('report#')],
    ['killed before its report is the latest', () => controlWithout('report#latest')],
  ])('%s goes on to the verdict without a scan of records anew', async (_name, interruption) => {
    const options = interruption();
    await expect(bench.validate({ reads: reading(), ...options })).rejects.toThrow(/killed|abort/i);
    expect(await latestReport(bench.tables.control)).toBeUndefined();
    expect(pages.get('kpiData')).toBeGreaterThan(0);
    pages.clear();

    const { report, comparison } = await bench.validate({ reads: reading(), prove: proveItself });

    expect(pages.has('kpiData') || pages.has('kpiActuals')).toBe(false);
    expect(report).toMatchObject({ verdict: 'disagree', counts: { expected: 48, found: 47, missing: 1 } });
    expect(comparison.proven.map(({ id }) => id)).toEqual(['actual-3']);
    expect(await latestReport(bench.tables.control)).toMatchObject({ verdict: 'disagree', runId: report.runId });
  });

  test('killed before it forgets its checkpoint has kept its report, and the next one goes on from there', async () => {
    const { control } = bench.options();
    const failing = { ...control, delete: async () => killed() };
    await expect(bench.validate({ control: failing, checkpointMs: 60_000 })).rejects.toThrow('killed');
    const kept = await latestReport(bench.tables.control);
    expect(kept).toMatchObject({ verdict: 'disagree' });

    expect((await bench.validate()).report).toMatchObject({ verdict: 'disagree', runId: kept?.runId });
    expect(await bench.tables.control.get(VALIDATION_PARTITION, 'checkpoint')).toBeUndefined();
  });
});

test('a validation whose client tries a checkpoint again, since it missed the answer, is not taken for another process', async () => {
  const { transactions } = bench.options();
  let refused = 0;
  const twice: ValidationOptions['transactions'] = {
    ...transactions,
    async write(writes) {
      await transactions.write(writes);
      const written = await transactions.write(writes);
      if (!written) refused += 1;
      return written;
    },
  };
  const { report } = await bench.validate({ transactions: twice, checkpointMs: 0 });
  expect(report).toMatchObject({ verdict: 'disagree', counts: { missing: 1 } });
  expect(refused).toBeGreaterThan(1);
});
