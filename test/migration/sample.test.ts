import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { expectedRows, type OldContent } from '../../functions/migration/expected.ts';
import type { Item } from '../../functions/model/attribute-value.ts';

const SAMPLE = join(import.meta.dirname, '../../backfill/local/sample');

function itemsOf(table: string): Item[] {
  const folder = join(SAMPLE, table, 'data');
  return readdirSync(folder).flatMap((name) =>
    gunzipSync(readFileSync(join(folder, name)))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).Item as Item),
  );
}

const OLD: OldContent = {
  links: itemsOf('purposepath-goal-kpi-links'),
  milestones: itemsOf('purposepath-kpi-milestones'),
  actuals: itemsOf('purposepath-kpi-actuals'),
  readings: itemsOf('purposepath-kpi-readings'),
  kpis: itemsOf('purposepath-kpis'),
  people: itemsOf('purposepath-people'),
};

test.each([
  ['hold', { links: 65, rows: 6848, held: 652, quarantined: 4 }],
  ['personal-link', { links: 67, rows: 7344, held: 156, quarantined: 4 }],
] as const)('the sample export with heldRecords "%s" keeps giving the same numbers of rows', (heldRecords, counts) => {
  const expected = expectedRows(OLD, heldRecords);
  expect({
    links: expected.kpiLinks.size,
    rows: expected.kpiData.size,
    held: expected.held.length,
    quarantined: expected.quarantined.length,
  }).toEqual(counts);
});
