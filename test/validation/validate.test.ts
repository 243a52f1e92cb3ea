import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { mappingHash } from '../../functions/migration/mapping-hash.ts';
import { latestReport, reportHistory, VALIDATION_PARTITION } from '../../functions/tables/control/validation-report.ts';
import { connect } from '../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../functions/tables/dynamo-validation-reads.ts';
import type { ReadTable, ValidationReads } from '../../functions/tables/validation-reads.ts';
import { proveItself } from '../../functions/validation/self-proof.ts';
import { oldItems } from '../backfill/old-items.ts';
import { ValidationBench } from './engine-validation.ts';
import { SCANNED } from './read-meter.ts';
import { richContent } from './rich-content.ts';

let bench: ValidationBench;

beforeEach(async () => {
  bench = await ValidationBench.create();
});

async function migrated(kpis = 4): Promise<void> {
  bench = await ValidationBench.migrated(richContent(kpis));
}

/** The reads, with the pages of each table's scan counted and `before` called at each. */
function watched(before: (table: ReadTable, pages: number) => void): {
  reads: ValidationReads;
  pages: Map<string, number>;
} {
  const pages = new Map<string, number>();
  const { reads } = bench.options();
  return {
    pages,
    reads: {
      ...reads,
      async scan(table, position) {
        pages.set(table, (pages.get(table) ?? 0) + 1);
        before(table, pages.get(table) ?? 0);
        return reads.scan(table, { ...position, limit: 5 });
      },
    },
  };
}

