import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Item } from '../../functions/model/attribute-value.ts';
import { RECORD_SOURCES, type Source } from '../../functions/model/sources.ts';
import { fanOut } from '../../functions/sync/fan-out.ts';
import { replicateStreamBatch } from '../../functions/sync/stream-batch.ts';
import { parseStreamEvent } from '../../functions/sync/stream-event.ts';
import { kpiPartition } from '../../functions/tables/control/control-rows.ts';
import { readQuarantined } from '../../functions/tables/control/quarantine-entries.ts';
import { readUnfinished } from '../../functions/tables/control/unfinished-items.ts';
import { dynamoTables } from '../../functions/tables/dynamo-tables.ts';
import type { TableNames } from '../../functions/tables/table-names.ts';
import { createTestTables, engineClient } from '../engine-client.ts';
import { actual, eventOf, link, milestone, putOld, replicationOver, rowsById, TENANT } from './fixtures.ts';
import { type Rule, refusingClient, writesOf } from './refusing-client.ts';

const client: DynamoDBClient = engineClient();
let names: TableNames;
beforeEach(async () => {
  names = await createTestTables();
});

const KPI = { tenantId: TENANT, kpiId: 'k1' };
const never: Rule = () => undefined;

async function put(source: Source, ...items: readonly Item[]): Promise<void> {
  for (const item of items) await putOld(client, names, source, item);
}

/** Replicates the items' events, as they are in the old table, over a store with this rule. */
function deliver(source: Source, items: readonly Item[], rule: Rule = never) {
  const events = items.map((newImage, at) => eventOf(String(at + 1), { newImage }));
  return replicateStreamBatch(replicationOver(refusingClient(rule), names), source, events);
}

const tables = () => dynamoTables(client, names);
const kept = (source: Source | 'events', id: string) => readQuarantined(tables().transactions, source, id);
const rowIds = async (table: 'kpiLinks' | 'kpiData') => [...(await rowsById(tables() as never, table)).keys()].sort();
const unfinished = async () =>
  (await readUnfinished(tables().control)).map(({ kind, id, code }) => `${kind} ${id}: ${code}`);

/** Refuses what puts a row with this text into a table. */
const puts =
  (table: 'kpiData' | 'kpiLinks' | 'control', text: string): Rule =>
  (request) =>
    writesOf(request).some((write) => write.table === names[table] && write.kind === 'Put' && write.text.includes(text))
      ? 'ValidationException'
      : undefined;
const anyOf =
  (...rules: readonly Rule[]): Rule =>
  (request) =>
    rules.map((rule) => rule(request)).find((refusal) => refusal !== undefined);

