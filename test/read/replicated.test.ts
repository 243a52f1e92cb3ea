import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OldContent } from '../../functions/migration/expected.ts';
import { SOURCES, type Source } from '../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../functions/migration/tables.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { comparePages } from '../../functions/read/compare-pages.ts';
import type { KpiQuery, ReadSide } from '../../functions/read/query.ts';
import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { eventOf, putOld, replicationOver } from '../sync/fixtures.ts';
import { actual, link, milestone, putAll, reading } from './world.ts';

const client = engineClient();

const WORLD: OldContent = {
  links: [
    link('t1', 'anchor', 'fan', { linked_at: { S: '2024-01-01T00:00:00+02:00' } }),
    link('t1', 'second', 'fan', { linked_at: { S: '2024-01-01T00:00:00Z' } }),
    link('t2', 'other', 'fan'),
    link('t1', 'single', 'one', { weight: { N: '0.10' } }),
    link('t1', 'broken', 'fan', { is_primary: { S: 'no' }, linked_at: { S: '2020-01-01' } }),
  ],
  milestones: ['2024-02-01', '2024-03-01'].map((date, at) => milestone('t1', `m${at}`, 'fan', date)),
  actuals: [
    ...['2024-02-01', '2024-02-01', '2024-02-03'].map((date, at) => actual('t1', `a${at}`, 'fan', date)),
    actual('t2', 'b0', 'fan', '2024-02-01'),
    actual('t1', 'a-broken', 'fan', '2024-02-02', { actual_value: { S: '7' } }),
    actual('t1', 'held', 'linkless', '2024-02-02'),
  ],
  readings: [reading('t1', 'r0', 'fan', '2024-02-01'), reading('t1', 'm0', 'one', '2024-02-01')],
  kpis: [{ id: { S: 'fan' }, tenant_id: { S: 't1' }, owner_id: { S: 'owner' } }],
  people: [{ id: { S: 'p1' }, tenant_id: { S: 't1' }, linked_user_id: { S: 'owner' } }],
};

let names: TableNames;
let sides: { readonly old: ReadSide; readonly new: ReadSide };
let sequence = 0;

/** What the service does, and what the streams' handlers make of it. */
async function change(source: Source, oldImage: Item | undefined, newImage: Item | undefined): Promise<void> {
  const id = (newImage ?? oldImage)?.id as Item[string];
  if (newImage) await putOld(client, names, source, newImage);
  else await client.send(new DeleteItemCommand({ TableName: names[OLD_TABLE_OF[source]], Key: { id } }));
  sequence += 1;
  const event = eventOf(String(sequence), { ...(oldImage && { oldImage }), ...(newImage && { newImage }) });
  const { errors } = await replicateStreamBatch(replicationOver(client, names), source, [event]);
  expect(errors).toEqual([]);
}

/** Asks both sides all there is to ask, and gives the ids of the data rows of each link. */
async function answersOfBoth(): Promise<Record<string, number>> {
  const linkIds = ['anchor', 'second', 'third', 'other', 'single', 'broken'];
  const recordIds = ['m0', 'm1', 'a0', 'a1', 'a2', 'b0', 'r0', 'a-broken', 'held'];
  const counts: Record<string, number> = {};
  for (const tenantId of ['t1', 't2']) {
    const queries: KpiQuery[] = [
      { kind: 'links-by-tenant', tenantId },
      ...['fan', 'one', 'linkless'].map((id): KpiQuery => ({ kind: 'links-by-kpi', tenantId, id })),
      ...linkIds.map((linkId): KpiQuery => ({ kind: 'link-by-id', tenantId, linkId })),
      ...recordIds.map((dataId): KpiQuery => ({ kind: 'data-by-id', tenantId, dataId })),
      ...linkIds.map((linkId): KpiQuery => ({ kind: 'data-of-link', tenantId, linkId, order: 'newest-first' })),
    ];
    for (const query of queries) {
      const [old, fresh] = await Promise.all([
        sides.old.read({ query, limit: 100 }),
        sides.new.read({ query, limit: 100 }),
      ]);
      expect({ query, differences: comparePages(old, fresh) }).toEqual({ query, differences: new Map() });
      expect(fresh.rows.map((row) => textOf(row, 'id'))).toEqual(old.rows.map((row) => textOf(row, 'id')));
      if (query.kind === 'data-of-link' && old.rows.length > 0) counts[query.linkId] = old.rows.length;
    }
  }
  return counts;
}

