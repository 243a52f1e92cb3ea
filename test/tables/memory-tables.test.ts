import { describe, expect, test } from 'vitest';
import type { AttributeValue, Item } from '../../functions/model/attribute-value.ts';
import { RequestRefusedError, type RequestRule } from '../../functions/tables/dynamo/request-rules.ts';
import { TransactionTooLargeError, type Write } from '../../functions/tables/dynamo/transactions.ts';
import { memoryReads } from '../../functions/validation/memory-reads.ts';
import { migratedContent } from '../../functions/validation/self-proof.ts';
import { memoryNewReads, memoryOldReads } from '../read/memory-reads.ts';
import { drawAdversary } from '../simulation/adversary.ts';
import { SeededDecisions } from '../simulation/decisions.ts';
import type { Gate } from '../simulation/gate.ts';
import { controlTable } from '../simulation/memory-control-table.ts';
import { newTables, transactions } from '../simulation/memory-new-tables.ts';
import { oldTables } from '../simulation/memory-old-tables.ts';
import { type Effect, finish } from '../simulation/process.ts';
import { Scheduler } from '../simulation/scheduler.ts';
import { Store } from '../simulation/store.ts';
import { freely } from './freely.ts';
import { IMPOSSIBLE, POSSIBLE, READS, type Readers, rowKey } from './reads-by-key.ts';

const NOTHING = { links: [], milestones: [], actuals: [], readings: [], kpis: [], people: [] };

/** Every fake, over no items, without an adversary: each call takes effect at once. */
function fakes(): { readers: Readers; calls: () => number } {
  const decisions = new SeededDecisions(1);
  const adversary = { ...drawAdversary(decisions), halfVisible: 0, splitRead: 0, indexLag: 0 };
  const [scheduler, store] = [new Scheduler(decisions, adversary), new Store(decisions, 0)];
  let calls = 0;
  const call: Gate = async (effect) => {
    calls += 1;
    return finish(effect as Effect<unknown>) as never;
  };
  const readers = {
    old: oldTables(store, scheduler, call),
    data: newTables(store, scheduler, call),
    control: controlTable(store, scheduler, call),
    transactions: transactions(store, scheduler, call),
    oldReads: memoryOldReads(NOTHING),
    newReads: memoryNewReads({ kpiLinks: new Map(), kpiData: new Map() }),
    validation: memoryReads(migratedContent(NOTHING, 'hold')),
  };
  return { readers, calls: () => calls };
}

/** A text, as an attribute value. */
const s = (text: string): AttributeValue => ({ S: text });
const put = (id: string, attributes: Item = {}): Write => ({
  kind: 'put',
  table: 'kpiLinks',
  item: { id: s(id), ...attributes },
});
const many = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const refusedBy = (rule: RequestRule) => expect.objectContaining({ name: 'ValidationException', rule });

test.each(READS)('a fake answers as the tables do where nothing has the key: %s', async (_, read, nothing) => {
  for (const [what, key] of [...IMPOSSIBLE, ...POSSIBLE]) {
    expect(await read(fakes().readers, key), what).toEqual(nothing(key));
  }
});

describe('the tables of the simulation', () => {
  test.each<[string, readonly Write[], RequestRule]>([
    ['101 actions', many(101, (at) => put(`r${at}`)), 'too-many-actions'],
    ['one item twice', [put('r'), { kind: 'absent', ...rowKey('r') }], 'key-twice'],
    ['more than 4 MB', many(11, (at) => put(`r${at}`, { v: s('x'.repeat(400_000)) })), 'transaction-too-large'],
    ['an empty key', [put('')], 'key-empty'],
    ['an oversized key', [put('x'.repeat(2_049))], 'key-too-long'],
    ['an empty index key', [put('r', { person_id: s('') })], 'key-empty'],
    ['an index key that is no text', [put('r', { person_id: { N: '1' } })], 'key-type'],
    ['more than 400 KB', [put('r', { v: s('x'.repeat(400 * 1_024)) })], 'item-too-large'],
    ['an empty set', [put('r', { v: { SS: [] } }), put('t')], 'set-empty'],
    [
      'lists in lists in lists',
      [put('r', { v: many(32, () => 0).reduce<AttributeValue>((inner) => ({ L: [inner] }), s('x')) })],
      'too-deep',
    ],
  ])('refuse to write %s, and write nothing', async (_, writes, rule) => {
    const { readers, calls } = fakes();
    await expect(async () => readers.transactions.write(writes)).rejects.toEqual(refusedBy(rule));
    expect(calls()).toBe(0);
  });

  test('refuse a transactional read of 101 rows, and one of more than 4 MB as the tables do', async () => {
    const { readers } = fakes();
    const keys = many(101, (at) => rowKey(`r${at}`));
    await expect(async () => readers.transactions.read(keys)).rejects.toEqual(refusedBy('too-many-actions'));
    for (const { key } of keys.slice(0, 11)) {
      const item = { ...key, v: s('x'.repeat(400_000)) };
      await readers.transactions.write([{ kind: 'put', table: 'kpiLinks', item }]);
    }
    await expect(readers.transactions.read(keys.slice(0, 11))).rejects.toThrow(TransactionTooLargeError);
    expect(await readers.transactions.read(keys.slice(0, 10))).toHaveLength(10);
  });

  test('read rows in any number, each once, and none that cannot be', async () => {
    const { readers, calls } = fakes();
    const ids = ['', 'x'.repeat(2_049), ...many(250, (at) => `r${at % 125}`)];
    expect(await readers.data.readRows('kpiData', ids)).toEqual(new Map());
    expect(calls()).toBe(1);
    await readers.transactions.write([put('r1')]);
    const row = { id: s('r1') };
    expect(await readers.transactions.read(['', 'r1', 'r2', 'r1'].map(rowKey))).toEqual([
      undefined,
      row,
      undefined,
      row,
    ]);
  });

  test('refuse a row that is to be put and cannot be stored, and take one that comes twice once', async () => {
    const { readers } = fakes();
    const row = (date: string): Item => ({ id: s('r'), kpi_link_id: s('l'), post_date: s(date) });
    await expect(readers.data.putData([row('')], freely)).rejects.toEqual(refusedBy('key-empty'));
    const twice = [row('2024'), row('2025')];
    expect(await readers.data.putData(twice, freely)).toEqual({ written: 1, refused: [] });
  });

  test('refuse a plain row under an empty key', async () => {
    const { readers } = fakes();
    await expect(async () => readers.control.put('backfill', '', {})).rejects.toThrow(RequestRefusedError);
    await readers.control.delete('backfill', '');
  });
});

test('the fakes of the validators and of the reads refuse pages that DynamoDB would not read', async () => {
  const { validation, oldReads, newReads } = fakes().readers;
  const position = { segment: 2, totalSegments: 2 };
  await expect(validation.scan('kpiData', position)).rejects.toEqual(refusedBy('segment-unknown'));
  const inverted = { from: 'b', to: 'a', descending: false, limit: 1 };
  await expect(newReads.queryData('kpi-link-index', 'l', 't', inverted)).rejects.toEqual(refusedBy('range-inverted'));
  await expect(oldReads.queryRecords('actuals', 'k', { descending: false, limit: 0 })).rejects.toEqual(
    refusedBy('limit-too-small'),
  );
});
