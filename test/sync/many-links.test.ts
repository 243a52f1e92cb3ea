import { beforeAll, describe, expect, test } from 'vitest';
import { scanPages } from '../../backfill/copy/scan-pages.ts';
import { sweepKpis, sweepRecords } from '../../backfill/copy/sweep.ts';
import type { Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { comparePages } from '../../functions/read/compare-pages.ts';
import type { KpiQuery, RowPage } from '../../functions/read/query.ts';
import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { ValidationBench } from '../validation/engine-validation.ts';
import { actual, eventOf, link, milestone, TENANT } from './fixtures.ts';
import { KPI, linkId, manyLinks, primeLinks } from './many-links.ts';

/** `npm run many-links` gives 10,000. */
const LINKS = Number(process.env.MANY_LINKS ?? 2_500);
const GONE = 2 * LINKS;

/** Link events that come while the KPI has so many links. */
const links = manyLinks(LINKS);
const [anchor, second, third] = links as [Item, Item, Item];
const later = { ...anchor, linked_at: { S: '2025-01-01T00:00:00Z' } };
const moved = { ...third, kpi_id: { S: 'k2' } };
const added = link('added', KPI.kpiId, { linked_at: { S: '2026-01-01' } });

let bench: ValidationBench;
let sequence = 0;

async function change(source: Source, pairs: readonly (readonly [before?: Item, after?: Item])[]): Promise<void> {
  const events = pairs.map(([oldImage, newImage]) => {
    sequence += 1;
    return eventOf(String(sequence), { ...(oldImage && { oldImage }), ...(newImage && { newImage }) });
  });
  for (const [before, after] of pairs) {
    if (after) await bench.put(OLD_TABLE_OF[source], after);
    else if (before) await bench.remove(OLD_TABLE_OF[source], idOf(before));
  }
  const { errors } = await replicateStreamBatch(bench.replication, source, events);
  expect(errors).toEqual([]);
}

beforeAll(async () => {
  bench = await ValidationBench.create();
  const goneIds = Array.from({ length: GONE }, (_, at) => linkId(LINKS + at));
  await primeLinks(bench.client, bench.names, links, goneIds);
}, 120_000);

describe(`a KPI with ${LINKS} links, and ${GONE} that went`, () => {
  test('takes live events of records and links, one after another', { timeout: 300_000 }, async () => {
    await change('actuals', [[undefined, actual('r1', KPI.kpiId, '1')]]);
    await change('links', [[undefined, added], [second], [anchor, later], [third, moved]]);
    await change('milestones', [[undefined, milestone('r2', KPI.kpiId, '2')]]);
    const [head] = await bench.tables.control.readKpis([KPI]);
    expect(head).toMatchObject({ spilled: { present: LINKS - 2 } });
    expect(head?.fanOutPending).toBeUndefined();
    expect(head?.inlineLinks.size).toBe(1);
  });

  test('is swept', { timeout: 300_000 }, async () => {
    const { replication, tables } = bench;
    const copier = { replication, data: tables.data, pace: async () => undefined, pause: async () => {} };
    const swept = { kpis: 0, records: 0 };
    await scanPages(tables.control.scanKpis, 2, async (kpis) => {
      swept.kpis += (await sweepKpis(copier, kpis)).scanned;
    });
    await scanPages(tables.control.scanTouchedRecords, 2, async (records) => {
      swept.records += (await sweepRecords(copier, records)).scanned;
    });
    expect(swept).toEqual({ kpis: 2, records: 2 });
    expect((await tables.control.readKpis([KPI]))[0]?.sweepPending).toBeUndefined();
  });

  test('is validated', { timeout: 300_000 }, async () => {
    const { report } = await bench.validate();
    expect(report).toMatchObject({ verdict: 'agree', reasons: [], coverage: 1 });
    // Of the links one went, one is another KPI's now and one came.
    expect(report.counts).toMatchObject({ expected: LINKS + 2 * (LINKS - 1) });
  });

  test('is read alike from both sides, page by page', { timeout: 300_000 }, async () => {
    const sides = [
      oldSide(dynamoOldReads(bench.client, bench.names), 'hold'),
      newSide(dynamoNewReads(bench.client, bench.names)),
    ] as const;
    const ask = async (query: KpiQuery, limit: number, after?: RowPage['next']): Promise<RowPage> => {
      const [old, fresh] = (await Promise.all(
        sides.map((side) => side.read({ query, limit, ...(after && { after }) }, new AbortController().signal)),
      )) as [RowPage, RowPage];
      expect(comparePages(old, fresh)).toEqual(new Map());
      expect(old.next).toEqual(fresh.next);
      return fresh;
    };
    const byKpi = { kind: 'links-by-kpi', tenantId: TENANT, id: KPI.kpiId } as const;
    const page = await ask(byKpi, 100);
    expect(page.rows).toHaveLength(100);
    expect((await ask(byKpi, 100, page.next)).rows).toHaveLength(100);
    const data = { kind: 'data-of-link', tenantId: TENANT, order: 'newest-first' } as const;
    expect((await ask({ ...data, linkId: linkId(Math.floor(LINKS * 0.7)) }, 10)).rows).toHaveLength(2);
    const ofAdded = await ask({ ...data, linkId: 'added' }, 10);
    expect(ofAdded.rows).toHaveLength(2);
    const [row] = ofAdded.rows as [Item];
    expect((await ask({ kind: 'data-by-id', tenantId: TENANT, dataId: idOf(row), linkId: 'added' }, 1)).rows).toEqual([
      row,
    ]);
    expect((await ask({ kind: 'data-by-id', tenantId: TENANT, dataId: 'r1' }, 1)).rows).toHaveLength(1);
  });
});
