import { GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runBackfill } from '../../backfill/copy/backfill.ts';
import type { Front } from '../../backfill/local/front/front.ts';
import { compareAll } from '../../backfill/local/rehearsal/agreement.ts';
import { Throttles } from '../../backfill/local/throttles/throttles.ts';
import { startThrottlingFront } from '../../backfill/local/throttles/throttling-front.ts';
import { localClientConfig } from '../../backfill/local-endpoint.ts';
import { protectService } from '../../backfill/read-ceilings.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { replicateRecords } from '../../functions/sync/replicate-records.ts';
import { describeTables } from '../../functions/tables/dynamo/descriptions.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { createTestTables, engineUrl } from '../engine-client.ts';
import { settingsWith } from '../infra/synthesis.ts';
import { replicationOver } from '../sync/fixtures.ts';
import { backfillOptions } from './backfill-options.ts';
import { load, oldItems, oldRecord } from './old-items.ts';

/** What the old table serves, far less than the ceiling: its description says nothing of it. */
const READ_UNITS_PER_SECOND = 60;
/** And where the machine is too slow to ask for more than that. */
const FEWER_UNITS_PER_SECOND = [READ_UNITS_PER_SECOND, 40, 25] as const;
const ID = 'of-the-service';

const throttles = new Throttles(Date.now);
let front: Front;
let names: TableNames;

beforeAll(async () => {
  names = await createTestTables();
  front = await startThrottlingFront(engineUrl(), throttles);
  const items = oldItems(4);
  const large = { override_comment: { S: 'x'.repeat(4_000) } };
  const actuals = Array.from({ length: 85 }, (_, at) => ({
    ...oldRecord('actuals', `a-${at}`, at % 12, '1'),
    ...large,
  }));
  await load(connect(localClientConfig(front.url)), names, {
    ...items,
    actuals: [...items.actuals, ...actuals, oldRecord('actuals', ID, 1, '1')],
  });
});
afterAll(() => front.stop());

/** The service beside some work: it reads an item and writes it changed, again and again. It retries nothing. */
async function beside(work: () => Promise<unknown>) {
  const service = connect({ ...localClientConfig(front.url), maxAttempts: 1 });
  const table = names.kpiActuals;
  const told = { reads: 0, refused: 0, writes: 0 };
  let isDone = false;
  const serving = (async () => {
    while (!isDone) {
      const read = new GetItemCommand({ TableName: table, Key: { id: { S: ID } } });
      told.refused += await service.send(read).then(
        () => 0,
        () => 1,
      );
      told.reads += 1;
      const Item = oldRecord('actuals', ID, 1, String(told.writes + 2));
      await service.send(new PutItemCommand({ TableName: table, Item }));
      told.writes += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  await work();
  isDone = true;
  await serving;
  service.destroy();
  return { ...told, refusedShare: told.refused / told.reads };
}

test('a copy of a throttled table pauses, goes on and ends right, and the service beside it goes on too', async () => {
  const client = connect(localClientConfig(front.url));
  const replication = replicationOver(client, names);
  const settings = settingsWith({ tables: names });
  const { control: _, ...shapes } = await describeTables(client, names);
  protectService({ client, settings, tables: replication }, shapes, () => {});
  let refusedOfService = 0;
  const refusedOfCopy = (): number =>
    throttles.record.minutesOf(names.kpiActuals).reduce((sum, minute) => sum + minute.refused.read, -refusedOfService);
  for (const readUnitsPerSecond of FEWER_UNITS_PER_SECOND) {
    throttles.set(names.kpiActuals, { readUnitsPerSecond, burstSeconds: 1 });
    const service = await beside(async () => {
      const { state } = await runBackfill(backfillOptions({ replication, data: replication.data }));
      expect(state).toBe('finished');
    });
    refusedOfService += service.refused;
    expect(service.refusedShare).toBeLessThan(0.5);
    if (refusedOfCopy() > 0) break;
  }
  expect(refusedOfCopy()).toBeGreaterThan(0);
  // The writes of the service come by its stream.
  throttles.clear(names.kpiActuals);
  const kpi = { tenantId: 'tenant-1', kpiId: 'kpi-1' };
  await replicateRecords(replication, [{ id: ID, kpis: [kpi], sources: ['actuals'] }]);
  expect((await compareAll(client, names, 'hold')).disagreements).toEqual([]);
});

test('scans that neither keep to a ceiling nor pause would have starved it', async () => {
  throttles.set(names.kpiActuals, { readUnitsPerSecond: READ_UNITS_PER_SECOND, burstSeconds: 1 });
  const scanner = connect({ ...localClientConfig(front.url), maxAttempts: 1 });
  const scan = new ScanCommand({ TableName: names.kpiActuals, ConsistentRead: true, Limit: 250 });
  const untilMs = Date.now() + 2_000;
  const service = await beside(() =>
    Promise.all(
      [1, 2, 3, 4].map(async () => {
        while (Date.now() < untilMs) await scanner.send(scan).catch(() => {});
      }),
    ),
  );
  expect(service.refusedShare).toBeGreaterThan(0.8);
});
