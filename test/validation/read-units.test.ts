import { expect, test } from 'vitest';
import { RECORD_SOURCES } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import type { ReadTable } from '../../functions/tables/validation-reads.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import { ValidationBench } from './engine-validation.ts';
import { meterReads } from './read-meter.ts';
import { richContent } from './rich-content.ts';

test('a validation takes hardly more read units than one scan of each table, its self-proof included', async () => {
  const bench = await ValidationBench.create();
  await bench.load(richContent(600));
  await bench.fill(richContent(600));
  const metered = meterReads(bench.client);
  const reads = dynamoValidationReads(bench.client, bench.names, async () => {});
  const tables: ReadTable[] = [
    'goalKpiLinks',
    'kpis',
    'people',
    'kpiLinks',
    'kpiData',
    ...RECORD_SOURCES.map((source) => OLD_TABLE_OF[source]),
  ];
  for (const table of tables) {
    for (let cursor: Parameters<typeof reads.scan>[1]['cursor'], at = 0; at === 0 || cursor; at += 1) {
      ({ cursor } = await reads.scan(table, { segment: 0, totalSegments: 1, ...(cursor && { cursor }) }));
    }
  }
  const scans = metered.units;
  metered.units = 0;

  const { report } = await bench.validate({ reads, segments: 1, prove: proveItself });

  expect(report.verdict).toBe('agree');
  process.stdout.write(`read units: ${scans} for the scans alone, ${metered.units} for the validation\n`);
  expect(metered.units).toBeLessThan(1.1 * scans);
});
