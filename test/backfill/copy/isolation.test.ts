import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeBackfill, describePlan } from '../../../backfill/commands/backfill/describe-backfill.ts';
import { executeRepair } from '../../../backfill/commands/repair/repair.ts';
import { type BackfillReport, runBackfill } from '../../../backfill/copy/backfill.ts';
import { planBackfill } from '../../../backfill/copy/plan.ts';
import { readEvidence } from '../../../functions/gate/evidence.ts';
import { missingEvidence } from '../../../functions/gate/missing-evidence.ts';
import type { Source } from '../../../functions/migration/sources.ts';
import type { AttributeValue, Item } from '../../../functions/model/attribute-value.ts';
import type { HeldRecords } from '../../../functions/model/kpi.ts';
import { readRun } from '../../../functions/tables/control/documents.ts';
import {
  acceptQuarantined,
  listQuarantine,
  listUnaccepted,
  readQuarantined,
} from '../../../functions/tables/control/quarantine-entries.ts';
import { readUnfinished } from '../../../functions/tables/control/unfinished-items.ts';
import { dynamoTables } from '../../../functions/tables/dynamo-tables.ts';
import { dynamoValidationReads } from '../../../functions/tables/dynamo-validation-reads.ts';
import { actual, link, milestone, TENANT } from '../../sync/fixtures.ts';
import { type Rule, refusingClient, writesOf } from '../../sync/refusing-client.ts';
import { ValidationBench } from '../../validation/engine-validation.ts';
import { backfillOptions, silent } from '../backfill-options.ts';

let bench: ValidationBench;
beforeEach(async () => {
  bench = await ValidationBench.create();
});

const never: Rule = () => undefined;

/** What the operator's commands work with, over a store with this rule. */
function over(rule: Rule, heldRecords: HeldRecords = 'hold') {
  const client = refusingClient(rule);
  const tables = dynamoTables(client, bench.names);
  return { client, tables, replication: { ...bench.replication, ...tables, heldRecords } };
}

function backfill(rule: Rule = never, changes = {}): Promise<BackfillReport> {
  const { tables, replication } = over(rule);
  return runBackfill({ ...backfillOptions({ replication, data: tables.data }), segments: 1, ...changes });
}

const kept = (source: Source, id: string) => readQuarantined(bench.tables.transactions, source, id);
const quarantine = async () =>
  (await Array.fromAsync(listQuarantine(bench.client, bench.names))).map(
    ({ source, id, reason }) => `${source} ${id}: ${reason.refusal ?? reason.code}`,
  );
async function rowIds(table: 'kpiLinks' | 'kpiData'): Promise<string[]> {
  const { items } = await bench.tables.data.scan(table, { segment: 0, totalSegments: 1 });
  return items.map(({ id }) => (id as { S: string }).S).sort();
}
const unfinished = async () =>
  (await readUnfinished(bench.tables.control)).map(({ kind, id, code }) => `${kind} ${id}: ${code}`);

/** Refuses whatever puts a row of this record or link, by whichever call. */
const rowsOf = (id: string): Rule => {
  const isRow = (text: string) => text.includes(`"S":"${id}"`);
  return (request) => {
    const { kpiData, kpiLinks } = bench.names;
    return writesOf(request).some(
      ({ table, kind, text }) => [kpiData, kpiLinks].includes(table) && kind === 'Put' && isRow(text),
    )
      ? 'ValidationException'
      : undefined;
  };
};
const anyOf =
  (...rules: readonly Rule[]): Rule =>
  (request) =>
    rules.map((rule) => rule(request)).find((refusal) => refusal !== undefined);
/** Refuses every transaction about it, so that it can neither be replicated nor quarantined. */
const allOf = (id: string): Rule =>
  anyOf(rowsOf(id), ({ name, text }) =>
    name === 'TransactWriteItems' && text.includes(id) ? 'ValidationException' : undefined,
  );

/** 30 actuals of one KPI with a link, one of them odd; a page of two batches. */
const actuals = () => [
  ...Array.from({ length: 14 }, (_, at) => actual(`a${at}`, 'k1', `${at}`)),
  actual('odd', 'k1', '13'),
  ...Array.from({ length: 15 }, (_, at) => actual(`b${at}`, 'k1', `${at}`)),
];
const otherIds = () =>
  actuals()
    .map(({ id }) => (id as { S: string }).S)
    .filter((id) => id !== 'odd')
    .sort();

const passOf = (report: BackfillReport, pass: string) => report.passes.find((each) => each.pass === pass)?.tally;

