import { beforeAll, describe, expect, test } from 'vitest';
import { type KpiReads, kpiReads } from '../../../functions/read/kpi-reads.ts';
import { newSide } from '../../../functions/read/sides/new-side.ts';
import { oldSide } from '../../../functions/read/sides/old-side.ts';
import { dynamoNewReads } from '../../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../../functions/tables/old/dynamo-old-reads.ts';
import { createTestTables, engineClient } from '../../engine-client.ts';
import { countCalls } from '../../sync/call-counter.ts';
import { actual, fillTables, link, milestone } from '../world.ts';

const client = engineClient();
const counted = countCalls(client);
let reads: { readonly old: KpiReads<object>; readonly new: KpiReads<object> };
let madeId: string;

beforeAll(async () => {
  const names = await createTestTables();
  const days = Array.from({ length: 28 }, (_, day) => `2024-02-${String(day + 1).padStart(2, '0')}`);
  const content = {
    links: [link('t1', 'l1', 'k1'), link('t1', 'l2', 'k1')],
    milestones: days.map((day) => milestone('t1', `m-${day}`, 'k1', day)),
    actuals: days.map((day) => actual('t1', `a-${day}`, 'k1', day)),
    readings: [],
    kpis: [{ id: { S: 'k1' }, tenant_id: { S: 't1' }, owner_id: { S: 'owner' } }],
    people: [],
  };
  const { kpiData } = await fillTables(client, names, content, 'hold');
  madeId = [...kpiData.keys()].find((id) => !/^[am]-/.test(id)) ?? '';
  const [old, fresh] = [oldSide(dynamoOldReads(client, names), 'hold'), newSide(dynamoNewReads(client, names))];
  reads = { old: kpiReads((request) => old.read(request)), new: kpiReads((request) => fresh.read(request)) };
});

/** Calls as functions/read/README.md has them: a read is not to become dearer without someone noticing. */
describe('calls a read', () => {
  const ofLink = { tenantId: 't1', linkId: 'l1' };

  test.each<[string, (side: KpiReads<object>) => Promise<unknown>, number, number]>([
    ['linkById', (side) => side.linkById(ofLink), 3, 1],
    ['linksByKpi', (side) => side.linksByKpi({ tenantId: 't1', kpiId: 'k1' }), 5, 1],
    ['linksByTenant', (side) => side.linksByTenant({ tenantId: 't1' }), 4, 1],
    ['dataById', (side) => side.dataById({ tenantId: 't1', dataId: 'a-2024-02-01' }), 5, 1],
    [
      'dataById of a made id, link named',
      (side) => side.dataById({ tenantId: 't1', dataId: madeId, linkId: 'l2' }),
      8,
      1,
    ],
    ['dataById of a made id', (side) => side.dataById({ tenantId: 't1', dataId: madeId }), 7, 1],
    ['dataOfLink, one category', (side) => side.dataOfLink({ ...ofLink, category: 'Target' }), 7, 1],
    ['dataOfLink', (side) => side.dataOfLink(ofLink), 9, 1],
    ['latestActual', (side) => side.latestActual(ofLink), 8, 1],
    ['targetForDate', (side) => side.targetForDate({ ...ofLink, date: '2024-02-15' }), 7, 1],
  ])('%s', async (_, read, old, fresh) => {
    counted.take();
    await read(reads.old);
    const ofOld = counted.take();
    await read(reads.new);
    const ofNew = counted.take();
    expect({ old: ofOld.total, new: ofNew.total }).toEqual({ old, new: fresh });
  });
});
