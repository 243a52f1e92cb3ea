import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { runBackfill } from '../../backfill/backfill.ts';
import { planBackfill } from '../../backfill/plan.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import type { Replication } from '../../functions/sync/replication.ts';
import { dynamoTables, type Tables } from '../../functions/tables/dynamo-tables.ts';
import type { TableNames } from '../../functions/tables/table-names.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { backfillOptions, silent } from './backfill-options.ts';
import { load, oldLink, oldRecord } from './old-items.ts';

const client = engineClient();
let names: TableNames;
let tables: Tables;
let replication: Replication;

beforeEach(async () => {
  names = await createTestTables();
  tables = dynamoTables(client, names);
  replication = {
    ...tables,
    newToken: randomUUID,
    nowMs: Date.now,
    remainingMs: () => Number.POSITIVE_INFINITY,
    heldRecords: 'hold',
    tokenRetentionDays: 30,
    recordConcurrency: 8,
  };
});

/** Members of every plain object. */
const PROTOTYPE_NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'toJSON', '__defineGetter__'];

function withAttributes(item: Item, attributeNames: readonly string[]): Item {
  return { ...item, ...Object.fromEntries(attributeNames.map((name) => [name, { S: name }])) };
}

describe('unknown attributes named like members of every object', () => {
  test.each([...PROTOTYPE_NAMES.map((name) => [name]), PROTOTYPE_NAMES].map((given) => [given.join(' '), given]))(
    '%s: the backfill copies the item and counts the name',
    async (_, given) => {
      await load(client, names, {
        links: [withAttributes(oldLink('link', 1, '2024-01-01'), given)],
        readings: [withAttributes(oldRecord('readings', 'reading', 1, '1'), given), oldRecord('readings', 'b', 1, '2')],
      });
      const plan = await planBackfill({
        old: tables.old,
        heldRecords: 'hold',
        segments: 1,
        concurrency: 4,
        progress: silent,
        itemCountEstimates: {},
        stop: new AbortController().signal,
      });
      expect(plan.rows).toEqual({ kpiLinks: 1, kpiData: 2 });
      const report = await runBackfill(backfillOptions({ replication, data: tables.data }));
      expect(report.state).toBe('finished');
      const counted = new Map(given.map((name) => [name, 1]));
      const tallyOf = (wanted: string) => report.passes.find(({ pass }) => pass === wanted)?.tally;
      expect(tallyOf('readings')).toMatchObject({ scanned: 2, copied: 2, unknownAttributes: counted });
      expect(tallyOf('links')?.unknownAttributes).toEqual(counted);
      expect(plan.sources.readings.unknownAttributes).toEqual(counted);
    },
  );
});