describe('items that are odd of themselves', () => {
  function nested(depth: number): AttributeValue {
    return depth === 0 ? { S: 'x' } : { M: { a: nested(depth - 1) } };
  }
  const reading = (id: string, changes: Item): Item => ({
    id: { S: id },
    tenant_id: { S: TENANT },
    kpi_id: { S: 'k1' },
    reading_date: { S: '2024-02-01' },
    recorded_by: { S: 'user-1' },
    recorded_at: { S: '2024-02-01T00:00:00Z' },
    ...changes,
  });

  test('stop neither plan nor backfill nor validation, and quarantine holds them whole', async () => {
    const content = {
      links: [link('nobody', 'k2', { created_by: { S: '' } }), link('l1', 'k1')],
      readings: [
        reading('deep', { odd: nested(31) }),
        reading('large', { odd: { B: new Uint8Array(randomBytes(409_300)) } }),
        reading('good', { value: { N: '1' } }),
      ],
      actuals: actuals(),
    };
    await bench.load({ links: content.links, actuals: content.actuals });
    for (const item of content.readings) await bench.put('kpiReadings', item);

    const { replication } = over(never);
    const plan = await planBackfill({ ...PLAN, old: replication.old });
    expect(plan.quarantineReasons).toEqual(
      new Map([
        ['no-person', 1],
        ['missing-attribute', 2],
      ]),
    );
    const report = await backfill();
    expect(report).toMatchObject({ state: 'finished', unfinished: [] });
    expect(await rowIds('kpiData')).toEqual([...otherIds(), 'good', 'odd'].sort());
    expect((await kept('readings', 'deep'))?.image).toEqual(content.readings[0]);
    expect((await kept('readings', 'large'))?.image).toEqual(content.readings[1]);
    expect((await kept('links', 'nobody'))?.image).toEqual(content.links[0]);
    expect((await bench.validate()).report).toMatchObject({ verdict: 'agree', counts: { quarantined: 3 } });
  });
});

const PLAN = {
  heldRecords: 'hold',
  segments: 1,
  concurrency: 8,
  progress: silent,
  itemCountEstimates: {},
  stop: new AbortController().signal,
} as const;

describe('a backfill that meets a record that the store refuses', () => {
  beforeEach(() =>
    bench.load({ links: [link('l1', 'k1')], actuals: actuals(), milestones: [milestone('m1', 'k1', '1')] }),
  );

  test('copies the others of its batch and quarantines that one', async () => {
    const report = await backfill(rowsOf('odd'));
    expect(report).toMatchObject({ state: 'finished', unfinished: [] });
    expect(passOf(report, 'actuals')).toMatchObject({
      scanned: 30,
      copied: 29,
      quarantined: 1,
      unfinished: { count: 0 },
    });
    expect(await rowIds('kpiData')).toEqual([...otherIds(), 'm1']);
    expect(await kept('actuals', 'odd')).toMatchObject({ image: actual('odd', 'k1', '13') });
    expect(await quarantine()).toEqual(['actuals odd: ValidationError']);
  });

  test('quarantines that one where reads of its page are refused for its sake', async () => {
    const reads: Rule = ({ name, text }) =>
      name === 'BatchGetItem' && text.includes('"odd"') ? 'ValidationException' : undefined;
    // Of each source by a process of its own, which does not know the ids of the others.
    for (const phase of ['links', 'milestones', 'actuals'] as const) await backfill(reads, { phase });
    const report = await backfill(reads, { phase: 'readings' });
    expect(report).toMatchObject({ state: 'finished' });
    expect(await rowIds('kpiData')).toEqual([...otherIds(), 'm1']);
    expect(await quarantine()).toEqual(['actuals odd: ValidationException']);
  });

  test('sweeps past one that became odd after it was touched live', async () => {
    const { replication } = over(never);
    const { replicateRecords } = await import('../../../functions/sync/replicate-records.ts');
    await replicateRecords(replication, [
      { id: 'odd', kpis: [{ tenantId: TENANT, kpiId: 'k1' }], sources: ['actuals'] },
    ]);
    const report = await backfill(rowsOf('odd'));
    expect(report).toMatchObject({ state: 'finished' });
    expect(await rowIds('kpiData')).toEqual([...otherIds(), 'm1']);
    expect(await quarantine()).toEqual(['actuals odd: ValidationError']);
  });

  test('takes it up again in a later run, and then it leaves quarantine', async () => {
    await backfill(rowsOf('odd'));
    expect(await backfill()).toMatchObject({ state: 'finished' });
    expect(await quarantine()).toEqual([]);
    expect(await rowIds('kpiData')).toEqual([...otherIds(), 'm1', 'odd'].sort());
  });

  test('ends with the failure where it is of the whole', async () => {
    const denied: Rule = (request) => (rowsOf('odd')(request) ? 'AccessDeniedException' : undefined);
    await expect(backfill(denied)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await quarantine()).toEqual([]);
  });
});

