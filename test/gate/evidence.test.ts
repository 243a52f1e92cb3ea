import { beforeEach, describe, expect, test } from 'vitest';
import { readEvidence } from '../../functions/gate/evidence.ts';
import { mappingHash } from '../../functions/model/mapping-hash.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import type { QuarantineRow } from '../../functions/tables/control-rows.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { acceptQuarantined, listQuarantine } from '../../functions/tables/quarantine-entries.ts';
import { LagRecorder, readLagMs } from '../../functions/tables/replication-lag.ts';
import type { TableNames } from '../../functions/tables/table-names.ts';
import { keepReport } from '../../functions/tables/validation-report.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, eventOf, putOld, replicationOver } from '../sync/fixtures.ts';

const client = engineClient();
let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

const NOW_MS = Date.parse('2026-05-01T12:00:00Z');
const quarantine = (source: QuarantineRow['source']) => listQuarantine(client, names, source);
const evidence = () => readEvidence({ control: dynamoTables(client, names).control, quarantine }, NOW_MS);

test('before anything has been done there is no report, no quarantine and no lag', async () => {
  expect(await evidence()).toEqual({
    report: undefined,
    unaccepted: [],
    lagMs: { links: 0, milestones: 0, actuals: 0, readings: 0 },
    mappingHash: mappingHash(),
  });
});

test('the last report is read, and quarantine until it is accepted by name', async () => {
  const report = {
    verdict: 'agree' as const,
    at: '2026-05-01T11:30:00.000Z',
    mappingHash: 'mapping',
    coverage: 1,
    rowsCompared: 1,
    runId: 'run',
    reasons: [],
    counts: {
      expected: 1,
      found: 1,
      missing: 0,
      extra: 0,
      different: 0,
      inFlight: 0,
      held: 0,
      quarantined: 0,
      warnings: 0,
    },
  };
  await keepReport(dynamoTables(client, names).control, report, true);
  const malformed = actual('r1', 'k1', '1', { actual_value: { S: 'many' } });
  await putOld(client, names, 'actuals', malformed);
  await replicateStreamBatch(replicationOver(client, names), 'actuals', [eventOf('1', { newImage: malformed })]);
  expect(await evidence()).toMatchObject({ report, unaccepted: ['actuals r1'] });

  const [entry] = await Array.fromAsync(quarantine('actuals'));
  await acceptQuarantined(client, names, entry as QuarantineRow, { by: 'Ada', at: '2026-05-01T11:40:00.000Z' });
  expect((await evidence()).unaccepted).toEqual([]);
});

describe('the lag of a stream', () => {
  const recorder = () => new LagRecorder('links', dynamoTables(client, names).control, () => NOW_MS);
  const lagOfLinks = async () => (await readLagMs(dynamoTables(client, names).control, NOW_MS + 1_000)).links;

  test('is the age of the oldest change that is pending', async () => {
    await recorder().note(NOW_MS - 30_000);
    expect(await lagOfLinks()).toBe(31_000);
  });

  test('is nothing where all keeps up', async () => {
    await recorder().note(NOW_MS - 5_000);
    expect(await lagOfLinks()).toBe(0);
  });

  test('goes when the batch is done, and stays where its function died', async () => {
    const survivor = recorder();
    await survivor.note(NOW_MS - 30_000);
    await recorder().note(undefined);
    expect(await lagOfLinks()).toBe(31_000);
    await survivor.note(undefined);
    expect(await lagOfLinks()).toBe(0);
  });
});