beforeAll(async () => {
  names = await createTestTables();
  sides = { old: oldSide(dynamoOldReads(client, names), 'hold'), new: newSide(dynamoNewReads(client, names)) };
  await putAll(client, names.kpis, WORLD.kpis);
  await putAll(client, names.people, WORLD.people);
  for (const source of SOURCES) for (const item of WORLD[source]) await change(source, undefined, item);
});

/** Each goes on where the one before left off. */
describe('both sides, with replication between them,', () => {
  test('answer alike', async () => {
    expect(await answersOfBoth()).toEqual({ anchor: 6, second: 6, other: 1 });
  });

  test.each<[string, Source, Item | undefined, Item | undefined, Record<string, number>]>([
    [
      'a record changes its value',
      'actuals',
      WORLD.actuals[0],
      actual('t1', 'a0', 'fan', '2024-02-01', { actual_value: { N: '1.10' } }),
      { anchor: 6, second: 6, other: 1 },
    ],
    [
      'a record moves to another date',
      'actuals',
      WORLD.actuals[2],
      actual('t1', 'a2', 'fan', '2023-01-01'),
      { anchor: 6, second: 6, other: 1 },
    ],
    [
      'a record moves to another KPI',
      'actuals',
      WORLD.actuals[1],
      actual('t1', 'a1', 'one', '2024-02-01'),
      { anchor: 5, second: 5, other: 1, single: 1 },
    ],
    [
      'a record moves to another tenant',
      'readings',
      WORLD.readings[0],
      reading('t2', 'r0', 'fan', '2024-02-01'),
      { anchor: 4, second: 4, other: 2, single: 1 },
    ],
    [
      'a broken record is mended',
      'actuals',
      WORLD.actuals[4],
      actual('t1', 'a-broken', 'fan', '2024-02-02'),
      { anchor: 5, second: 5, other: 2, single: 1 },
    ],
    [
      'a record is broken',
      'milestones',
      WORLD.milestones[1],
      milestone('t1', 'm1', 'fan', '2024-03-01', { created_by: { NULL: true } }),
      { anchor: 4, second: 4, other: 2, single: 1 },
    ],
    [
      'a broken link is mended, and is the anchor',
      'links',
      WORLD.links[4],
      link('t1', 'broken', 'fan', { linked_at: { S: '2020-01-01' } }),
      { anchor: 4, second: 4, broken: 4, other: 2, single: 1 },
    ],
    ['the anchor goes', 'links', WORLD.links[4], undefined, { anchor: 4, second: 4, other: 2, single: 1 }],
    [
      'a held record gets a link',
      'links',
      undefined,
      link('t1', 'third', 'linkless'),
      { anchor: 4, second: 4, other: 2, single: 1, third: 1 },
    ],
    [
      'a record goes, whose id another table has too',
      'milestones',
      WORLD.milestones[0],
      undefined,
      { anchor: 3, second: 3, other: 2, single: 2, third: 1 },
    ],
    ['the last link but one goes', 'links', WORLD.links[0], undefined, { second: 3, other: 2, single: 2, third: 1 }],
    ['the last link goes', 'links', WORLD.links[1], undefined, { other: 2, single: 2, third: 1 }],
  ])('answer alike once %s', async (_, source, oldImage, newImage, rows) => {
    await change(source, oldImage, newImage);
    expect(await answersOfBoth()).toEqual(rows);
  });
});
