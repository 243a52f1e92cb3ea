import { expect, test } from 'vitest';
import type { Source } from '../../functions/migration/sources.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { ValidationBench } from '../validation/engine-validation.ts';
import { actual, eventOf, milestone } from './fixtures.ts';
import { deleteAll, KPI, linkId, manyLinks, putAll } from './many-links.ts';

/** Links of the KPI that stay; twice as many go. `npm run many-links` gives 10,000. */
const LINKS = Number(process.env.MANY_LINKS ?? 60);
/** The most events that a stream's event source mapping hands over at once (infra/settings.ts). */
const BATCH = 100;
const TIMEOUT_MS = 3_600_000;

test(`${LINKS} links of one KPI come and ${2 * LINKS} more come and go by the stream, and a backfill copies what stays`, {
  timeout: TIMEOUT_MS,
}, async () => {
  const bench = await ValidationBench.create();
  const all = manyLinks(3 * LINKS);
  const goes = all.slice(LINKS);
  await putAll(bench.client, bench.names, 'goalKpiLinks', all);
  await replicate(
    bench,
    'links',
    all.map((item) => [undefined, item]),
  );
  await deleteAll(bench.client, bench.names, 'goalKpiLinks', goes.map(idOf));
  await replicate(
    bench,
    'links',
    goes.map((item) => [item]),
  );
  // Records come last: each batch of links would fan out to all rows of those that are there.
  await replicate(bench, 'actuals', [[undefined, actual('r1', KPI.kpiId, '1')]]);
  await replicate(bench, 'milestones', [[undefined, milestone('r2', KPI.kpiId, '2')]]);
  expect(await agreement(bench)).toEqual(AGREED);
  await bench.backfill();
  expect(await agreement(bench)).toEqual(AGREED);

  // Copied into empty tables.
  const copied = await ValidationBench.create();
  await copied.load({ links: all.slice(0, LINKS), actuals: [actual('r1', KPI.kpiId, '1')] });
  await copied.backfill();
  expect(await agreement(copied)).toEqual({ ...AGREED, expected: 2 * LINKS });
  await copied.remove('goalKpiLinks', linkId(0));
  await replicate(copied, 'links', [[all[0]]]);
  expect(await agreement(copied)).toEqual({ ...AGREED, expected: 2 * (LINKS - 1) });
});

const AGREED = { verdict: 'agree', reasons: [], coverage: 1, expected: 3 * LINKS };

async function agreement(bench: ValidationBench): Promise<object> {
  const { verdict, reasons, coverage, counts } = (await bench.validate()).report;
  return { verdict, reasons, coverage, expected: counts.expected };
}

let sequence = 0;

/** Delivers events of items as they were and are, in batches; the old tables are written for all sources but links. */
async function replicate(
  bench: ValidationBench,
  source: Source,
  pairs: readonly (readonly [before?: Item | undefined, after?: Item])[],
): Promise<void> {
  for (let start = 0; start < pairs.length; start += BATCH) {
    const events = [];
    for (const [oldImage, newImage] of pairs.slice(start, start + BATCH)) {
      sequence += 1;
      if (source === 'actuals' && newImage) await bench.put('kpiActuals', newImage);
      if (source === 'milestones' && newImage) await bench.put('kpiMilestones', newImage);
      events.push(eventOf(String(sequence), { ...(oldImage && { oldImage }), ...(newImage && { newImage }) }));
    }
    const { errors, unfinished, failedSequenceNumbers } = await replicateStreamBatch(bench.replication, source, events);
    expect({ errors, unfinished, failedSequenceNumbers }).toEqual({
      errors: [],
      unfinished: [],
      failedSequenceNumbers: [],
    });
  }
}
