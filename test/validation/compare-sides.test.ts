import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../functions/model/attribute-value.ts';
import { expectedRows, type OldContent } from '../../functions/model/expected.ts';
import { fanOutRowId, personalLinkId } from '../../functions/model/ids.ts';
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

  test('agree where a KPI has an owner whom no key can hold, and so no personal link', async () => {
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

/** Two links, and a record for each id. */
function linked(linkIds: readonly string[], recordIds: readonly string[], kpiItems: readonly Item[] = []): OldContent {
  const ofKpi = { tenant_id: { S: 't' }, kpi_id: { S: 'k' } };
  const text = { S: '2024-01-01' };
  return {
    links: linkIds.map((id, at) => ({
      id: { S: id },
      ...ofKpi,
      goal_id: { S: id },
      linked_at: { S: `2024-01-0${at + 1}` },
      is_primary: { BOOL: true },
      created_by: { S: 'user' },
      created_at: text,
    })),
    milestones: [],
    actuals: [],
    readings: recordIds.map((id, at) => ({
      id: { S: id },
      ...ofKpi,
      reading_date: text,
      value: { N: String(at) },
      recorded_by: { S: 'user' },
      recorded_at: text,
    })),
    kpis: kpiItems,
    people: [],
  };
}

describe('one id that two rows claim', () => {
  const made = fanOutRowId('record', 'second');
  const slashed = fanOutRowId('a', 'b/c');

  test.each<[string, string, OldContent]>([
    ['a record’s own and a made one', made, linked(['first', 'second'], ['record', made])],
    ['two made of the same text', slashed, linked(['first', 'b/c', 'c'], ['a', 'a/b'])],
  ])('is named, whichever row has it: %s', async (_, id, old) => {
    const content = migratedContent(old, 'hold');
    const claims = [...old.readings].map((record) =>
      migratedContent({ ...old, readings: [record] }, 'hold').tables.kpiData.get(id),
    );
    expect(claims).not.toContain(undefined);
    for (const row of claims as Item[]) {
      const kpiData = new Map([...content.tables.kpiData, [id, row]]);
      const { proven } = await compare(memoryReads({ ...content, tables: { ...content.tables, kpiData } }));
      expect(proven.map((finding) => [finding.table, finding.id])).toEqual([['kpiData', id]]);
    }
  });

  test('is named where a link has the id of a KPI’s personal link, whichever row has it', async () => {
    const id = personalLinkId('k');
    const owned = [{ id: { S: 'k' }, tenant_id: { S: 't' }, owner_id: { S: 'owner' } }];
    const ofAnother = linked([id], []).links.map((link) => ({ ...link, kpi_id: { S: 'another' } }));
    const old = { ...linked([], ['record'], owned), links: ofAnother };
    const content = migratedContent(old, 'personal-link');
    const claims = [
      { ...old, readings: [] },
      { ...old, links: [] },
    ].map((each) => migratedContent(each, 'personal-link').tables.kpiLinks.get(id));
    expect(claims).not.toContain(undefined);
    for (const row of claims as Item[]) {
      const kpiLinks = new Map([[id, row]]);
      const reads = memoryReads({ ...content, tables: { ...content.tables, kpiLinks } });
      const { proven } = await compare(reads, { heldRecords: 'personal-link' });
      expect(proven.map((finding) => [finding.table, finding.id])).toContainEqual(['kpiLinks', id]);
    }
  });
});