describe('a record that the store refuses', () => {
  const odd = () => actual('odd', 'k1', '13');
  const others = () => [actual('r1', 'k1', '1'), actual('r2', 'k1', '2')];
  beforeEach(async () => {
    await put('links', link('l1', 'k1'));
    await deliver('links', [link('l1', 'k1')]);
    await put('actuals', odd(), ...others());
  });
  const [first, second] = others() as [Item, Item];
  const batch = () => [first, odd(), second];

  test('goes into quarantine whole, holds up no other and is not delivered again', async () => {
    const result = await deliver('actuals', batch(), puts('kpiData', '"odd"'));

    expect(result).toMatchObject({
      failedSequenceNumbers: [],
      errors: [],
      unfinished: [],
      outcomes: { mapped: 2, quarantined: 1 },
      refused: [{ id: 'odd', error: { name: 'TransactionCanceledException' } }],
    });
    expect(await rowIds('kpiData')).toEqual(['r1', 'r2']);
    const entry = await kept('actuals', 'odd');
    expect(entry?.entry.reason).toMatchObject({ code: 'refused', refusal: 'ValidationError' });
    expect(entry?.image).toEqual(odd());
  });

  test('loses the rows that it had, all of them', async () => {
    await put('links', link('l2', 'k1'));
    await deliver('links', [link('l2', 'k1')]);
    await deliver('actuals', batch());
    expect(await rowIds('kpiData')).toHaveLength(6);
    await put('actuals', actual('odd', 'k1', '14'));
    await deliver('actuals', [odd()], puts('kpiData', '"14"'));
    expect(await rowIds('kpiData')).toHaveLength(4);
    expect((await kept('actuals', 'odd'))?.image?.actual_value).toEqual({ N: '14' });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['its next event', () => deliver('actuals', [odd()])],
    [
      'a fan-out of its KPI',
      async () => {
        await put('links', link('l2', 'k1'));
        return deliver('links', [link('l2', 'k1')]);
      },
    ],
  ])('leaves quarantine by %s once the store takes it', async (_, come) => {
    await deliver('actuals', batch(), puts('kpiData', '"odd"'));
    await come();
    expect(await kept('actuals', 'odd')).toBeUndefined();
    expect(await rowIds('kpiData')).toContain('odd');
  });

  test('stays in quarantine, as it was accepted, while it is refused', async () => {
    await deliver('actuals', batch(), puts('kpiData', '"odd"'));
    const before = await kept('actuals', 'odd');
    await deliver('actuals', batch(), puts('kpiData', '"odd"'));
    expect(await kept('actuals', 'odd')).toEqual(before);
  });

  test('leaves quarantine when it goes', async () => {
    await deliver('actuals', batch(), puts('kpiData', '"odd"'));
    const gone = { ...replicationOver(client, names), old: { ...tables().old, readRecords: async () => new Map() } };
    await replicateStreamBatch(gone, 'actuals', [eventOf('9', { oldImage: odd() })]);
    expect(await kept('actuals', 'odd')).toBeUndefined();
  });

  test('is kept by its digest where its image is refused, too', async () => {
    const rule = anyOf(puts('kpiData', '"odd"'), puts('control', 'quarantine-image#actuals#odd'));
    expect(await deliver('actuals', batch(), rule)).toMatchObject({ errors: [], unfinished: [] });
    const entry = await kept('actuals', 'odd');
    expect(entry).toMatchObject({ entry: { reason: { code: 'refused' }, image: { parts: 0 } }, image: undefined });
    await deliver('actuals', batch(), puts('kpiData', '"odd"'));
    expect((await kept('actuals', 'odd'))?.image).toEqual(odd());
  });

  test('is kept by its name where nothing of it can be written or deleted', async () => {
    await deliver('actuals', batch());
    await put('actuals', actual('odd', 'k1', '14'));
    const anyRow: Rule = (request) =>
      writesOf(request).some(({ table, text }) => table === names.kpiData && text.includes('"odd"'))
        ? 'ValidationException'
        : undefined;
    expect(await deliver('actuals', [odd()], anyRow)).toMatchObject({ errors: [], unfinished: [] });
    expect(await kept('actuals', 'odd')).toMatchObject({ entry: { reason: { code: 'refused' } }, image: undefined });
    expect((await kept('actuals', 'odd'))?.entry.image).toBeUndefined();
    await deliver('actuals', [odd()]);
    expect(await kept('actuals', 'odd')).toBeUndefined();
    expect((await rowsById(tables() as never, 'kpiData')).get('odd')?.post_value).toEqual({ N: '14' });
  });

  test.each<[string, Rule]>([
    [
      'its reads',
      ({ name, text }) => (name === 'BatchGetItem' && text.includes('"odd"') ? 'ValidationException' : undefined),
    ],
    [
      'its snapshot',
      ({ name, text }) =>
        name === 'TransactGetItems' && text.includes('kpiData') && text.includes('"odd"')
          ? 'ValidationException'
          : undefined,
    ],
  ])('is kept by its name where %s are refused', async (_, rule) => {
    expect(await deliver('actuals', batch(), rule)).toMatchObject({
      errors: [],
      unfinished: [],
      outcomes: { mapped: 2 },
    });
    expect((await kept('actuals', 'odd'))?.entry.reason).toMatchObject({
      code: 'refused',
      refusal: 'ValidationException',
    });
    expect(await rowIds('kpiData')).toEqual(['r1', 'r2']);
  });

  test('is given up and noted where even that is refused', async () => {
    const everything: Rule = (request) =>
      writesOf(request).some(({ text }) => text.includes('odd')) && request.name === 'TransactWriteItems'
        ? 'ValidationException'
        : undefined;
    const result = await deliver('actuals', batch(), everything);
    expect(result).toMatchObject({ failedSequenceNumbers: [], errors: [], outcomes: { mapped: 2, unfinished: 1 } });
    expect(result.unfinished).toMatchObject([{ kind: 'actuals', id: 'odd', kpis: [KPI], code: 'ValidationError' }]);
    expect(await unfinished()).toEqual(['actuals odd: ValidationError']);
    expect(await rowIds('kpiData')).toEqual(['r1', 'r2']);
  });

  test('is delivered again where not even a note can be written', async () => {
    const everything: Rule = (request) =>
      writesOf(request).some(({ text }) => text.includes('odd')) ? 'ValidationException' : undefined;
    const result = await deliver('actuals', batch(), everything);
    expect(result.failedSequenceNumbers).toEqual(['2']);
  });

  test.each(['AccessDeniedException', 'ThrottlingException', 'ResourceNotFoundException', 'InternalServerError'])(
    'is delivered again, and not quarantined, where the refusal is %s',
    async (refusal) => {
      const rule: Rule = (request) => (puts('kpiData', '"odd"')(request) ? refusal : undefined);
      const result = await deliver('actuals', batch(), rule);
      expect(result).toMatchObject({ failedSequenceNumbers: ['2'], outcomes: { mapped: 2 } });
      expect(await kept('actuals', 'odd')).toBeUndefined();
      expect(await unfinished()).toEqual([]);
    },
  );

  test('is tried as it is where it changed between the refusal and quarantine', async () => {
    let changed = false;
    const replication = replicationOver(refusingClient(puts('kpiData', '"13"')), names);
    const readRecords = async (ids: readonly string[]) => {
      const records = await replication.old.readRecords(ids);
      if (ids.includes('odd') && !changed) {
        changed = true;
        await put('actuals', actual('odd', 'k1', '15'));
      }
      return records;
    };
    const old = { ...replication.old, readRecords };
    await replicateStreamBatch({ ...replication, old }, 'actuals', [eventOf('1', { newImage: odd() })]);
    expect(await kept('actuals', 'odd')).toBeUndefined();
    expect((await rowsById(tables() as never, 'kpiData')).get('odd')?.post_value).toEqual({ N: '15' });
  });

  test('is quarantined where our own code fails at it', async () => {
    const replication = replicationOver(client, names);
    const readRecords = async (ids: readonly string[]) => {
      const records = await replication.old.readRecords(ids);
      const broken = { ...odd(), note: undefined as never };
      return new Map([...records].map(([id, base]) => [id, id === 'odd' ? { actuals: broken } : base]));
    };
    const events = batch().map((newImage, at) => eventOf(String(at), { newImage }));
    const old = { ...replication.old, readRecords };
    const result = await replicateStreamBatch({ ...replication, old }, 'actuals', events);
    expect(result).toMatchObject({ errors: [], unfinished: [], outcomes: { mapped: 2, quarantined: 1 } });
    expect((await kept('actuals', 'odd'))?.entry.reason).toMatchObject({ code: 'refused', refusal: 'TypeError' });
  });
});

