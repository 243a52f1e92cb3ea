import { expect, test } from 'vitest';
import { sharedSynthesis } from '../shared-synthesis.ts';
import { startBesideWriter } from './beside-writer.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';
import { ServiceBeside } from './service-beside.ts';

/** Validations beside the writer; more by the environment, for a long run. */
const RUNS = Number(process.env.VALIDATION_RUNS ?? 2);
const SEED = Number(process.env.VALIDATION_SEED ?? 7);
/** Validations go on until the service has written so much beside them. */
const WRITES_MIN = 50;

test('a validation beside a service that writes at full speed raises no false alarm', {
  timeout: 3_600_000,
}, async () => {
  const bench = await ValidationBench.create();
  const content = richContent(30);
  await bench.load(content);
  await bench.backfill();
  const service = new ServiceBeside(bench, content, SEED);
  const verdicts: string[] = [];
  const alarms: unknown[] = [];
  for (let run = 0; run < RUNS || service.writes < WRITES_MIN; run += 1) {
    const { report } = await bench.validate({ pauseMs: 50, patienceMs: 2_000, lagMs: async () => service.lagMs() });
    verdicts.push(report.verdict);
    if (report.verdict === 'disagree') alarms.push(report.findings);
  }
  await service.stop();
  if (process.env.VALIDATION_RUNS) process.stdout.write(`${service.writes} writes: ${verdicts.join(' ')}\n`);

  expect(alarms).toEqual([]);
  expect((await bench.validate()).report).toMatchObject({ verdict: 'agree', reasons: [] });
});

test('a row that replication has forgotten is found beside the writer, too', async () => {
  const bench = await ValidationBench.create();
  const content = richContent(30);
  await bench.load(content);
  await bench.backfill();
  // The writer keeps to KPIs that it has been given.
  const half = <T>(items: readonly T[]) => items.slice(0, items.length / 2);
  const known = {
    links: half(content.links),
    milestones: half(content.milestones),
    actuals: half(content.actuals),
    readings: half(content.readings),
  };
  const service = new ServiceBeside(bench, known, SEED);
  await bench.remove('kpiData', 'actual-29');

  const { report } = await bench.validate({ pauseMs: 50, patienceMs: 4_000, lagMs: async () => service.lagMs() });
  await service.stop();

  expect(report.verdict).toBe('disagree');
  expect(report.findings.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['actual-29 missing']);
});

test('validations beside a writer and the functions themselves raise no false alarm, and agree when the writes end', {
  timeout: 600_000,
}, async () => {
  const beside = await startBesideWriter({
    seed: SEED,
    kpis: 12,
    recordsOfKpi: 10,
    patienceSeconds: 30,
    aheadMax: 4,
    synthesised: await sharedSynthesis(),
  });
  try {
    let written = 0;
    for (let run = 0; run < 2; run += 1) {
      const { report, writes } = await beside.validate();
      expect(report.findings).toEqual([]);
      expect(report.verdict).not.toBe('disagree');
      written += writes;
    }
    expect(written).toBeGreaterThan(0);
    await beside.quiet();
    expect((await beside.validate()).report).toMatchObject({ verdict: 'agree', reasons: [] });
  } finally {
    await beside.stop();
  }
});
