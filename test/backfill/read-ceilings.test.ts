import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { lagPause, serviceParts } from '../../backfill/read-ceilings.ts';
import { describeTables, type TableShape } from '../../functions/tables/dynamo/descriptions.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { settingsWith } from '../infra/synthesis.ts';

type Shape = Pick<TableShape, 'billing' | 'readUnitsPerSecond'>;

function ceilingFor(capacity: Shape, maxReadUnitsPerSecond?: number): number | undefined {
  const shape = { ...capacity, indexes: new Map() } as unknown as TableShape;
  const settings = settingsWith({ backfill: { ...(maxReadUnitsPerSecond && { maxReadUnitsPerSecond }) } });
  return serviceParts({ kpiActuals: shape }, settings).find(({ role }) => role === 'kpiActuals')?.ceiling;
}

describe('what a command may take from a table of the service', () => {
  test.each<[what: string, capacity: Shape, setting: number | undefined, units: number]>([
    ['a quarter of what is provisioned', { billing: 'provisioned', readUnitsPerSecond: 100 }, undefined, 25],
    ['at least one unit', { billing: 'provisioned', readUnitsPerSecond: 1 }, undefined, 1],
    [
      'no more than from a table without a limit',
      { billing: 'provisioned', readUnitsPerSecond: 40_000 },
      undefined,
      1_000,
    ],
    [
      'a quarter of what an on-demand table is limited to',
      { billing: 'on-demand', readUnitsPerSecond: 400 },
      undefined,
      100,
    ],
    ['a thousand units where nothing limits it', { billing: 'on-demand' }, undefined, 1_000],
    ['what the settings say', { billing: 'on-demand' }, 5_000, 5_000],
    [
      'what the settings say, though little is provisioned',
      { billing: 'provisioned', readUnitsPerSecond: 100 },
      80,
      80,
    ],
    ['not more than there is', { billing: 'provisioned', readUnitsPerSecond: 100 }, 5_000, 100],
  ])('%s', (_what, capacity, setting, units) => {
    expect(ceilingFor(capacity, setting)).toBe(units);
  });

  test('covers every table of the service, and none of the migration', () => {
    expect(
      serviceParts({}, settingsWith())
        .map(({ role }) => role)
        .sort(),
    ).toEqual(['goalKpiLinks', 'kpiActuals', 'kpiMilestones', 'kpiReadings', 'kpis', 'people']);
  });

  test('is less for an index that has less than its table', () => {
    const index = (capacity: object) => ({ status: 'ACTIVE', projects: 'ALL', key: {}, ...capacity });
    const indexes = new Map(Object.entries({ small: index({ readUnitsPerSecond: 20 }), unlimited: index({}) }));
    const shape = { billing: 'provisioned', readUnitsPerSecond: 400, indexes } as unknown as TableShape;
    const parts = serviceParts({ kpiActuals: shape }, settingsWith()).filter(({ role }) => role === 'kpiActuals');
    expect(parts.map(({ index: name, ceiling }) => [name, ceiling])).toEqual([
      [undefined, 100],
      ['small', 5],
      ['unlimited', 100],
    ]);
  });

  test('is read from the description of the table', async () => {
    const client = engineClient();
    const names = await createTestTables();
    const settings = settingsWith({ tables: names });
    const parts = async () =>
      serviceParts(await describeTables(client, names), settings).filter(({ role }) => role === 'people');
    // The engine's tables are on demand, without a limit.
    expect(await parts()).toMatchObject([
      { table: names.people, billing: 'on-demand', capacity: {}, ceiling: 1_000 },
      { index: 'linked-user-index', ceiling: 1_000 },
    ]);
    const units = (ReadCapacityUnits: number) => ({ ReadCapacityUnits, WriteCapacityUnits: 10 });
    await client.send(
      new UpdateTableCommand({
        TableName: names.people,
        BillingMode: 'PROVISIONED',
        ProvisionedThroughput: units(80),
        GlobalSecondaryIndexUpdates: [{ Update: { IndexName: 'linked-user-index', ProvisionedThroughput: units(8) } }],
      }),
    );
    expect(await parts()).toMatchObject([
      { billing: 'provisioned', capacity: { readUnitsPerSecond: 80, writeUnitsPerSecond: 10 }, ceiling: 20 },
      { index: 'linked-user-index', capacity: { readUnitsPerSecond: 8 }, ceiling: 2 },
    ]);
  });
});

describe('the pause of a scan', () => {
  /** A control table whose note of the lag is as old as given. */
  function pauseAt(lags: number[]) {
    let nowMs = Date.parse('2026-05-01T12:00:00Z');
    const notes: string[] = [];
    let looks = 0;
    const control = {
      list: async () => {
        const lagMs = lags[Math.min(looks, lags.length - 1)] ?? 0;
        looks += 1;
        const pendingSince = new Date(nowMs - lagMs).toISOString();
        return [{ sort: 'links#one', value: { pendingSince, expires_at: nowMs / 1_000 + 600 } }];
      },
    };
    const began = nowMs;
    const clock = {
      nowMs: () => nowMs,
      sleep: async (ms: number) => {
        nowMs += ms;
      },
    };
    const pause = lagPause(control, 60_000, (note) => notes.push(note), clock);
    return { pause, notes, waitedMs: () => nowMs - began, looks: () => looks };
  }

  test('is none while the streams keep up, and asks for that only now and then', async () => {
    const { pause, notes, waitedMs, looks } = pauseAt([30_000]);
    for (let page = 0; page < 100; page += 1) await pause();
    expect([notes, waitedMs(), looks()]).toEqual([[], 0, 1]);
  });

  test('lasts until the streams have caught up, and is told once', async () => {
    const { pause, notes, waitedMs } = pauseAt([90_000, 80_000, 70_000, 10_000]);
    await pause();
    expect(notes).toHaveLength(1);
    expect(waitedMs()).toBe(15_000);
  });

  test('has an end where a stream stands still', async () => {
    const { pause, waitedMs } = pauseAt([3_600_000]);
    await pause();
    expect(waitedMs()).toBe(60_000);
  });
});