describe('a backfill that can neither copy nor quarantine a record', () => {
  beforeEach(() => bench.load({ links: [link('l1', 'k1')], actuals: actuals() }));

  test('copies the others, names it, and is not finished', async () => {
    const report = await backfill(allOf('odd'));
    expect(report).toMatchObject({
      state: 'unfinished',
      unfinished: [{ kind: 'actuals', id: 'odd', code: 'ValidationError' }],
    });
    expect(passOf(report, 'actuals')?.unfinished).toEqual({
      count: 1,
      named: [{ kind: 'actuals', id: 'odd', code: 'ValidationError' }],
    });
    expect(await rowIds('kpiData')).toEqual(otherIds());
    const lines = describeBackfill(report, { region: 'us-east-1', backfill: {} as never }).join('\n');
    expect(lines).toContain('  actuals odd: ValidationError');
    expect(lines).toContain('Everything else is copied and swept.');
    expect((await readRun(bench.tables.control))?.finishedAt).toBeUndefined();
  });

  test('keeps the gate shut, and says for what', async () => {
    await backfill(allOf('odd'));
    const reads = { control: bench.tables.control, quarantine: () => listUnaccepted(bench.client, bench.names) };
    const missing = missingEvidence(
      await readEvidence(reads, Date.now()),
      { reportAgeMaxMs: 1, lagMaxMs: 1 },
      Date.now(),
    );
    expect(missing).toContainEqual({
      code: 'ITEMS_UNFINISHED',
      message: '1 items could neither be replicated nor quarantined: actuals odd.',
      nextStep: 'kpi-migrate backfill --execute',
    });
  });

  test('goes on with that item alone when it is run again, and finishes when it is dealt with', async () => {
    await backfill(allOf('odd'));
    let scans = 0;
    const counting: Rule = ({ name }) => {
      if (name === 'Scan') scans += 1;
      return undefined;
    };
    expect(await backfill(anyOf(counting, allOf('odd')))).toMatchObject({ state: 'unfinished' });
    expect(scans).toBe(0);
    expect(await backfill(rowsOf('odd'))).toMatchObject({ state: 'finished', unfinished: [] });
    expect(await quarantine()).toEqual(['actuals odd: ValidationError']);
    expect(await unfinished()).toEqual([]);
    expect((await readRun(bench.tables.control))?.finishedAt).toBeTypeOf('string');
  });

  test('deals with it also when it has gone', async () => {
    await backfill(allOf('odd'));
    await bench.remove('kpiActuals', 'odd');
    expect(await backfill()).toMatchObject({ state: 'finished', unfinished: [] });
    expect(await rowIds('kpiData')).toEqual(otherIds());
  });

  test('names it for a phase alone, too', async () => {
    await backfill(never, { phase: 'links' });
    const report = await backfill(allOf('odd'), { phase: 'actuals' });
    expect(report).toMatchObject({ state: 'sweep-due', unfinished: [{ id: 'odd' }] });
  });
});

describe('a backfill that meets a link', () => {
  const links = () => [link('l1', 'k1'), link('odd', 'k1', { created_by: { S: 'user-of-odd' } }), link('l2', 'k2')];
  beforeEach(() => bench.load({ links: links(), actuals: [actual('a1', 'k1', '1'), actual('a2', 'k2', '2')] }));
  const lookUp: Rule = ({ name, text }) =>
    name === 'Query' && text.includes('user-of-odd') ? 'ValidationException' : undefined;

  test('whose row is refused quarantines it and copies the others', async () => {
    const report = await backfill(rowsOf('odd'));
    expect(report).toMatchObject({ state: 'finished', unfinished: [] });
    expect(passOf(report, 'links')).toMatchObject({ scanned: 3, copied: 2, quarantined: 1 });
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2']);
    expect(await rowIds('kpiData')).toEqual(['a1', 'a2']);
    expect((await bench.validate()).report).toMatchObject({ verdict: 'agree', counts: { quarantined: 1 } });
  });

  test('whose look-up is refused quarantines it and copies the others, where it asks for each', async () => {
    await bench.remove('goalKpiLinks', 'odd');
    await backfill();
    await bench.load({ links: [...links(), link('l3', 'k1')] });
    const report = await backfill(lookUp);
    expect(report).toMatchObject({ state: 'finished', unfinished: [] });
    expect(passOf(report, 'links')).toMatchObject({ scanned: 4, copied: 1, present: 2, quarantined: 1 });
    expect(await quarantine()).toEqual(['links odd: ValidationException']);
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2', 'l3']);
  });

  test('that cannot even be quarantined names it, and finishes when it can', async () => {
    const report = await backfill(allOf('"odd"'));
    expect(report).toMatchObject({ state: 'unfinished', unfinished: [{ kind: 'links', id: 'odd' }] });
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2']);
    expect(await backfill()).toMatchObject({ state: 'finished', unfinished: [] });
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2', 'odd']);
    // The records' rows under the late link as well.
    expect(await rowIds('kpiData')).toHaveLength(3);
    expect((await bench.validate()).report.verdict).toBe('agree');
  });

  test('in a plan counts it as what it would be', async () => {
    const plan = await planBackfill({ ...PLAN, old: over(lookUp).replication.old });
    expect(plan).toMatchObject({
      sources: { links: { copied: 2, quarantined: 1 } },
      rows: { kpiLinks: 2, kpiData: 2 },
    });
    expect(plan.quarantineReasons).toEqual(new Map([['refused', 1]]));
    expect(describePlan(plan, { region: 'us-east-1', backfill: {} as never }).join('\n')).toContain('refused 1');
  });
});

