import { DeleteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { readEvidence } from '../../functions/gate/evidence.ts';
import { SOURCES } from '../../functions/migration/sources.ts';
import type { TableNames } from '../../functions/migration/tables.ts';
import { textOf } from '../../functions/model/attribute-value.ts';
import { kpiReads } from '../../functions/read/kpi-reads.ts';
import { newSide } from '../../functions/read/sides/new-side.ts';
import { oldSide } from '../../functions/read/sides/old-side.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { listUnaccepted } from '../../functions/tables/control/quarantine-entries.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import { dynamoNewReads } from '../../functions/tables/new/dynamo-new-reads.ts';
import { dynamoOldReads } from '../../functions/tables/old/dynamo-old-reads.ts';
import { LagRecorder } from '../../functions/tables/replication-lag.ts';
import { validatePart } from '../../functions/validation/rolling.ts';
import { afterPart, readRolling, writeRolling } from '../../functions/validation/rolling-state.ts';
import { driveWorkflow, workflowOptions } from '../backfill/workflow/drive.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, eventOf, link, milestone, putOld, replicationOver, TENANT } from '../sync/fixtures.ts';
import { noteRights } from './asked-rights.ts';
import { mayOf } from './policies.ts';
import { settingsWith, synthesise } from './synthesis.ts';

const CALLERS = [{ principal: 'arn:aws:iam::123456789012:role/kpi-service', tenants: 'any' as const }];

const settings = settingsWith({ readPath: { callers: CALLERS }, backfill: { workflow: {} } });
const resources = synthesise(settings);
let names: TableNames;

beforeEach(async () => {
  names = await createTestTables();
});

/** What was asked and is not allowed to the function whose policies stand under these names. */
function missing(asked: ReadonlySet<string>, owner: RegExp): string[] {
  const allowed = new Set(
    Object.entries(mayOf(resources, owner)).flatMap(([action, tables]) => tables.map((table) => `${action} ${table}`)),
  );
  return [...asked].filter((right) => {
    const [action, table = ''] = right.split(' ');
    const [role = '', ...index] = table.split('/');
    return !allowed.has(`${action} ${[settings.tables[role as keyof TableNames], ...index].join('/')}`);
  });
}

/** A client whose calls are noted, and the notes. */
function noted(): { client: DynamoDBClient; asked: ReadonlySet<string> } {
  const client = engineClient();
  return { client, asked: noteRights(client, names) };
}

/** Links and records that come, change, are shared, break and go, with both settings of held records. */
async function replicateEverything(client: DynamoDBClient): Promise<void> {
  const service = engineClient();
  for (const heldRecords of ['personal-link', 'hold'] as const) {
    const replication = replicationOver(client, names, { heldRecords });
    const items = [
      ['actuals', actual('r1', 'k1', '1')],
      ['links', link('l1', 'k1')],
      ['links', link('l2', 'k1', { linked_at: { S: '2023-01-01' } })],
      ['milestones', milestone('r1', 'k1', '2')],
      ['readings', { id: { S: 'r2' } }],
    ] as const;
    for (const [source, item] of items) {
      await putOld(service, names, source, item);
      await replicateStreamBatch(replication, source, [eventOf('1', { newImage: item })]);
    }
    // Several links of one KPI, and records that come together, are read and written in groups.
    const together = ['l3', 'l4', 'l5'].map((id) => link(id, id === 'l5' ? 'k3' : 'k1'));
    for (const item of together) await putOld(service, names, 'links', item);
    await replicateStreamBatch(
      replication,
      'links',
      together.map((item, at) => eventOf(`1${at}`, { newImage: item })),
    );
    const records = ['r4', 'r5', 'r6'].map((id) => actual(id, 'k1', '1'));
    for (const item of records) await putOld(service, names, 'actuals', item);
    await replicateStreamBatch(
      replication,
      'actuals',
      records.map((item, at) => eventOf(`2${at}`, { newImage: item })),
    );
    await replicateStreamBatch(replication, 'actuals', [eventOf('2', {})]);
    // Of a record without a touched-record row, that nothing came of.
    await replicateStreamBatch(replication, 'readings', [eventOf('3', { oldImage: actual('r3', 'k1', '1') })]);
    for (const [source, item] of [items[0], items[2]] as const) {
      const table = source === 'links' ? names.goalKpiLinks : names.kpiActuals;
      await service.send(new DeleteItemCommand({ TableName: table, Key: { id: { S: textOf(item, 'id') ?? '' } } }));
      await replicateStreamBatch(replication, source, [eventOf('4', { oldImage: item })]);
    }
  }
  const { control } = dynamoTables(client, names);
  const during = async () => ({ result: undefined, leftSinceMs: 1 });
  await new LagRecorder('actuals', 'one', control, Date.now).during(Date.now() - 60_000, during);
}

test.each(SOURCES)('replication asks for nothing that its function for %s may not', async (source) => {
  const { client, asked } = noted();
  await replicateEverything(client);
  expect([...asked]).toContain('dynamodb:ConditionCheckItem kpiData');
  expect(missing(asked, new RegExp(`^StreamSyncReplicate${source}Role`))).toEqual([]);
});

test('the standing validation asks for nothing that its function may not', async () => {
  const { client, asked } = noted();
  const { control } = dynamoTables(client, names);
  await replicateEverything(engineClient());
  const report = await validatePart({
    reads: dynamoValidationReads(client, names, async () => {}),
    heldRecords: 'hold',
    part: 0,
    parts: 1,
    pauseMs: 1,
    patienceMs: 0,
    findingsMax: 10,
    lagMs: async () => 0,
    nowMs: Date.now,
    sleep: async () => {},
    stop: new AbortController().signal,
  });
  expect(report.kpis).toBeGreaterThan(0);
  await writeRolling(control, afterPart(await readRolling(control, 1, 'now'), report, 'now'));
  expect(missing(asked, /^ValidationValidateRole/)).toEqual([]);
});

test.each(['hold', 'personal-link'] as const)(
  'the workflow asks for nothing that its function may not (%s)',
  async (heldRecords) => {
    const { client, asked } = noted();
    const service = engineClient();
    const items = [
      ['links', link('l1', 'k1')],
      ['links', link('l2', 'k1')],
      ['links', link('l3', 'k1')],
      ['links', { id: { S: 'l9' } }],
      ['actuals', actual('r1', 'k1', '1')],
      ['milestones', milestone('r1', 'k1', '2')],
      ['readings', { id: { S: 'r2' } }],
      ['actuals', actual('r3', 'k2', '1')],
    ] as const;
    for (const [source, item] of items) await putOld(service, names, source, item);
    await replicateStreamBatch(replicationOver(service, names, { heldRecords }), 'links', [
      eventOf('1', { newImage: items[0][1] }),
    ]);
    // The first run copies, the second one looks what is there.
    for (const group of ['first', 'second']) {
      const replication = replicationOver(client, names, { heldRecords });
      expect(await driveWorkflow(workflowOptions(replication, dynamoTables(client, names).data, group))).toMatchObject({
        kind: 'finished',
      });
    }
    for (const right of ['BatchWriteItem kpiData', 'BatchGetItem kpiData', 'Scan control', 'Scan kpiActuals']) {
      expect([...asked]).toContain(`dynamodb:${right}`);
    }
    expect(missing(asked, /^WorkflowWorkerRole/)).toEqual([]);
  },
);

test('the gate asks for nothing that its function may not', async () => {
  const { client, asked } = noted();
  const { control } = dynamoTables(client, names);
  await readEvidence({ control, quarantine: () => listUnaccepted(client, names) }, Date.now());
  expect(asked.size).toBeGreaterThan(0);
  expect(missing(asked, /^ReadFlagGate(Role|ReadsFlag)/)).toEqual([]);
});

test('reads ask for nothing of either side that their function may not', async () => {
  const { client, asked } = noted();
  await replicateEverything(engineClient());
  for (const side of [
    oldSide(dynamoOldReads(client, names), 'personal-link'),
    newSide(dynamoNewReads(client, names)),
  ]) {
    const reads = kpiReads((request) => side.read(request, new AbortController().signal));
    const tenantId = TENANT;
    await reads.linkById({ tenantId, linkId: 'l1' });
    await reads.linksByKpi({ tenantId, kpiId: 'k1' });
    await reads.linksByGoal({ tenantId, goalId: 'goal-of-l1' });
    await reads.linksByTenant({ tenantId });
    await reads.dataById({ tenantId, dataId: 'r1' });
    await reads.dataOfLink({ tenantId, linkId: 'l1' });
    await reads.latestActual({ tenantId, linkId: 'l1' });
    await reads.targetForDate({ tenantId, linkId: 'l1', date: '2024-12-31' });
  }
  expect(asked.size).toBeGreaterThan(5);
  expect(missing(asked, /^ReadPathReadKpiRole/)).toEqual([]);
});

test('what is asked and not allowed is told', () => {
  expect(missing(new Set(['dynamodb:PutItem goalKpiLinks']), /^StreamSyncReplicatelinksRole/)).toHaveLength(1);
});
