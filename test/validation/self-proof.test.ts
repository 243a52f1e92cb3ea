import { describe, expect, test } from 'vitest';
import { GOLDEN_CONTENT } from '../../functions/migration/golden-content.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { compareSides } from '../../functions/validation/compare-sides.ts';
import type { Finding } from '../../functions/validation/findings.ts';
import { memoryReads } from '../../functions/validation/memory-reads.ts';
import { readSample } from '../../functions/validation/sample.ts';
import { migratedContent, proveItself } from '../../functions/validation/self-proof.ts';
import { richContent } from './rich-content.ts';

const stop = new AbortController().signal;
const EMPTY = migratedContent({ links: [], milestones: [], actuals: [], readings: [], kpis: [], people: [] }, 'hold');

/** The comparison, but blind to some findings. */
const blindTo =
  (unseen: (finding: Finding) => boolean): typeof compareSides =>
  async (options) => {
    const comparison = await compareSides(options);
    return { ...comparison, proven: comparison.proven.filter((finding) => !unseen(finding)) };
  };

describe('a validator that proves itself', () => {
  test.each(['hold', 'personal-link'] as const)(
    'finds every fault, over made-up rows alone (%s)',
    async (heldRecords) => {
      const { planted, missed } = await proveItself(heldRecords, EMPTY, stop);
      expect(missed).toEqual([]);
      expect(planted).toBeGreaterThan(100);
    },
  );

  test('finds every fault over a sample of what it has read, too', async () => {
    const content = migratedContent(richContent(5), 'hold');
    const kpis = [0, 3].map((at) => ({
      kpi: { tenantId: `tenant-${at % 3}`, kpiId: `kpi-${at}` },
      linkIds: [`link-${at}-a`, `link-${at}-b`],
    }));
    const sample = await readSample(memoryReads(content), kpis, 'hold');
    expect(sample.tables.kpiData.size).toBe(12);

    const { planted, missed } = await proveItself('hold', sample, stop);

    expect(missed).toEqual([]);
    expect(planted).toBeGreaterThan((await proveItself('hold', EMPTY, stop)).planted + 100);
  });

  test('asks for no lost entry that a scan cannot miss: of a record that shares its id, and whose KPI has a link in another tenant only', async () => {
    const { milestones, ...rich } = richContent(1);
    const [milestone] = milestones;
    if (milestone === undefined) throw new Error('There is no milestone.');
    const { milestone_date, target_value, created_by, created_at, ...others } = milestone;
    const sharing: Item = {
      ...others,
      tenant_id: { S: 'tenant-of-nobody' },
      reading_date: milestone_date as Item[string],
      value: target_value as Item[string],
      recorded_by: created_by as Item[string],
      recorded_at: created_at as Item[string],
    };
    const content = migratedContent({ ...rich, milestones, readings: [sharing] }, 'hold');
    expect([...content.quarantine.readings.values()]).toEqual(['id-collision']);
    expect((await proveItself('hold', content, stop)).missed).toEqual([]);
  });

  test('takes no row that differs already for a fault of its own', async () => {
    const content = migratedContent(richContent(1), 'hold');
    const spoilt = new Map(content.tables.kpiData).set('strange', { id: { S: 'strange' } });
    const { missed } = await proveItself('hold', { ...content, tables: { ...content.tables, kpiData: spoilt } }, stop);
    expect(missed).toEqual([]);
  });

  test.each<[string, (finding: Finding) => boolean, RegExp]>([
    ['missing rows', ({ kind }) => kind === 'missing', /a row missing/],
    ['rows too many', ({ kind }) => kind === 'extra', /a row too many/],
    [
      'post_value',
      ({ differences }) => differences.some((each) => each.attribute === 'post_value'),
      /post_value changed/,
    ],
    ['types', ({ differences }) => differences.some((each) => each.kind === 'type'), /another type/],
    ['persons', ({ differences }) => differences.some((each) => each.attribute === 'person_id'), /person_id changed/],
    ['KpiLink', ({ table }) => table === 'kpiLinks', /row of a deleted link/],
    ['orphans', ({ orphan }) => orphan === true, /link that does not exist/],
    ['quarantine', ({ table }) => table === 'quarantine', /quarantine has lost/],
  ])('says so when it is blind to %s', async (_name, unseen, missing) => {
    const { missed } = await proveItself('hold', EMPTY, stop, blindTo(unseen));
    expect(missed.join('\n')).toMatch(missing);
  });

  test('leaves what it proves itself on as it was', async () => {
    const content = migratedContent(GOLDEN_CONTENT, 'hold');
    const before = structuredClone(content);
    await proveItself('hold', content, stop);
    expect(content).toEqual(before);
  });
});