describe('what others keep changing', () => {
  beforeEach(() =>
    bench.load({
      links: [link('l1', 'k1')],
      actuals: [...actuals(), actual('bad', 'k1', '1', { actual_value: { S: 'x' } })],
    }),
  );

  /** Lets others be quicker with one record, so often. */
  const contended = (times: number) => {
    const { tables, replication } = over(never);
    let left = times;
    const write: typeof tables.transactions.write = async (writes) => {
      if (!JSON.stringify(writes).includes('record#bad') || left === 0) return tables.transactions.write(writes);
      left -= 1;
      return false;
    };
    const transactions = { ...tables.transactions, write };
    return backfillOptions({ replication: { ...replication, transactions }, data: tables.data });
  };

  test('is tried again after pauses, and then it is done', async () => {
    const pauses: number[] = [];
    const options = contended(60);
    const sleep: typeof options.sleep = async (ms, signal) => {
      pauses.push(ms);
      return options.sleep(ms, signal);
    };
    expect(await runBackfill({ ...options, sleep })).toMatchObject({ state: 'finished' });
    expect(pauses.filter((ms) => ms === 500 || ms === 2_000)).toEqual([500, 2_000]);
    expect(await quarantine()).toEqual(['actuals bad: wrong-type']);
  });

  test('is unfinished after that', async () => {
    const report = await runBackfill(contended(Number.POSITIVE_INFINITY));
    expect(report).toMatchObject({
      state: 'unfinished',
      unfinished: [{ kind: 'actuals', id: 'bad', code: 'CONTENTION' }],
    });
    expect(await rowIds('kpiData')).toHaveLength(30);
    expect(await backfill()).toMatchObject({ state: 'finished' });
  });
});

