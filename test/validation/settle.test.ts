import { beforeEach, expect, test } from 'vitest';
import type { Item } from '../../functions/model/attribute-value.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

let bench: ValidationBench;
let lost: Item;

beforeEach(async () => {
  bench = await ValidationBench.migrated(richContent(3));
  lost = (await bench.options().reads.readItems('kpiData', ['actual-1'])).get('actual-1') ?? {};
  await bench.remove('kpiData', 'actual-1');
});

/** Does this between the first look and the second, and nothing later. */
function once(work: () => Promise<void>): { sleep: () => Promise<void>; patienceMs: number } {
  let done: Promise<void> | undefined;
  return {
    patienceMs: 50,
    async sleep() {
      done ??= work();
      await done;
    },
  };
}

test('a row that comes to agree between two looks agrees, whatever comes to differ of its KPI meanwhile', async () => {
  const { report } = await bench.validate(
    once(async () => {
      await bench.put('kpiData', lost);
      await bench.remove('kpiData', 'reading-1');
    }),
  );
  expect(report).toMatchObject({ verdict: 'agree', counts: { missing: 0, inFlight: 0 } });
});

test('what came to differ in one validation is found by the next', async () => {
  await bench.validate(once(() => bench.remove('kpiData', 'reading-1')));
  const { comparison } = await bench.validate();
  expect(comparison.proven.map(({ id }) => id).sort()).toEqual(['actual-1', 'reading-1']);
});

test('a row that differs to the end is proven, whatever else of its KPI changes', async () => {
  const { comparison } = await bench.validate(once(() => bench.remove('kpiData', 'reading-1')));
  expect(comparison.proven.map(({ id }) => id)).toEqual(['actual-1']);
});

test('a row that changes, and still differs, is in flight and no agreement', async () => {
  const { report } = await bench.validate(once(() => bench.put('kpiData', { ...lost, post_value: { N: '99' } })));
  expect(report).toMatchObject({ verdict: 'inconclusive', counts: { inFlight: 1, missing: 0 } });
});

test('while the streams are behind, a row that does not move is in flight and not proven', async () => {
  const { report } = await bench.validate({ lagMs: async () => 60_000 });
  expect(report).toMatchObject({ verdict: 'inconclusive', counts: { inFlight: 1, missing: 0 } });
});
