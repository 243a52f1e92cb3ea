import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { executeRepair } from '../../backfill/commands/repair/repair.ts';
import { namingMissingTables } from '../../backfill/commands/validate/missing-tables.ts';
import { oldTableSchemas } from '../../backfill/local/cloud/old-table-schemas.ts';
import { failureOf } from '../../backfill/outcome.ts';
import type { TableRole } from '../../functions/migration/tables.ts';
import { latestReport } from '../../functions/tables/control/validation-report.ts';
import type { ReadTable, ValidationReads } from '../../functions/tables/validation-reads.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import type { ValidationOptions } from '../../functions/validation/validate.ts';
import { readSettings } from '../../infra/settings-file.ts';
import { ValidationBench } from './engine-validation.ts';
import { richContent } from './rich-content.ts';

let bench: ValidationBench;
const content = richContent(6);

beforeEach(async () => {
  bench = await ValidationBench.migrated(content);
});

/** Deletes the table, once however often it is called. */
function vanishing(table: TableRole): () => Promise<void> {
  let deleted: Promise<unknown> | undefined;
  return async () => {
    deleted ??= bench.client.send(new DeleteTableCommand({ TableName: bench.names[table] }));
    await deleted;
  };
}

/** Pages of five items, and what is to happen before a page of a table, or before the first read by key. */
function readsThat(before: { scan?: (table: ReadTable, page: number) => Promise<void>; read?: () => Promise<void> }) {
  const { reads } = bench.options();
  const pages = new Map<string, number>();
  return {
    ...reads,
    async scan(table, position) {
      pages.set(table, (pages.get(table) ?? 0) + 1);
      await before.scan?.(table, pages.get(table) ?? 0);
      return reads.scan(table, { ...position, limit: 5 });
    },
    async readItems(table, ids) {
      await before.read?.();
      return reads.readItems(table, ids);
    },
  } satisfies ValidationReads;
}

describe('a table that vanishes while a validation', () => {
  type Case = [stage: string, table: TableRole, options: (vanish: () => Promise<void>) => Partial<ValidationOptions>];
  const scanning = (table: ReadTable): Case => [
    `scans it (${table})`,
    table,
    (vanish) => ({
      reads: readsThat({ scan: async (scanned, page) => (scanned === table && page === 2 ? vanish() : undefined) }),
    }),
  ];
  test.each<Case>([
    scanning('people'),
    scanning('goalKpiLinks'),
    scanning('kpiLinks'),
    scanning('kpiReadings'),
    scanning('kpiData'),
    ['opens what differs', 'kpiActuals', (vanish) => ({ reads: readsThat({ read: vanish }) })],
    ['waits for the next look', 'kpiData', (vanish) => ({ sleep: vanish })],
    [
      'reads what it proves itself on',
      'kpiMilestones',
      (vanish) => ({ reads: readsThat({ read: vanish }), prove: proveItself }),
    ],
  ])(
    '%s makes the verdict inconclusive, for that reason alone, and nothing is half said',
    async (stage, table, options) => {
      if (!stage.startsWith('reads')) await bench.remove('kpiData', 'actual-3');

      const { report, comparison } = await bench.validate(options(vanishing(table)));

      expect(report).toMatchObject({ verdict: 'inconclusive', coverage: 0, rowsCompared: 0, checks: [], findings: [] });
      expect(report.reasons).toHaveLength(1);
      expect(report.reasons[0]).toContain(bench.names[table]);
      expect(report.reasons[0]).toContain('kpi-migrate preflight');
      expect(comparison.proven).toEqual([]);
      expect(await latestReport(bench.tables.control)).toMatchObject({ verdict: 'inconclusive', coverage: 0 });
    },
  );

  test('and comes back is another table: what was scanned of the former one is not gone on with', async () => {
    // All is scanned by then, and kept.
    const reads = readsThat({ read: vanishing('kpiActuals') });
    await bench.remove('kpiData', 'actual-3');
    expect((await bench.validate({ reads })).report.verdict).toBe('inconclusive');

    const schema = oldTableSchemas(bench.names).find(({ TableName }) => TableName === bench.names.kpiActuals);
    if (schema) await bench.client.send(new CreateTableCommand(schema));
    const { report } = await bench.validate();

    expect(report).toMatchObject({ verdict: 'disagree', counts: { extra: 11 } });
  });

  test('which is the control table ends it with an error that says so', async () => {
    const reads = readsThat({
      scan: async (table, page) => (table === 'kpiData' && page === 2 ? vanishing('control')() : undefined),
    });
    await expectMissing('control', () => bench.validate({ reads }));
  });
});

describe('a table that vanishes while a repair', () => {
  test.each<TableRole>(['kpiData', 'kpiLinks', 'kpiActuals', 'goalKpiLinks', 'control'])(
    'writes (%s) ends it with an error that says which, and what to run',
    async (table) => {
      for (const id of ['actual-1', 'reading-2', 'milestone-3']) await bench.remove('kpiData', id);
      await bench.remove('kpiLinks', 'link-4-a');
      const { proven } = (await bench.validate()).comparison;
      expect(proven.length).toBeGreaterThanOrEqual(4);
      const vanish = vanishing(table);
      let writes = 0;
      const { transactions } = bench.replication;
      const replication = {
        ...bench.replication,
        transactions: {
          ...transactions,
          async write(...given: Parameters<typeof transactions.write>) {
            writes += 1;
            if (writes === 2) await vanish();
            return transactions.write(...given);
          },
        },
      };
      const { reads, ...patience } = { ...bench.options(), lagMs: async () => 0 };

      await expectMissing(table, () => executeRepair({ replication, reads, patience }, proven));
      expect(writes).toBeGreaterThanOrEqual(2);
    },
  );
});

/** The error as the command tells it. */
async function expectMissing(table: TableRole, work: () => Promise<unknown>): Promise<void> {
  const environment = { client: bench.client, settings: { ...readSettings('local'), tables: bench.names } };
  const failed = await namingMissingTables(environment, 'kpi-migrate repair --execute', work).then(
    () => undefined,
    (error: unknown) => failureOf(error),
  );
  expect(failed).toMatchObject({ exitCode: 1, code: 'TABLE_MISSING' });
  expect(failed?.message).toBe(`${bench.names[table]} was missing while the command ran.`);
  expect(failed?.nextStep).toMatch(/kpi-migrate preflight\. .*kpi-migrate repair --execute$/);
}

test('an error of another kind stays as it is', async () => {
  const environment = { client: bench.client, settings: readSettings('local') };
  const error = new Error('something else', { cause: new Error('below') });
  const failing = () => Promise.reject(error);
  await expect(namingMissingTables(environment, 'kpi-migrate repair', failing)).rejects.toBe(error);
});