describe('a validation', () => {
  beforeEach(() => bench.load({ links: [link('l1', 'k1')], actuals: actuals() }));

  test('takes a refused item for quarantined, by its buckets and one by one, until it changes', async () => {
    await backfill(rowsOf('odd'));
    expect((await bench.validate()).report).toMatchObject({
      verdict: 'agree',
      counts: { quarantined: 1, expected: 30, found: 30, missing: 0 },
    });
    // Another difference in the same bucket has every row of it looked at.
    await bench.remove('kpiData', 'a1');
    const { report, comparison } = await bench.validate();
    expect(comparison.proven.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['a1 missing']);
    expect(report.counts).toMatchObject({ quarantined: 1, missing: 1 });

    await bench.put('kpiActuals', actual('odd', 'k1', '14'));
    const changed = await bench.validate();
    expect(changed.comparison.proven.map(({ table, id, kind }) => `${table} ${id} ${kind}`).sort()).toEqual([
      'kpiData a1 missing',
      'kpiData odd missing',
      'quarantine odd extra',
    ]);
    expect(await bench.repair(changed.comparison.proven)).toEqual([]);
    expect((await bench.validate()).report.verdict).toBe('agree');
  });

  test('does not excuse an item that is in quarantine by its name only', async () => {
    const nameOnly: Rule = (request) =>
      writesOf(request).some(({ text }) => text.includes('image_sha256') && text.includes('odd'))
        ? 'ValidationException'
        : undefined;
    await backfill(anyOf(rowsOf('odd'), nameOnly));
    expect(await quarantine()).toEqual(['actuals odd: ValidationError']);
    const { comparison } = await bench.validate();
    expect(comparison.proven.map(({ table, id, kind }) => `${table} ${id} ${kind}`).sort()).toEqual([
      'kpiData odd missing',
      'quarantine odd extra',
    ]);
  });

  test('finds a row that is there beside the entry of its refused item', async () => {
    await backfill(rowsOf('odd'));
    const { items } = await bench.tables.data.scan('kpiData', { segment: 0, totalSegments: 1 });
    await bench.put('kpiData', { ...(items[0] as Item), id: { S: 'odd' } });
    const { comparison } = await bench.validate();
    expect(comparison.proven.map(({ id, kind }) => `${id} ${kind}`)).toEqual(['odd extra']);
  });

  test('goes on past an item that it cannot examine, names it, and is inconclusive', async () => {
    await backfill();
    await bench.remove('kpiData', 'a1');
    const reads = dynamoValidationReads(refusingClient(never), bench.names, async () => {});
    const broken = (item: Item): Item =>
      (item.id as { S: string }).S === 'odd' ? { ...item, note: null as never } : item;
    const odd = {
      ...reads,
      scan: async (...given: Parameters<typeof reads.scan>) => {
        const page = await reads.scan(...given);
        return given[0] === 'kpiActuals' ? { ...page, items: page.items.map(broken) } : page;
      },
      readItems: async (...given: Parameters<typeof reads.readItems>) => {
        const items = await reads.readItems(...given);
        return given[0] === 'kpiActuals' ? new Map([...items].map(([id, item]) => [id, broken(item)])) : items;
      },
    };
    const { report, comparison } = await bench.validate({ reads: odd });
    expect(comparison.unexamined).toContainEqual({ name: 'actuals odd', code: 'TypeError' });
    expect(report.reasons.join(' ')).toContain('could not be examined: actuals odd (TypeError)');
    // The row that is missing is still found.
    expect(comparison.proven.map(({ id, kind }) => `${id} ${kind}`)).toContain('a1 missing');
  });

  test.each<[string, (text: string) => boolean, string]>([
    ['a read by key', (text) => text.includes('"odd"'), 'kpiActuals odd'],
    ['a listing', (text) => text.includes('"k1"') && text.includes('kpi-index'), `KPI ${TENANT} k1`],
  ])('names what %s is refused for', async (_, isOdd, name) => {
    await backfill();
    await bench.remove('kpiData', 'a1');
    const rule: Rule = ({ name: call, text }) =>
      ['BatchGetItem', 'Query'].includes(call) && isOdd(text) ? 'ValidationException' : undefined;
    const reads = dynamoValidationReads(refusingClient(rule), bench.names, async () => {});
    const { report, comparison } = await bench.validate({ reads });
    expect(comparison.unexamined).toContainEqual({ name, code: 'ValidationException' });
    expect(['inconclusive', 'disagree']).toContain(report.verdict);
    expect(comparison.proven.map(({ id }) => id)).not.toContain('odd');
  });
});

test('the gate waits for a person to accept a refused item, as for any other in quarantine', async () => {
  await bench.load({ links: [link('l1', 'k1')], actuals: actuals() });
  await backfill(rowsOf('odd'));
  const reads = { control: bench.tables.control, quarantine: () => listUnaccepted(bench.client, bench.names) };
  expect((await readEvidence(reads, Date.now())).unaccepted).toEqual(['actuals odd']);
  const found = await kept('actuals', 'odd');
  if (found)
    await acceptQuarantined(bench.client, bench.names, found.entry, { by: 'Ada', at: '2026-01-01T00:00:00.000Z' });
  expect((await readEvidence(reads, Date.now())).unaccepted).toEqual([]);
});

test('a repair goes on past a record that is refused, and past one that cannot be quarantined', async () => {
  await bench.load({ links: [link('l1', 'k1')], actuals: actuals() });
  await backfill();
  for (const id of ['a1', 'odd', 'b1']) await bench.remove('kpiData', id);
  const { comparison } = await bench.validate();
  const { replication } = over(allOf('odd'));
  const options = bench.options();
  const left = await executeRepair(
    { replication, reads: options.reads, patience: options as never },
    comparison.proven,
  );
  expect(left.unfinished).toMatchObject([{ kind: 'records', id: 'odd' }]);
  expect(left.proven.map(({ id }) => id)).toEqual(['odd']);
  expect(await rowIds('kpiData')).toEqual(otherIds());

  const refusing = over(rowsOf('odd'));
  const then = await executeRepair(
    { replication: refusing.replication, reads: options.reads, patience: options as never },
    left.proven,
  );
  expect(then).toMatchObject({ unfinished: [], proven: [] });
  expect(await quarantine()).toEqual(['actuals odd: ValidationError']);
});