describe('a link that the store refuses', () => {
  const odd = () => link('odd', 'k1');
  beforeEach(async () => {
    await put('links', odd(), link('l1', 'k1'), link('l2', 'k2'));
    await put('actuals', actual('r1', 'k1', '1'));
  });

  test.each<[string, (rule: (table: 'kpiLinks') => Rule) => Rule]>([
    ['its row', () => puts('kpiLinks', '"odd"')],
    [
      'its look-up',
      () =>
        ({ name, text }) =>
          name === 'Query' && text.includes('user-of-odd') ? 'ValidationException' : undefined,
    ],
  ])('goes into quarantine, and its records go to the other links: %s', async (_, ruleOf) => {
    const item = link('odd', 'k1', { created_by: { S: 'user-of-odd' } });
    await put('links', item);
    const result = await deliver(
      'links',
      [link('l1', 'k1'), item, link('l2', 'k2')],
      ruleOf(() => never),
    );
    expect(result).toMatchObject({ errors: [], unfinished: [], outcomes: { valid: 2, quarantined: 1 } });
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2']);
    expect((await kept('links', 'odd'))?.image).toEqual(item);
    expect((await rowsById(tables() as never, 'kpiData')).get('r1')?.kpi_link_id).toEqual({ S: 'l1' });
    const [row] = await tables().control.readKpis([KPI]);
    expect([...(row?.inlineLinks.keys() ?? [])]).toEqual(['l1']);
    expect(row?.fanOutPending).toBeUndefined();

    await deliver('links', [item]);
    expect(await kept('links', 'odd')).toBeUndefined();
    expect(await rowIds('kpiLinks')).toEqual(['l1', 'l2', 'odd']);
    expect(await rowIds('kpiData')).toHaveLength(2);
  });

  test('takes the rows of its records along when it was there before', async () => {
    await deliver('links', [odd()]);
    expect(await rowIds('kpiData')).toEqual(['r1']);
    await put('links', link('odd', 'k1', { weight: { N: '0.5' } }));
    await deliver('links', [odd()], puts('kpiLinks', '0.5'));
    expect(await rowIds('kpiLinks')).toEqual([]);
    expect(await rowIds('kpiData')).toEqual([]);
  });

  test('is kept by its name where its row can be neither put nor deleted', async () => {
    await deliver('links', [odd()]);
    await put('links', link('odd', 'k1', { weight: { N: '0.5' } }));
    const anyRow: Rule = (request) =>
      writesOf(request).some(({ table, text }) => table === names.kpiLinks && text.includes('"odd"'))
        ? 'ValidationException'
        : undefined;
    expect(await deliver('links', [odd()], anyRow)).toMatchObject({ errors: [], unfinished: [] });
    expect((await kept('links', 'odd'))?.entry.image).toBeUndefined();
    await deliver('links', [odd()]);
    expect(await kept('links', 'odd')).toBeUndefined();
    expect((await rowsById(tables() as never, 'kpiLinks')).get('odd')?.weight).toEqual({ N: '0.5' });
  });

  test('is given up and noted where its KPI row is refused', async () => {
    const result = await deliver('links', [odd(), link('l2', 'k2')], (request) =>
      request.name === 'TransactWriteItems' ? puts('control', '"odd"')(request) : undefined,
    );
    expect(result).toMatchObject({ failedSequenceNumbers: [], outcomes: { valid: 1, unfinished: 1 } });
    expect(await unfinished()).toEqual(['links odd: ValidationError']);
    expect(await rowIds('kpiLinks')).toEqual(['l2']);
  });
});

