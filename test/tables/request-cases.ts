import { ITEM_CASES } from './item-cases.ts';
import { type Case, controlKey, inMaps, KB, key, link, many, s, writesOfBytes, writing, x } from './request-parts.ts';

const BATCHES: readonly Case[] = [
  ['batch of reads: 100 keys', { operation: 'BatchGetItem', keys: many(100, (at) => key(`k${at}`)) }, undefined],
  ['batch of reads: 101 keys', { operation: 'BatchGetItem', keys: many(101, (at) => key(`k${at}`)) }, 'too-many-keys'],
  ['batch of reads: none', { operation: 'BatchGetItem', keys: [] }, 'nothing-asked'],
  ['batch of reads: a key twice', { operation: 'BatchGetItem', keys: [key('k'), key('k')] }, 'key-twice'],
  [
    'batch of reads: a key of two tables',
    { operation: 'BatchGetItem', keys: [key('k'), { ...key('k'), table: 'kpiData' }] },
    undefined,
  ],
  ['batch of reads: an empty key', { operation: 'BatchGetItem', keys: [key('k'), key('')] }, 'key-empty'],
  [
    'batch of reads: half a key twice',
    { operation: 'BatchGetItem', keys: [controlKey('p', 'a'), controlKey('p', 'b')] },
    undefined,
  ],
  ['batch of writes: 25', { operation: 'BatchWriteItem', writes: many(25, (at) => writing(`b${at}`)) }, undefined],
  [
    'batch of writes: 26',
    { operation: 'BatchWriteItem', writes: many(26, (at) => writing(`b${at}`)) },
    'too-many-writes',
  ],
  ['batch of writes: none', { operation: 'BatchWriteItem', writes: [] }, 'nothing-asked'],
  [
    'batch of writes: a key twice',
    { operation: 'BatchWriteItem', writes: [writing('b'), { kind: 'delete', ...key('b') }] },
    'key-twice',
  ],
  [
    'batch of writes: 25 of 400 KB',
    { operation: 'BatchWriteItem', writes: writesOfBytes(25, 25 * 400 * KB) },
    undefined,
  ],
  [
    'batch of writes: one too large',
    { operation: 'BatchWriteItem', writes: [writing('b', { v: s(x(400 * KB)) })] },
    'item-too-large',
  ],
  [
    'statements: 25',
    {
      operation: 'BatchExecuteStatement',
      inserts: many(25, (at) => ({ table: 'kpiLinks', item: link({}, `s${at}`) })),
    },
    undefined,
  ],
  [
    'statements: 26',
    {
      operation: 'BatchExecuteStatement',
      inserts: many(26, (at) => ({ table: 'kpiLinks', item: link({}, `s${at}`) })),
    },
    'too-many-statements',
  ],
  ['statements: none', { operation: 'BatchExecuteStatement', inserts: [] }, 'nothing-asked'],
  [
    'statements: a key twice',
    { operation: 'BatchExecuteStatement', inserts: many(2, () => ({ table: 'kpiLinks', item: link({}, 's') })) },
    'key-twice',
  ],
];

const TRANSACTIONS: readonly Case[] = [
  [
    'transactional read: 100 keys',
    { operation: 'TransactGetItems', keys: many(100, (at) => key(`k${at}`)) },
    undefined,
  ],
  [
    'transactional read: 101 keys',
    { operation: 'TransactGetItems', keys: many(101, (at) => key(`k${at}`)) },
    'too-many-actions',
  ],
  ['transactional read: none', { operation: 'TransactGetItems', keys: [] }, 'nothing-asked'],
  ['transactional read: a key twice', { operation: 'TransactGetItems', keys: [key('k'), key('k')] }, 'key-twice'],
  ['transactional read: an empty key', { operation: 'TransactGetItems', keys: [key('')] }, 'key-empty'],
  [
    'transaction: 100 writes',
    { operation: 'TransactWriteItems', writes: many(100, (at) => writing(`t${at}`)) },
    undefined,
  ],
  [
    'transaction: 101 writes',
    { operation: 'TransactWriteItems', writes: many(101, (at) => writing(`t${at}`)) },
    'too-many-actions',
  ],
  ['transaction: none', { operation: 'TransactWriteItems', writes: [] }, 'nothing-asked'],
  [
    'transaction: a key twice',
    { operation: 'TransactWriteItems', writes: [writing('t'), { kind: 'absent', ...key('t') }] },
    'key-twice',
  ],
  [
    'transaction: a check of another item',
    { operation: 'TransactWriteItems', writes: [writing('t'), { kind: 'absent', ...key('u') }] },
    undefined,
  ],
  [
    'transaction: a check of an empty key',
    { operation: 'TransactWriteItems', writes: [writing('t'), { kind: 'absent', ...key('') }] },
    'key-empty',
  ],
  [
    'transaction: an empty index key',
    { operation: 'TransactWriteItems', writes: [writing('t', { tenant_id: s('') })] },
    'key-empty',
  ],
  [
    'transaction: 32 maps',
    { operation: 'TransactWriteItems', writes: [writing('t', { v: inMaps(32, s('x')) })] },
    'too-deep',
  ],
  ['transaction: 4 MB', { operation: 'TransactWriteItems', writes: writesOfBytes(11, 4 * KB * KB) }, undefined],
  [
    'transaction: 4 MB and a byte',
    { operation: 'TransactWriteItems', writes: writesOfBytes(11, 4 * KB * KB + 1) },
    'transaction-too-large',
  ],
];

