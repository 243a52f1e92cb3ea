import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedRows } from '../../functions/model/expected.ts';
import { memoryReads } from '../../functions/validation/memory-reads.ts';
import { migratedContent } from '../../functions/validation/self-proof.ts';
import { oldItems } from '../backfill/old-items.ts';
import { oldContent } from '../model/old-content.ts';
import { compare } from './comparison.ts';

const OLD = { ...oldItems(60), kpis: [], people: [] };

describe('both sides as the mapping has them', () => {
  test.each(['hold', 'personal-link'] as const)('agree, whatever is held or quarantined (%s)', async (heldRecords) => {
    const kpis = [11, 10].map((kpi) => ({
      id: { S: `kpi-${kpi}` },
      tenant_id: { S: `tenant-${kpi % 2}` },
      owner_id: { S: 'owner' },
    }));
    const content = migratedContent({ ...OLD, kpis }, heldRecords);

    const comparison = await compare(memoryReads(content), { heldRecords });

    expect(comparison.proven).toEqual([]);
    expect(comparison.inFlight).toEqual([]);
    expect(comparison.coverage).toBe(1);
    expect(comparison.counts.sum('found')).toBe(content.tables.kpiLinks.size + content.tables.kpiData.size);
    expect(comparison.counts.sum('expected')).toBe(comparison.counts.sum('found'));
    expect(comparison.sampledLinks).toMatchObject({ existing: 13, matching: 13 });
  });

  test('agree and are counted as the mapping counts, whatever the old tables hold', async () => {
    const heldRecords = fc.constantFrom('hold' as const, 'personal-link' as const);
    await fc.assert(
      fc.asyncProperty(oldContent, heldRecords, async (old, held) => {
        const expected = expectedRows(old, held);
        const { proven, counts } = await compare(memoryReads(migratedContent(old, held)), { heldRecords: held });
        expect(proven).toEqual([]);
        expect({
          held: counts.sum('held'),
          quarantined: counts.sum('quarantined'),
          warnings: counts.sum('warnings'),
          expected: counts.sum('expected'),
          found: counts.sum('found'),
        }).toEqual({
          held: expected.held.length,
          quarantined: expected.quarantined.length,
          warnings: expected.warnings.length,
          expected: expected.kpiLinks.size + expected.kpiData.size,
          found: expected.kpiLinks.size + expected.kpiData.size,
        });
      }),
      { numRuns: 300 },
    );
  });

  test('agree where a KPI has an owner whom no key can hold, and so no link of its own', async () => {
    const { links: _, ...old } = OLD;
    const owner = { S: 'x'.repeat(1_025) };
    const kpis = [{ id: { S: 'kpi-10' }, tenant_id: { S: 'tenant-0' }, owner_id: owner }];
    const content = migratedContent({ ...old, links: [], kpis }, 'personal-link');
    const comparison = await compare(memoryReads(content), { heldRecords: 'personal-link' });
    expect(comparison.proven).toEqual([]);
    expect(comparison.counts.sum('expected')).toBe(0);
  });

  test('open no bucket but that of an id which two tables share', async () => {
    const comparison = await compare(memoryReads(migratedContent(OLD, 'hold')));
    expect(comparison.bucketsDiffering).toBe(1);
  });
});