describe('a fan-out that meets a record', () => {
  const records = () => ['r1', 'odd', 'r2'].map((id) => actual(id, 'k1', '1'));
  const fanOutOver = async (rule: Rule, changes = {}) => {
    await put('actuals', ...records());
    await put('milestones', milestone('m1', 'k1', '1'));
    await put('links', link('l1', 'k1'));
    const replication = replicationOver(refusingClient(rule), names, changes);
    return replicateStreamBatch(replication, 'links', [eventOf('1', { newImage: link('l1', 'k1') })]);
  };
  const mark = async () => (await tables().control.readKpis([KPI]))[0]?.fanOutPending;
  const progress = () => tables().control.get(kpiPartition(KPI), 'progress#fan_out_pending');

  test('that is refused quarantines it and brings the others', async () => {
    expect(await fanOutOver(puts('kpiData', '"odd"'))).toMatchObject({ errors: [], unfinished: [] });
    expect(await rowIds('kpiData')).toEqual(['m1', 'r1', 'r2']);
    expect((await kept('actuals', 'odd'))?.entry.reason.code).toBe('refused');
    expect(await mark()).toBeUndefined();
  });

  test('that cannot even be quarantined notes it, brings the others and takes its mark away', async () => {
    const rule: Rule = (request) =>
      request.name === 'TransactWriteItems' && request.text.includes('odd') ? 'ValidationException' : undefined;
    const result = await fanOutOver(rule);
    expect(result).toMatchObject({ errors: [], outcomes: { valid: 1, unfinished: 1 } });
    expect(await rowIds('kpiData')).toEqual(['m1', 'r1', 'r2']);
    expect(await unfinished()).toEqual(['records odd: ValidationError']);
    expect(await mark()).toBeUndefined();
  });

  test('that cannot be noted keeps its mark, and is delivered again', async () => {
    const rule: Rule = (request) =>
      request.text.includes('odd') && writesOf(request).length > 0 ? 'ValidationException' : undefined;
    const result = await fanOutOver(rule);
    expect(result.failedSequenceNumbers).toEqual([]);
    expect(await unfinished()).toEqual(['links l1: ValidationException']);
    expect(await mark()).toBeTypeOf('string');
  });

  test('whose failure is of the whole keeps its mark, and is delivered again', async () => {
    const rule: Rule = (request) => (puts('kpiData', '"odd"')(request) ? 'AccessDeniedException' : undefined);
    expect((await fanOutOver(rule)).failedSequenceNumbers).toEqual(['1']);
    expect(await mark()).toBeTypeOf('string');
    expect(await unfinished()).toEqual([]);
  });

  test('that others keep changing brings the rest, keeps its mark and goes on before that record', async () => {
    const replication = replicationOver(client, names);
    const { transactions } = replication;
    let contended = true;
    const write: typeof transactions.write = async (writes) => {
      const isOdd = JSON.stringify(writes).includes('record#odd');
      return contended && isOdd ? false : transactions.write(writes);
    };
    const changes = { transactions: { ...transactions, write } };
    const result = await fanOutOver(never, changes);
    expect(result.failedSequenceNumbers).toEqual(['1']);
    expect(result.errors).toMatchObject([{ code: 'CONTENTION' }]);
    expect(await rowIds('kpiData')).toEqual(['m1', 'r1', 'r2']);
    expect(await mark()).toBeTypeOf('string');
    // What goes on from the stored page comes by the record once more.
    expect(await progress()).toMatchObject({ listing: 'actuals' });
    expect(await progress()).not.toHaveProperty('cursor');

    contended = false;
    await replicateStreamBatch({ ...replication, ...changes }, 'links', [eventOf('1', { newImage: link('l1', 'k1') })]);
    expect(await rowIds('kpiData')).toEqual(['m1', 'odd', 'r1', 'r2']);
    expect(await mark()).toBeUndefined();
  });

  test('of several KPIs holds up no KPI for another', async () => {
    await put('links', link('l1', 'k1'), link('l2', 'k2'));
    await put('actuals', actual('r1', 'k1', '1'), actual('r2', 'k2', '1'));
    const listing: Rule = ({ name, text }) =>
      name === 'Query' && text.includes('"k1"') ? 'ValidationException' : undefined;
    const result = await deliver('links', [link('l1', 'k1'), link('l2', 'k2')], listing);
    expect(result).toMatchObject({ failedSequenceNumbers: [], outcomes: { valid: 2, unfinished: 1 } });
    expect(await rowIds('kpiData')).toEqual(['r2']);
    expect(await unfinished()).toEqual(['links l1: ValidationException']);
    expect(await fanOut(replicationOver(client, names), [KPI], 'fan_out_pending')).toEqual({
      failed: [],
      unfinished: [],
    });
    expect(await rowIds('kpiData')).toEqual(['r1', 'r2']);
  });
});

