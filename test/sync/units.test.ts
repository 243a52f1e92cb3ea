import { expect, test } from 'vitest';
import type { Source } from '../../functions/migration/sources.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { countCalls } from './call-counter.ts';
import { actual, eventOf, link, putOld, replicationOver } from './fixtures.ts';

/** Calls and capacity units of events one at a time, a transaction's writes by AWS's rule; functions/sync/README.md has this table. */
test('what events cost', async () => {
  const names = await createTestTables();
  const plain = engineClient();
  const counted = engineClient();
  const counter = countCalls(counted);
  const cost = async (source: Source, item: Item): Promise<string> => {
    await putOld(plain, names, source, item);
    const batch = [eventOf('1', { newImage: item })];
    const result = await replicateStreamBatch(replicationOver(counted, names), source, batch);
    expect(result.errors).toEqual([]);
    const { total, units } = counter.take();
    return `${total} calls, ${units} units`;
  };

  const costs = {
    'a first link': await cost('links', link('l1', 'k1')),
    'a new record, one link': await cost('actuals', actual('r1', 'k1', '1')),
    'a changed record, one link': await cost('actuals', actual('r1', 'k1', '2')),
    'an event that changes nothing': await cost('actuals', actual('r1', 'k1', '2')),
    'a second link, one record': await cost('links', link('l2', 'k1')),
    'a changed record, two links': await cost('actuals', actual('r1', 'k1', '3')),
  };

  expect(costs).toEqual({
    'a first link': '12 calls, 25 units',
    'a new record, one link': '5 calls, 26 units',
    'a changed record, one link': '5 calls, 23 units',
    'an event that changes nothing': '5 calls, 16 units',
    'a second link, one record': '19 calls, 51.5 units',
    'a changed record, two links': '5 calls, 29 units',
  });
});
