import { expect, test } from 'vitest';
import { intoTransactions } from '../../functions/tables/dynamo/into-transactions.ts';
import { TRANSACTION_BYTES_MAX, type Write } from '../../functions/tables/dynamo/transactions.ts';

const put = (id: string, bytes = 1): Write => ({
  kind: 'put',
  table: 'kpiData',
  item: { id: { S: id }, text: { S: 'x'.repeat(bytes) } },
});
const remove = (id: string): Write => ({ kind: 'delete', table: 'kpiData', key: { id: { S: id } } });
const idsOf = (writes: readonly Write[]) =>
  writes.map((write) => ('item' in write ? write.item.id : write.key.id) as { S: string }).map(({ S }) => S);
const cut = (work: readonly (readonly Write[])[], itemsMax?: number) =>
  intoTransactions(work, (writes) => writes, itemsMax).map((pieces) => pieces.map(idsOf));
const large = Math.floor(TRANSACTION_BYTES_MAX * 0.4);

test.each<[string, readonly (readonly Write[])[], number | undefined, string[][][]]>([
  ['nothing', [], undefined, []],
  ['what fits together', [[put('a')], [put('b'), remove('c')]], undefined, [[['a'], ['b', 'c']]]],
  ['too many items', [[put('a'), put('b')], [put('c')], [put('d')]], 3, [[['a', 'b'], ['c']], [['d']]]],
  ['pieces that are never parted', [[put('a')], [put('b'), put('c')]], 2, [[['a']], [['b', 'c']]]],
  ['a piece that does not fit by itself', [[put('a'), put('b')], [put('c')]], 1, [[['a', 'b']], [['c']]]],
  ['too many bytes', [[put('a', large)], [put('b', large)], [put('c', large)]], undefined, [[['a'], ['b']], [['c']]]],
  ['a row that is named twice', [[put('a')], [put('b')], [remove('a')]], undefined, [[['a'], ['b']], [['a']]]],
])('work is cut into transactions: %s', (_, work, itemsMax, expected) => {
  expect(cut(work, itemsMax)).toEqual(expected);
});

test('one call of a hundred pieces makes one transaction, and the next piece another', () => {
  const work = Array.from({ length: 101 }, (_, at) => [put(`r${at}`)]);
  expect(cut(work).map(({ length }) => length)).toEqual([100, 1]);
});