describe("a KPI's personal link that is refused", () => {
  test('is told for the records of that KPI, and of no other', async () => {
    const kpiItem = (id: string, owner: string): Item => ({
      id: { S: id },
      tenant_id: { S: TENANT },
      owner_id: { S: owner },
    });
    for (const [id, owner] of [
      ['k1', 'odd-owner'],
      ['k2', 'owner'],
    ] as const) {
      await client.send(
        new (await import('@aws-sdk/client-dynamodb')).PutItemCommand({
          TableName: names.kpis,
          Item: kpiItem(id, owner),
        }),
      );
    }
    const items = [actual('r1', 'k1', '1'), actual('r2', 'k2', '2')];
    await put('actuals', ...items);
    const replication = replicationOver(refusingClient(puts('kpiLinks', 'odd-owner')), names, {
      heldRecords: 'personal-link',
    });
    const events = items.map((newImage, at) => eventOf(String(at), { newImage }));
    const result = await replicateStreamBatch(replication, 'actuals', events);
    expect(result.failedSequenceNumbers).toEqual([]);
    expect(await unfinished()).toEqual(['actuals r1: ValidationError']);
    expect(await rowIds('kpiData')).toEqual(['r2']);
  });
});

describe('a stream event', () => {
  const record = (id: string, more: object = {}) => ({
    eventID: `event-${id}`,
    dynamodb: { SequenceNumber: id, Keys: { id: { S: id } }, NewImage: actual(id, 'k1', '1'), ...more },
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a text', 'no record'],
    ['empty', {}],
    ['without keys', { eventID: 'e', dynamodb: { SequenceNumber: '7' } }],
    ['with an empty key', record('7', { Keys: { id: { S: '' } } })],
    ['with a key of another type', record('7', { Keys: { id: { N: '7' } } })],
    ['with a key that is no text', record('7', { Keys: { id: { S: 7 } } })],
    ['with keys that are none', record('7', { Keys: 'id' })],
    ['with an attribute that is none', record('7', { Keys: { id: null } })],
  ])('record that is %s goes into quarantine, and the others go on', async (_, unreadable) => {
    await put('links', link('l1', 'k1'));
    await deliver('links', [link('l1', 'k1')]);
    await put('actuals', actual('1', 'k1', '1'), actual('2', 'k1', '2'));
    const events = parseStreamEvent({ Records: [record('1'), unreadable, record('2')] });
    const result = await replicateStreamBatch(replicationOver(client, names), 'actuals', events);
    expect(result).toMatchObject({ failedSequenceNumbers: [], errors: [], outcomes: { mapped: 2, unreadable: 1 } });
    expect(await rowIds('kpiData')).toEqual(['1', '2']);
    const [event] = events.filter(
      (each) => each.whole.event && 'S' in each.whole.event && each.whole.event.S === JSON.stringify(unreadable),
    );
    expect((await kept('events', event?.eventId ?? ''))?.image).toEqual({ event: { S: JSON.stringify(unreadable) } });
  });

  test.each([undefined, null, 'text', {}, { Records: {} }])('that is none at all is refused: %j', (event) => {
    expect(() => parseStreamEvent(event)).toThrow(expect.objectContaining({ code: 'STREAM_EVENT_UNREADABLE' }));
  });

  test('without a sequence number is replicated, and asked for again only as a whole', async () => {
    const nameless = record('1', { SequenceNumber: undefined });
    await put('actuals', actual('1', 'k1', '1'));
    const events = parseStreamEvent({ Records: [nameless] });
    const result = await replicateStreamBatch(replicationOver(client, names), 'actuals', events);
    expect(result).toMatchObject({ failedSequenceNumbers: [], outcomes: { held: 1 } });
    const denied = refusingClient((request) => (writesOf(request).length > 0 ? 'AccessDeniedException' : undefined));
    await expect(replicateStreamBatch(replicationOver(denied, names), 'actuals', events)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });

  test('keeps an attribute named __proto__', () => {
    const text = JSON.stringify({ Records: [record('1')] }).replace(
      '"actual_value"',
      '"__proto__":{"S":"x"},"actual_value"',
    );
    const [event] = parseStreamEvent(JSON.parse(text));
    expect(Object.keys(event?.newImage ?? {})).toContain('__proto__');
  });
});

test('every record source is one that quarantine by name looks at', () => {
  expect(RECORD_SOURCES).toEqual(['milestones', 'actuals', 'readings']);
});
