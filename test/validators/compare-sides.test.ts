import { describe, expect, test } from 'vitest';
import { memoryReads } from '../../functions/validation/memory-reads.ts';
import { migratedContent } from '../../functions/validation/self-proof.ts';
import { oldItems } from '../backfill/old-items.ts';
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

  test('open no bucket but that of an id which two tables share', async () => {
    const comparison = await compare(memoryReads(migratedContent(OLD, 'hold')));
    expect(comparison.bucketsDiffering).toBe(1);
  });
});
