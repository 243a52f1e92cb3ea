import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { OLD_VALUE_ATTRIBUTE_OF } from '../../../functions/migration/rows.ts';
import {
  bySource,
  kpiKeyOf,
  RECORD_SOURCES,
  type RecordSource,
  SOURCES,
  type Source,
} from '../../../functions/migration/sources.ts';
import { OLD_TABLE_OF, type TableNames } from '../../../functions/migration/tables.ts';
import { type Item, textOf } from '../../../functions/model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity, NO_KPI } from '../../../functions/model/kpi.ts';
import type { SeededRandom } from './seeded-random.ts';

/** One write of the service to an old table. `why` names the situation it is meant to bring about. */
export type LegacyWrite = { readonly why: string; readonly source: Source } & (
  | { readonly kind: 'put'; readonly item: Item }
  | { readonly kind: 'delete'; readonly id: string }
);

/** KPIs that the writer keeps to, so that its writes meet: few enough for links and records of one KPI to race. */
const HOT_KPIS = 12;

/** Records of each table that it knows at the start. */
const HOT_RECORDS = 120;

/**
 * The service as the migration meets it: a source of writes to the old tables that brings about, in seeded order, all
 * that makes replication hard. It keeps its own view of the items, so that the same seed and items give the same writes
 * whatever their timing.
 */
export function createLegacyWriter(
  random: SeededRandom,
  initial: Readonly<Record<Source, readonly Item[]>>,
): () => LegacyWrite {
  const { hotKpis, items } = hotPart(random, initial);
  const gone: Record<Source, Item[]> = { links: [], milestones: [], actuals: [], readings: [] };
  /** The well-formed versions of items that were malformed on purpose. */
  const broken: { source: Source; item: Item }[] = [];
  let stamp = 0;

  const put = (why: string, source: Source, item: Item): LegacyWrite => {
    items[source].set(textOf(item, 'id') ?? '', item);
    return { why, source, kind: 'put', item };
  };
  const remove = (why: string, source: Source): LegacyWrite | undefined => {
    const item = any(source);
    if (item === undefined) return undefined;
    const id = textOf(item, 'id') ?? '';
    items[source].delete(id);
    gone[source].push(item);
    return { why, source, kind: 'delete', id };
  };
  const any = (source: Source): Item | undefined => {
    const all = [...items[source].values()];
    return all.length === 0 ? undefined : random.pick(all);
  };
  const changed = (why: string, source: Source, change: (item: Item) => Item): LegacyWrite | undefined => {
    const item = any(source);
    return item && put(why, source, change(item));
  };
  const stampedValue = (source: RecordSource): Item => {
    stamp += 1;
    return { [OLD_VALUE_ATTRIBUTE_OF[source]]: { N: `${stamp}.${random.below(1_000)}` } };
  };
  const inKpi = (kpi: KpiKey): Item => ({ tenant_id: { S: kpi.tenantId }, kpi_id: { S: kpi.kpiId } });
  const recordSource = (): RecordSource => random.pick(RECORD_SOURCES);
  const hotKpi = (): Item => inKpi(random.pick(hotKpis));
  const template = (source: Source): Item => random.pick(initial[source]);
  const linkedAt = (): Item => ({ linked_at: { S: random.pick(LINKED_AT) } });
  const newLink = (id: string): Item => ({ ...template('links'), ...hotKpi(), ...linkedAt(), id: { S: id } });
  const newRecord = (source: RecordSource, id: string): Item => ({
    ...template(source),
    ...hotKpi(),
    ...stampedValue(source),
    id: { S: id },
  });
  const recreate = (why: string, source: Source, change: (item: Item) => Item): LegacyWrite | undefined => {
    const item = gone[source].pop();
    return item && put(why, source, change(item));
  };
  const malform = (source: Source, attribute: string): LegacyWrite | undefined => {
    const item = any(source);
    if (item === undefined) return undefined;
    broken.push({ source, item });
    const { [attribute]: _, ...rest } = item;
    return put('malformed', source, random.below(2) === 0 ? rest : { ...rest, [attribute]: { NULL: true } });
  };
  const mend = (): LegacyWrite | undefined => {
    const mended = broken.shift();
    return mended && put('mended', mended.source, mended.item);
  };
  const shareId = (): LegacyWrite | undefined => {
    const [from, to] = [recordSource(), recordSource()];
    const id = textOf(any(from), 'id');
    return from === to || id === undefined ? undefined : put('id of another table', to, newRecord(to, id));
  };

  const moves: readonly (readonly [weight: number, move: () => LegacyWrite | undefined])[] = [
    [30, () => pipe(recordSource(), (s) => changed('record changed', s, (item) => ({ ...item, ...stampedValue(s) })))],
    [20, () => pipe(recordSource(), (s) => put('record inserted', s, newRecord(s, random.guid())))],
    [12, () => remove('record deleted', recordSource())],
    [8, () => changed('record moved', recordSource(), (item) => ({ ...item, ...hotKpi() }))],
    [
      7,
      () => pipe(recordSource(), (s) => recreate('record re-created', s, (item) => ({ ...item, ...stampedValue(s) }))),
    ],
    [2, () => recreate('record re-created elsewhere', recordSource(), (item) => ({ ...item, ...hotKpi() }))],
    [2, shareId],
    [3, () => pipe(recordSource(), (s) => malform(s, OLD_VALUE_ATTRIBUTE_OF[s]))],
    [1, () => malform('links', 'created_at')],
    [4, mend],
    [6, () => put('link inserted', 'links', newLink(random.guid()))],
    [5, () => remove('link deleted', 'links')],
    [3, () => recreate('link re-created', 'links', (item) => ({ ...item, ...linkedAt() }))],
    [3, () => changed('link moved', 'links', (item) => ({ ...item, ...hotKpi() }))],
    [4, () => changed('anchor moved', 'links', (item) => ({ ...item, ...linkedAt() }))],
    [3, () => changed('link changed', 'links', (item) => ({ ...item, weight: { N: `0.${random.below(1_000)}` } }))],
  ];
  const draw = moves.flatMap(([weight, move]) => Array.from({ length: weight }, () => move));

  return () => {
    for (;;) {
      const write = random.pick(draw)();
      if (write) return write;
    }
  };
}

