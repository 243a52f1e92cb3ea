import { beforeAll, describe, expect, test } from 'vitest';
import { compareAll } from '../../backfill/local/rehearsal/agreement.ts';
import { expectedRows } from '../../functions/migration/expected.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { Finding } from '../../functions/validation/findings.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';
import { attributeSpoilings, type RowOf, rowSpoilings, type Spoiling } from './spoilt-tables.ts';

const KPIS = 200;
const CONTENT = richContent(KPIS);
const EXPECTED = expectedRows(CONTENT, 'hold');
const rowOf: RowOf = (table, id) => EXPECTED[table].get(id) as Item;

let attributesSpoilt = 0;
const attributes = attributeSpoilings(rowOf, (count) => {
  attributesSpoilt = count;
});
const SPOILINGS: readonly Spoiling[] = [...attributes, ...rowSpoilings(rowOf, attributesSpoilt)];

describe('faults written into the tables behind the back of replication', () => {
  let bench: ValidationBench;
  let findings: readonly Finding[] = [];

  beforeAll(async () => {
    bench = await ValidationBench.create();
    await bench.load(CONTENT);
    await bench.backfill();
    for (const { put = [], remove = [] } of SPOILINGS) {
      for (const { table, id } of remove) await bench.remove(table, id);
      for (const { table, item } of put) await bench.put(table, item);
    }
    const { report, comparison } = await bench.validate({ prove: proveItself });
    expect(report.proof.missed).toEqual([]);
    expect(report.verdict).toBe('disagree');
    findings = comparison.proven;
  });

  test('are of many kinds, each in a KPI of its own', () => {
    expect(SPOILINGS.length).toBeGreaterThan(100);
    expect(SPOILINGS.length).toBeLessThanOrEqual(KPIS);
  });

  test.each(SPOILINGS)('$name is found and named', ({ sought }) => {
    for (const { attribute, ...rest } of sought) {
      const found = findings.find(({ table, id }) => table === rest.table && id === rest.id);
      expect(found).toMatchObject(rest);
      if (attribute !== undefined) expect(found?.differences.map((each) => each.attribute)).toContain(attribute);
    }
  });

  test('are all that is found: the very rows that a comparison without digests finds', async () => {
    const { disagreements } = await compareAll(bench.client, bench.names, 'hold');
    const names = (rows: readonly { table: string; id: string }[]) =>
      rows.map(({ table, id }) => `${table} ${id}`).sort();
    expect(names(findings)).toEqual(
      names(
        disagreements.map(({ table, id }) => ({ table, id: table === 'quarantine' ? (id.split(' ')[1] ?? '') : id })),
      ),
    );
  });

  test('are mended by a repair, after which both sides agree, and which leaves alone what was right', async () => {
    const untouched = await bench.tables.control.readKpis([
      { tenantId: `tenant-${(KPIS - 1) % 3}`, kpiId: `kpi-${KPIS - 1}` },
    ]);

    expect(await bench.repair(findings)).toEqual([]);

    const { report } = await bench.validate();
    expect(report).toMatchObject({ verdict: 'agree', reasons: [], coverage: 1 });
    expect(
      await bench.tables.control.readKpis([{ tenantId: `tenant-${(KPIS - 1) % 3}`, kpiId: `kpi-${KPIS - 1}` }]),
    ).toEqual(untouched);
  });
});