const kpiIndex = { operation: 'Query', table: 'kpiLinks', index: 'kpi-index' } as const;
const dataIndex = { operation: 'Query', table: 'kpiData', index: 'kpi-link-index', partition: s('link') } as const;
const QUERY_OF_TOO_LONG_A_KEY = {
  refuses: false,
  why: 'Local answers nothing; "Constraints", partition keys, allows 2,048 bytes, and AWS refuses the request',
} as const;

const QUERIES: readonly Case[] = [
  ['query: a key', { ...kpiIndex, partition: s('k') }, undefined],
  ['query: an empty key', { ...kpiIndex, partition: s('') }, 'key-empty'],
  ['query: a key of 2,048 bytes', { ...kpiIndex, partition: s(x(2_048)) }, undefined],
  ['query: a key of 2,049 bytes', { ...kpiIndex, partition: s(x(2_049)) }, 'key-too-long', QUERY_OF_TOO_LONG_A_KEY],
  ['query: a number for a key', { ...kpiIndex, partition: { N: '1' } }, 'key-type'],
  ['query: an index that is not there', { ...kpiIndex, index: 'no-index', partition: s('k') }, 'index-unknown'],
  ['query: limit 1', { ...kpiIndex, partition: s('k'), limit: 1 }, undefined],
  ['query: limit 0', { ...kpiIndex, partition: s('k'), limit: 0 }, 'limit-too-small'],
  ['query: bounds of 1,024 bytes', { ...dataIndex, from: s(x(1_024)), to: s(`y${x(1_023)}`) }, undefined],
  ['query: a lower bound of 1,025 bytes', { ...dataIndex, from: s(x(1_025)) }, 'key-too-long'],
  ['query: an upper bound of 1,025 bytes', { ...dataIndex, to: s(x(1_025)) }, 'key-too-long'],
  ['query: an empty lower bound', { ...dataIndex, from: s('') }, 'key-empty'],
  ['query: a number for a bound', { ...dataIndex, from: { N: '1' } }, 'key-type'],
  ['query: equal bounds', { ...dataIndex, from: s('a'), to: s('a') }, undefined],
  ['query: inverted bounds', { ...dataIndex, from: s('b'), to: s('a') }, 'range-inverted'],
  // As UTF-16 the second comes first.
  ['query: bounds in the order of UTF-8', { ...dataIndex, from: s('\uFF12'), to: s('\u{1F4C8}') }, undefined],
  ['query: bounds inverted in UTF-8', { ...dataIndex, from: s('\u{1F4C8}'), to: s('\uFF12') }, 'range-inverted'],
  ['query: a table', { operation: 'Query', table: 'control', partition: s('p') }, undefined],
  ['query: a table by an empty key', { operation: 'Query', table: 'control', partition: s('') }, 'key-empty'],
  ['scan: one segment', { operation: 'Scan', table: 'kpiLinks', segment: 0, totalSegments: 1, limit: 1 }, undefined],
  [
    'scan: a segment too many',
    { operation: 'Scan', table: 'kpiLinks', segment: 2, totalSegments: 2 },
    'segment-unknown',
  ],
  [
    'scan: a million segments',
    { operation: 'Scan', table: 'kpiLinks', segment: 0, totalSegments: 1_000_000 },
    undefined,
  ],
  [
    'scan: more than a million',
    { operation: 'Scan', table: 'kpiLinks', segment: 0, totalSegments: 1_000_001 },
    'segment-unknown',
  ],
  [
    'scan: limit 0',
    { operation: 'Scan', table: 'kpiLinks', segment: 0, totalSegments: 1, limit: 0 },
    'limit-too-small',
  ],
];

const update = { operation: 'UpdateItem', ...key('u') } as const;

const UPDATES: readonly Case[] = [
  ['update: another attribute', { ...update, set: { v: s('') } }, undefined],
  ['update: nothing that is there', { ...update, remove: ['v'] }, undefined],
  ['update: a key', { ...update, set: { id: s('v') } }, 'key-updated'],
  ['update: a key away', { ...update, remove: ['id'] }, 'key-updated'],
  ['update: an empty key', { operation: 'UpdateItem', ...key(''), set: { v: s('x') } }, 'key-empty'],
  ['update: an index key', { ...update, set: { kpi_id: s('k') } }, undefined],
  ['update: an index key to nothing', { ...update, set: { kpi_id: s('') } }, 'key-empty'],
  ['update: an index key to a number', { ...update, set: { kpi_id: { N: '1' } } }, 'key-type'],
  ['update: an index key away', { ...update, remove: ['kpi_id'] }, undefined],
  ['update: an empty set', { ...update, set: { v: { SS: [] } } }, 'set-empty'],
  ['update: too large', { ...update, set: { v: s(x(400 * KB)) } }, 'item-too-large'],
  ['update: no values, though they are given', { ...update, set: {}, remove: ['v'] }, 'values-empty'],
  ['condition: a value', { operation: 'Write', write: writing('c'), values: { ':value': s('') } }, undefined],
  [
    'condition: an empty set',
    { operation: 'Write', write: writing('c'), values: { ':value': { SS: [] } } },
    'set-empty',
  ],
];

/** Requests on both sides of every limit, and the rule that each breaks. */
export const REQUESTS: readonly Case[] = [...ITEM_CASES, ...BATCHES, ...TRANSACTIONS, ...QUERIES, ...UPDATES];