/** Early, late, twice the same instant in different words, and with seven digits: who is first changes with each. */
const LINKED_AT = [
  '2001-01-01T00:00:00Z',
  '2024-06-01T12:00:00+02:00',
  '2024-06-01T10:00:00.0000000Z',
  '2024-06-01T10:00:00.0000001Z',
  '2031-12-31T23:59:59.9999999Z',
];

function pipe<T, Result>(value: T, next: (value: T) => Result): Result {
  return next(value);
}

interface HotPart {
  readonly hotKpis: readonly KpiKey[];
  readonly items: Readonly<Record<Source, Map<string, Item>>>;
}

/** The KPIs, with and without links, that a writer of this randomness keeps to. */
export function hotKpisOf(random: SeededRandom, initial: Readonly<Record<Source, readonly Item[]>>): KpiKey[] {
  const candidates = distinctKpis(SOURCES.flatMap((source) => initial[source].map(kpiKeyOf))).filter(
    (kpi) => kpi !== NO_KPI,
  );
  return distinctKpis(Array.from({ length: HOT_KPIS }, () => random.pick(candidates)));
}

/** These KPIs, and what is known of them at the start. */
function hotPart(random: SeededRandom, initial: Readonly<Record<Source, readonly Item[]>>): HotPart {
  const hotKpis = hotKpisOf(random, initial);
  const hot = new Set(hotKpis.map(kpiIdentity));
  const known = (source: Source): Map<string, Item> => {
    const ofHot = initial[source].filter((item) => hot.has(kpiIdentity(kpiKeyOf(item)))).slice(0, HOT_RECORDS);
    return new Map(ofHot.map((item) => [textOf(item, 'id') ?? '', item]));
  };
  return {
    hotKpis,
    items: bySource(known),
  };
}

/** Sends a write as the service does: one plain PutItem or DeleteItem. */
export async function sendLegacyWrite(client: DynamoDBClient, names: TableNames, write: LegacyWrite): Promise<void> {
  const TableName = names[OLD_TABLE_OF[write.source]];
  if (write.kind === 'put') await client.send(new PutItemCommand({ TableName, Item: write.item }));
  else await client.send(new DeleteItemCommand({ TableName, Key: { id: { S: write.id } } }));
}
