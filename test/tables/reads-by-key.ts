import type { RowKey } from '../../functions/tables/dynamo/transactions.ts';
import type { Tables } from '../../functions/tables/dynamo-tables.ts';
import type { NewReads } from '../../functions/tables/new/new-reads.ts';
import type { OldReads } from '../../functions/tables/old/old-reads.ts';
import type { ValidationReads } from '../../functions/tables/validation-reads.ts';
import { TENANT } from '../sync/fixtures.ts';

/** Values that a partition key cannot have (Developer Guide, "Constraints in Amazon DynamoDB", partition key length). */
export const IMPOSSIBLE = [
  ['empty', ''],
  ['2,049 bytes', 'x'.repeat(2_049)],
  ['2,050 bytes in 1,025 characters', 'é'.repeat(1_025)],
  ['2,049 bytes in 683 characters', '\u2028'.repeat(683)],
  ['2,052 bytes in 513 characters of two units', '\u{1F4C8}'.repeat(513)],
  ['3,000 bytes', 'id'.repeat(1_500)],
] as const;

/** The longest that it can have, and others that only look odd. */
export const POSSIBLE = [
  ['2,048 bytes', 'x'.repeat(2_048)],
  ['2,048 bytes in 1,024 characters', 'é'.repeat(1_024)],
  ['NUL', '\u0000'],
  ['a lone surrogate', 'a\uD800'],
  ['signs that mean something elsewhere', 'a#b/c%25 "d"'],
] as const;

/** Everything that reads by key. */
export interface Readers extends Tables {
  readonly oldReads: OldReads;
  readonly newReads: NewReads;
  readonly validation: ValidationReads;
}

const range = { descending: false, limit: 10 };
const [none, empty, emptyPage]: [undefined, unknown[], { items: unknown[] }] = [undefined, [], { items: [] }];

type Read = (readers: Readers, key: string) => Promise<unknown>;
type Nothing = (key: string) => unknown;
const always =
  (nothing: unknown): Nothing =>
  () =>
    nothing;

export function rowKey(id: string): RowKey {
  return { table: 'kpiLinks', key: { id: { S: id } } };
}

/** Every read that is told a key, and its answer where nothing has that key. */
export const READS: readonly (readonly [name: string, read: Read, nothing: Nothing])[] = [
  ['readLink', ({ old }, key) => old.readLink(key), always(none)],
  ['readKpi', ({ old }, key) => old.readKpi(key), always(none)],
  ['readRecords', ({ old }, key) => old.readRecords([key, key]), always(new Map())],
  ['queryPeople', ({ old }, key) => old.queryPeople(key), always(empty)],
  [
    'queryRecordIds',
    ({ old }, key) => old.queryRecordIds('actuals', { tenantId: TENANT, kpiId: key }),
    always(emptyPage),
  ],
  ['readRows', ({ data }, key) => data.readRows('kpiData', [key, key]), always(new Map())],
  ['a transactional read', ({ transactions }, key) => transactions.read([rowKey(key)]), always([none])],
  ['a plain row', ({ control }, key) => control.get(key, 'sort'), always(none)],
  ['plain rows', ({ control }, key) => control.list(key), always(empty)],
  ['old link ids', ({ oldReads }, key) => oldReads.queryLinkIds('goal-index', key), always(empty)],
  ['old links', ({ oldReads }, key) => oldReads.readLinks([key, key]), always(new Map())],
  ['old records', ({ oldReads }, key) => oldReads.readRecords([{ source: 'actuals', id: key }]), always(new Map())],
  ['old records by KPI', ({ oldReads }, key) => oldReads.queryRecords('actuals', key, range), always(emptyPage)],
  ['old records by tenant', ({ oldReads }, key) => oldReads.queryRecordIdsOfTenant('actuals', key), always(empty)],
  ['a new link', ({ newReads }, key) => newReads.getLink(key), always(none)],
  ['a new row', ({ newReads }, key) => newReads.getData(key), always(none)],
  ['new links', ({ newReads }, key) => newReads.queryLinks('kpi-index', key, TENANT), always(empty)],
  ['new links of a tenant', ({ newReads }, key) => newReads.queryLinks('tenant-index', key, key), always(empty)],
  ['new rows', ({ newReads }, key) => newReads.queryData('kpi-link-index', key, TENANT, range), always(emptyPage)],
  ['validated items', ({ validation }, key) => validation.readItems('kpis', [key, key]), always(new Map())],
  ['validated ids', ({ validation }, key) => validation.listIds('kpiActuals', 'kpi', key), always(emptyPage)],
  ['validated people', ({ validation }, key) => validation.listPeople(key), always(empty)],
];
