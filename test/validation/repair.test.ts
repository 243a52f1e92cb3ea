import { describe, expect, test } from 'vitest';
import { planRepair } from '../../backfill/commands/repair/repair.ts';
import { expectedRows } from '../../functions/model/expected.ts';
import { fanOutRowId, personalLinkId } from '../../functions/model/ids.ts';
import type { Finding } from '../../functions/validation/findings.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';
import { ServiceBeside } from './service-beside.ts';

const KPI = { tenantId: 'tenant-1', kpiId: 'kpi-1' };
const names = (findings: readonly Finding[]) => findings.map(({ table, id, kind }) => `${table} ${id} ${kind}`).sort();

describe('a plan', () => {
  const about = {
    rowClass: 'actuals',
    tenantId: 'tenant-1',
    kpi: KPI,
    differences: [],
    expectedDigest: '',
    foundDigest: '',
  } as const;

  test('names a record once, however many of its rows differ, and keeps surplus rows apart', () => {
    const demandedBy = { source: 'actuals', id: 'actual-1' } as const;
    const plan = planRepair([
      { ...about, table: 'kpiData', id: 'actual-1', kind: 'different', demandedBy },
      { ...about, table: 'kpiData', id: 'other', kind: 'missing', demandedBy },
      { ...about, table: 'kpiData', id: 'strange', kind: 'extra' },
      { ...about, table: 'kpiLinks', id: 'link', kind: 'extra', rowClass: 'links' },
    ]);
    expect(plan.kpis).toEqual([KPI]);
    expect(plan.records.map(({ id }) => id)).toEqual(['actual-1']);
    expect(plan.links).toEqual([{ id: 'link', kpis: [KPI] }]);
    expect(plan.surplus).toEqual([{ id: 'strange', kpi: KPI }]);
  });
});

test("KPIs with a personal link are validated and mended, the link's row included", async () => {
  const bench = await ValidationBench.create('personal-link');
  const rich = richContent(4);
  const content = { ...rich, links: rich.links.filter(({ kpi_id }) => JSON.stringify(kpi_id) !== '{"S":"kpi-1"}') };
  await bench.load(content);
  await bench.backfill();
  expect((await bench.validate()).report).toMatchObject({ verdict: 'agree', counts: { held: 0, expected: 28 } });

  const expected = expectedRows(content, 'personal-link');
  const link = personalLinkId('kpi-1');
  await bench.remove('kpiData', 'reading-1');
  await bench.put('kpiData', { ...expected.kpiData.get('actual-1'), id: { S: 'strange' } });
  await bench.put('kpiLinks', { ...expected.kpiLinks.get(link), id: { S: link }, linked_at: { S: 'some day' } });
  const { comparison } = await bench.validate();
  expect(names(comparison.proven)).toEqual([
    `kpiData reading-1 missing`,
    `kpiData strange extra`,
    `kpiLinks ${link} different`,
  ]);

  expect(await bench.repair(comparison.proven)).toEqual([]);
  expect((await bench.validate()).report.verdict).toBe('agree');
});

test('a personal link that is missing is mended, too', async () => {
  const bench = await ValidationBench.create('personal-link');
  await bench.load({ ...richContent(2), links: [] });
  await bench.backfill();
  await bench.remove('kpiLinks', personalLinkId('kpi-1'));
  const { comparison } = await bench.validate();
  expect(names(comparison.proven)).toEqual([`kpiLinks ${personalLinkId('kpi-1')} missing`]);
  expect(await bench.repair(comparison.proven)).toEqual([]);
  expect((await bench.validate()).report.verdict).toBe('agree');
});

test('rows that are wrong because the KPI row is wrong are mended with it', async () => {
  const bench = await ValidationBench.create();
  await bench.load(richContent(2));
  await bench.backfill();
  // As if neither the link's event nor the backfill had ever come.
  const { links, ...row } = (await bench.tables.control.get('kpi#tenant-1#kpi-1', 'links')) ?? {};
  const { 'link-1-b': _, ...known } = links as Record<string, unknown>;
  await bench.tables.control.put('kpi#tenant-1#kpi-1', 'links', { ...row, links: known });
  for (const record of ['milestone-1', 'actual-1', 'reading-1'])
    await bench.remove('kpiData', fanOutRowId(record, 'link-1-b'));

  const { comparison } = await bench.validate();
  expect(comparison.proven).toHaveLength(3);
  expect(await bench.repair(comparison.proven)).toEqual([]);
  expect((await bench.validate()).report.verdict).toBe('agree');
});

test('a surplus row that was removed leaves no token row by which a later row of that id could be taken away', async () => {
  const bench = await ValidationBench.create();
  const content = richContent(2);
  await bench.load({ ...content, links: content.links.filter(({ id }) => JSON.stringify(id) !== '{"S":"link-1-b"}') });
  await bench.backfill();
  const fanOut = fanOutRowId('actual-1', 'link-1-b');
  await bench.put('kpiData', { ...expectedRows(content, 'hold').kpiData.get(fanOut), id: { S: fanOut } });
  const { comparison } = await bench.validate();
  expect(names(comparison.proven)).toEqual([`kpiData ${fanOut} extra`]);

  expect(await bench.repair(comparison.proven)).toEqual([]);

  const touched = await bench.tables.control.scanTouchedRecords({ segment: 0, totalSegments: 1 });
  expect(touched.items.map(({ recordId }) => recordId)).not.toContain(fanOut);
});

test('a repair beside a service that writes ends in agreement when the streams are drained', async () => {
  const bench = await ValidationBench.create();
  const content = richContent(20);
  await bench.load(content);
  await bench.backfill();
  for (const id of ['actual-3', 'milestone-7', 'reading-12']) await bench.remove('kpiData', id);
  await bench.remove('kpiLinks', 'link-4-a');
  const { comparison } = await bench.validate();
  expect(comparison.proven).toHaveLength(4);
  const service = new ServiceBeside(bench, content, 3);

  await bench.repair(comparison.proven);
  await service.stop();

  expect((await bench.validate()).report).toMatchObject({ verdict: 'agree', reasons: [] });
});