describe('a validation', () => {
  test('of tables that are as they should be agrees, and keeps its report', async () => {
    await bench.load(oldItems(40));
    await bench.backfill();

    const { report } = await bench.validate({ prove: proveItself });

    expect(report).toMatchObject({ verdict: 'agree', reasons: [], coverage: 1, mappingHash: mappingHash() });
    expect(report.rowsCompared).toBeGreaterThan(100);
    expect(report.counts).toMatchObject({
      missing: 0,
      extra: 0,
      different: 0,
      inFlight: 0,
      quarantined: 3,
      warnings: 1,
    });
    expect(report.counts.expected).toBe(report.counts.found);
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    const kept = await latestReport(bench.tables.control);
    expect(kept).toMatchObject({ verdict: 'agree', runId: report.runId, at: report.at, counts: report.counts });
    expect(await reportHistory(bench.tables.control)).toEqual([kept]);
  });

  test('tells its counts by table and tenant', async () => {
    await migrated(6);
    const { report } = await bench.validate();
    expect(report.lines.map(({ rows, tenantId, expected, found }) => [rows, tenantId, expected, found])).toEqual(
      ['links', 'targets', 'actuals'].flatMap((rows) =>
        [0, 1, 2].map((tenant) => {
          const count = rows === 'actuals' ? 8 : 4;
          return [rows, `tenant-${tenant}`, count, count];
        }),
      ),
    );
  });

  test('of nothing is no agreement', async () => {
    const { report } = await bench.validate();
    expect(report).toMatchObject({ verdict: 'inconclusive', rowsCompared: 0 });
    expect(report.reasons.join()).toMatch(/no row to compare/);
  });

  test('of tables that were never copied disagrees, row for row', async () => {
    await bench.load(richContent(4));
    const { report } = await bench.validate();
    expect(report).toMatchObject({ verdict: 'disagree', counts: { expected: 32, found: 0, missing: 32 } });
  });

  test('stops looking when there is more than can be told, and says so', async () => {
    await bench.load(richContent(30));
    const { report, comparison } = await bench.validate({ findingsMax: 50 });
    expect(report.verdict).toBe('disagree');
    expect(comparison.proven.length).toBeLessThan(240);
    expect(report.reasons.join()).toMatch(/not looked into/);
    expect(report.coverage).toBeLessThan(1);
  });

  test.each(['kpiData', 'kpiMilestones', 'people', 'goalKpiLinks'] as const)(
    'without the table %s is inconclusive, and names it',
    async (table) => {
      await migrated(1);
      await bench.client.send(new DeleteTableCommand({ TableName: bench.names[table] }));
      const { report } = await bench.validate();
      expect(report.verdict).toBe('inconclusive');
      expect(report.reasons.join()).toContain(bench.names[table]);
      expect(await latestReport(bench.tables.control)).toMatchObject({ verdict: 'inconclusive' });
    },
  );

  test('that is throttled for good is inconclusive, and goes on from its checkpoint when it is run again', async () => {
    await migrated();
    const refusing = watched((table) => {
      if (table === 'kpiData')
        throw Object.assign(new Error('Slow down.'), { name: 'ProvisionedThroughputExceededException' });
    });
    const { report } = await bench.validate({ reads: refusing.reads });
    expect(report.verdict).toBe('inconclusive');
    expect(report.reasons.join()).toMatch(/refused to be read/);

    const again = watched(() => {});
    const second = await bench.validate({ reads: again.reads });
    expect(second.report).toMatchObject({ verdict: 'agree', runId: report.runId, at: report.at });
    expect(again.pages.get('kpiActuals')).toBeUndefined();
  });

  test('overcomes a throttled page', async () => {
    const client = connect({ region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    const mock = mockClient(client);
    mock
      .on(ScanCommand)
      .rejectsOnce(Object.assign(new Error('Slow down.'), { name: 'ThrottlingException' }))
      .resolves({ Items: [{ id: { S: '1' } }], ConsumedCapacity: { CapacityUnits: 3 } });
    const units: number[] = [];
    const reads = dynamoValidationReads(client, bench.names, async (count) => {
      units.push(count);
    });
    expect((await reads.scan('kpiData', { segment: 0, totalSegments: 1 })).items).toHaveLength(1);
    expect(units).toEqual([3]);
  });

  test('finds rows that someone else wrote into the new tables, however odd', async () => {
    await migrated(2);
    await bench.put('kpiLinks', { id: { S: 'odd-1' } });
    await bench.put('kpiLinks', {
      id: { S: 'odd-2' },
      tenant_id: { S: 'nobody' },
      kpi_id: { S: 'nothing' },
      weight: { NULL: true },
    });
    await bench.put('kpiData', { id: { S: 'odd-3' } });
    await bench.put('kpiData', {
      id: { S: 'odd-4' },
      kpi_link_id: { S: 'nowhere' },
      list: { L: [{ M: { a: { NS: ['1'] } } }] },
    });
    await bench.put('kpiData', { id: { S: 'actual-1' }, kpi_link_id: { S: 'odd-1' }, data_category: { N: '1' } });

    const { report, comparison } = await bench.validate();

    expect(report.verdict).toBe('disagree');
    expect(comparison.proven.map(({ id, kind }) => `${id} ${kind}`).sort()).toEqual([
      'actual-1 different',
      'odd-1 extra',
      'odd-2 extra',
      'odd-3 extra',
      'odd-4 extra',
    ]);
    expect(await bench.repair(comparison.proven)).toEqual([]);
    expect((await bench.validate()).report.verdict).toBe('agree');
  });
});

describe('a phase', () => {
  test('is validated by itself while the others are still to be copied', async () => {
    await migrated(3);
    for (const id of ['reading-0', 'reading-1', 'milestone-2']) await bench.remove('kpiData', id);

    const links = await bench.validate({ phase: 'links' });
    const milestones = await bench.validate({ phase: 'milestones' });
    const actuals = await bench.validate({ phase: 'actuals' });
    const readings = await bench.validate({ phase: 'readings' });

    expect(links.report).toMatchObject({ verdict: 'agree', rowsCompared: 6, coverage: 0.25 });
    expect(milestones.report).toMatchObject({ verdict: 'disagree', rowsCompared: 6, counts: { missing: 1 } });
    expect(actuals.report).toMatchObject({ verdict: 'agree', counts: { missing: 0 } });
    expect(readings.report).toMatchObject({ verdict: 'disagree', counts: { missing: 2 } });
  });

  test('does not stand for the whole', async () => {
    await migrated(1);
    await bench.validate({ phase: 'links' });
    expect(await latestReport(bench.tables.control)).toBeUndefined();
  });
});

describe('an interrupted validation', () => {
  test.each(SCANNED)('goes on to the same verdict after a stop while %s is scanned', async (table) => {
    await migrated(6);
    await bench.remove('kpiData', 'actual-3');
    const stop = new AbortController();
    const first = watched((scanned, pages) => {
      if (scanned === table && pages === 2) stop.abort();
    });
    await expect(bench.validate({ reads: first.reads, stop: stop.signal, checkpointMs: 0 })).rejects.toThrow(/abort/i);

    const { report, comparison } = await bench.validate({ reads: watched(() => {}).reads });

    expect(comparison.proven.map(({ id }) => id)).toEqual(['actual-3']);
    expect(report.counts).toMatchObject({ expected: 48, found: 47, missing: 1 });
  });

  test('scans no page of records twice', async () => {
    await migrated(12);
    const whole = watched(() => {});
    await bench.validate({ reads: whole.reads });
    const stop = new AbortController();
    const first = watched((table, pages) => {
      if (table === 'kpiData' && pages === 4) stop.abort();
    });
    await expect(bench.validate({ reads: first.reads, stop: stop.signal, checkpointMs: 0 })).rejects.toThrow(/abort/i);

    const second = watched(() => {});
    expect((await bench.validate({ reads: second.reads })).report.verdict).toBe('agree');

    for (const table of ['kpiMilestones', 'kpiActuals', 'kpiReadings', 'kpiData']) {
      expect((first.pages.get(table) ?? 0) + (second.pages.get(table) ?? 0)).toBe(whole.pages.get(table));
    }
  });

  test.each<[string, Parameters<ValidationBench['validate']>[0], RegExp | undefined]>([
    ['the same question', {}, undefined],
    ['another run of the backfill', { backfillRunId: 'another' }, /another run of the backfill/],
    ['another phase', { phase: 'actuals' }, /another question/],
    ['another day', { nowMs: () => Date.now() + 25 * 3_600_000 }, /older than 24 hours/],
  ])('is taken up only for the same question: %s', async (_name, changes, refusal) => {
    await migrated(1);
    const stop = new AbortController();
    const first = watched((table) => {
      if (table === 'kpiData') stop.abort();
    });
    await expect(bench.validate({ reads: first.reads, stop: stop.signal })).rejects.toThrow(/abort/i);

    const notes: string[] = [];
    const second = watched(() => {});
    await bench.validate({ reads: second.reads, note: (message) => notes.push(message), ...changes });

    expect(second.pages.has('kpiActuals')).toBe(refusal !== undefined);
    expect(notes[0]).toMatch(refusal ?? /Going on with validation/);
  });

  test('of another mapping is begun anew', async () => {
    await migrated(1);
    const stop = new AbortController();
    const first = watched((table) => {
      if (table === 'kpiData') stop.abort();
    });
    await expect(bench.validate({ reads: first.reads, stop: stop.signal })).rejects.toThrow(/abort/i);
    const row = (await bench.tables.control.get(VALIDATION_PARTITION, 'checkpoint')) ?? {};
    const header = String(row.header).replace(mappingHash(), 'f00d');
    await bench.tables.control.put(VALIDATION_PARTITION, 'checkpoint', { ...row, header });

    const notes: string[] = [];
    const { report } = await bench.validate({ note: (message) => notes.push(message) });

    expect(notes[0]).toMatch(/another mapping/);
    expect(report.verdict).toBe('agree');
  });

  test('that two processes take up goes on in one of them alone', async () => {
    await migrated(2);
    let other: Promise<unknown> | undefined;
    const first = watched((table) => {
      if (table === 'kpiActuals') other ??= bench.validate({ newToken: randomUUID });
    });
    await expect(
      bench.validate({
        reads: {
          ...first.reads,
          async scan(table, position) {
            const page = await first.reads.scan(table, position);
            await other;
            return page;
          },
        },
      }),
    ).rejects.toMatchObject({ code: 'VALIDATION_RUNNING' });
    expect((await latestReport(bench.tables.control))?.verdict).toBe('agree');
  });
});
