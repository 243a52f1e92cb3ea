import { createHash } from 'node:crypto';
import type { AttributeValue, Item } from '../model/attribute-value.ts';
import { canonicalNumber } from '../model/decimal.ts';
import { compareText } from '../model/instant.ts';
import { HELD_RECORDS } from '../model/kpi.ts';
import { expectedRows } from './expected.ts';
import { GOLDEN_CONTENT } from './golden-content.ts';

let known: string | undefined;

/**
 * Names the mapping: SHA-256, in hex, of what it makes of golden-content.ts. Any change that shows in these rows changes it; the same code gives the same
 * name wherever it runs, bundled or not.
 */
export function mappingHash(): string {
  known ??= createHash('sha256').update(JSON.stringify(definition())).digest('hex');
  return known;
}

function definition(): unknown {
  return HELD_RECORDS.map((heldRecords) => {
    const expected = expectedRows(GOLDEN_CONTENT, heldRecords);
    const rows = (table: ReadonlyMap<string, Item>) =>
      [...table].sort(([left], [right]) => compareText(left, right)).map(([, row]) => sortedRow(row));
    return {
      kpiLinks: rows(expected.kpiLinks),
      kpiData: rows(expected.kpiData),
      held: expected.held.map(({ source, id }) => `${source} ${id}`).sort(compareText),
      quarantined: expected.quarantined
        .map(({ source, id, reason }) => `${source} ${id} ${reason.code}`)
        .sort(compareText),
    };
  });
}

function sortedRow(row: Item): [string, AttributeValue][] {
  return Object.entries(row)
    .sort(([left], [right]) => compareText(left, right))
    .map(([name, value]) => [name, 'N' in value ? { N: canonicalNumber(value.N) } : value]);
}
