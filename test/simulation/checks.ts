import { demandOfRecord } from '../../functions/migration/demand.ts';
import { type ExpectedRows, expectedRows } from '../../functions/migration/expected.ts';
import { fanOutRowId, personalLinkId } from '../../functions/migration/ids.ts';
import type { RecordSource, Source } from '../../functions/migration/sources.ts';
import { type Item, idOf, textOf } from '../../functions/model/attribute-value.ts';
import { sameItem } from '../../functions/model/compare.ts';
import { itemDigest } from '../../functions/model/digest.ts';
import {
  decodeQuarantineEntry,
  imagePartKeys,
  joinImage,
  openKey,
} from '../../functions/tables/control/quarantine-rows.ts';
import { TRANSACTION_ITEMS_MAX } from '../../functions/tables/dynamo/transactions.ts';
import type { OddItem } from './odd-items.ts';
import { keyText, type Store } from './store.ts';
import type { LegacyWrite, World } from './world.ts';

/**
 * What is not as the old tables demand, at rest; empty where all is.
 *
 * @param odd an item that the store refuses, or did: in place of its rows it may be in quarantine for that, or be noted as unfinished. All
 * else has to be as if it were not there.
 */
export function differencesAtRest(store: Store, world: World, odd?: OddItem): string[] {
  const divergences = divergencesFrom(expectedOf(store, world), store);
  const left = divergences.length === 0 || odd === undefined ? divergences : divergencesBeside(odd, store, world);
  return left.map(({ text }) => text);
}

function expectedOf(store: Store, world: World, withoutLink?: string): ExpectedRows {
  return expectedRows(
    {
      links: [...store.old.links].filter(([id]) => id !== withoutLink).map(([, item]) => item),
      milestones: [...store.old.milestones.values()],
      actuals: [...store.old.actuals.values()],
      readings: [...store.old.readings.values()],
      kpis: world.kpis,
      people: world.people,
    },
    world.heldRecords,
  );
}

/** A row, or an entry of quarantine, that is not as it should be. */
interface Divergence {
  readonly table: 'kpiLinks' | 'kpiData' | 'quarantine';
  readonly id: string;
  readonly text: string;
}

function divergencesFrom(expected: ExpectedRows, store: Store): Divergence[] {
  return [
    ...compareRows('kpiLinks', expected.kpiLinks, store.own.kpiLinks),
    ...compareRows('kpiData', expected.kpiData, store.own.kpiData),
    ...compareQuarantine(expected, store),
  ];
}

/** What is wrong where the odd item is not as demanded: of itself, and of all else. */
function divergencesBeside(odd: OddItem, store: Store, world: World): Divergence[] {
  const others = divergencesFrom(expectedOf(store, world, odd.kind === 'link' ? odd.id : undefined), store);
  const beside = others.filter(({ table, id }) => !odd.has(table, id));
  // A link that could not be dealt with may be in the KPI row or not, so its records' rows are not known. A record that could not has no touched-record row, by which
  // its KPI would surely count it for a personal link.
  const withoutTrace =
    odd.kind === 'link' ? [] : beside.filter(({ table, id }) => !(table === 'kpiLinks' && odd.mayGiveLink(id)));
  if (isNoted(odd, store)) return withoutTrace;
  const entries = [...store.own.control]
    .filter(([key]) => key.startsWith('quarantine#'))
    .map(([, item]) => decodeQuarantineEntry(item))
    .filter(({ source, id }) => odd.has('quarantine', id, source));
  if (!entries.some(({ reason }) => reason.code === 'refused')) {
    const all = divergencesFrom(expectedOf(store, world), store);
    if (odd.kind !== 'link' || !isMarked(store)) return all;
    return all.filter(({ table, id }) => table !== 'kpiData' && !(table === 'kpiLinks' && odd.mayGiveLink(id)));
  }
  const outdated = entries.flatMap(({ source, image: kept }): Divergence[] => {
    const image = store.old[source as Source].get(odd.id);
    const isCurrent = image !== undefined && (kept === undefined || kept.digest === itemDigest(image));
    return isCurrent ? [] : [{ table: 'quarantine', id: odd.id, text: `quarantine holds ${odd} as it was before` }];
  });
  // By its name alone an item is kept whose rows could not be taken away.
  if (entries.some(({ image }) => image === undefined)) return [...withoutTrace, ...outdated];
  // The last transaction of several may never come.
  if (odd.kind === 'record' && isParted(world)) return [...beside, ...outdated];
  const rows = (['kpiLinks', 'kpiData'] as const).flatMap((table) =>
    [...store.own[table].keys()]
      .filter((id) => odd.has(table, id))
      .map((id) => ({ table, id, text: `${table} ${id} is there beside its entry in quarantine` })),
  );
  return [...beside, ...outdated, ...rows];
}

/** Whether a record's commit may take several transactions. */
function isParted({ limits }: World): boolean {
  return (limits?.rowsPerTransactionMax ?? TRANSACTION_ITEMS_MAX) < TRANSACTION_ITEMS_MAX;
}

/**
 * Whether a KPI's records are still to be fanned out and swept. At rest that is so only where an abandoned process got further with a
 * link than its successor, through or into quarantine, and died before its fan-out: no event is left that would follow.
 */
function isMarked(store: Store): boolean {
  return [...store.own.control.values()].some((row) => row.fan_out_pending && row.sweep_pending);
}

function isNoted(odd: OddItem, store: Store): boolean {
  return [...store.documents()].some(([key, note]) => key.startsWith('unfinished\n') && note.id === odd.id);
}

function compareRows(
  table: Divergence['table'],
  expected: ReadonlyMap<string, Item>,
  actual: ReadonlyMap<string, Item>,
): Divergence[] {
  const found: Divergence[] = [];
  const name = { kpiLinks: 'KpiLink', kpiData: 'KpiData', quarantine: 'quarantine' }[table];
  const add = (id: string, text: string) => found.push({ table, id, text: `${name} ${text}` });
  for (const [id, row] of expected) {
    const stored = actual.get(id);
    if (stored === undefined) add(id, `${describe(row)} is missing`);
    else if (!sameItem(row, stored)) add(id, `is ${describe(stored)} instead of ${describe(row)}`);
  }
  for (const [id, row] of actual) if (!expected.has(id)) add(id, `${describe(row)} should not be there`);
  return found;
}

function compareQuarantine(expected: ExpectedRows, store: Store): Divergence[] {
  const wanted = new Map(expected.quarantined.map((entry) => [`${entry.source} ${entry.id}`, entry]));
  const found: Divergence[] = [];
  const add = (id: string, text: string) => found.push({ table: 'quarantine', id, text: `quarantine ${text}` });
  const images = new Set([...store.own.control.keys()].filter((key) => key.startsWith('quarantine-image#')));
  const open = new Set([...store.own.control.keys()].filter((key) => key.startsWith('quarantine-open#')));
  for (const [key, item] of store.own.control) {
    if (!key.startsWith('quarantine#')) continue;
    const row = decodeQuarantineEntry(item);
    const name = `${row.source} ${row.id}`;
    const entry = wanted.get(name);
    wanted.delete(name);
    const keys = imagePartKeys(row).map(({ table, key: part }) => keyText(table, part));
    const image = joinImage(keys.map((part) => store.own.control.get(part)));
    for (const part of keys) images.delete(part);
    // Nobody accepts anything in the simulation.
    if (!open.delete(keyText('control', openKey(row).key))) add(row.id, `does not list ${name} as open`);
    if (entry === undefined) add(row.id, `holds ${name}, which can be migrated or is gone`);
    else if (entry.reason.code !== row.reason.code || !sameItem(image, store.old[entry.source].get(row.id))) {
      add(row.id, `holds ${name} with an outdated reason or image`);
    }
  }
  for (const { source, id } of wanted.values()) add(id, `lacks ${source} ${id}`);
  for (const key of open) add('', `lists as open what is not there: ${key}`);
  for (const key of images) add('', `holds an image that no entry is of: ${key}`);
  return found;
}

function describe(row: Item): string {
  const value = row.post_value && 'N' in row.post_value ? `=${row.post_value.N}` : '';
  const place = [textOf(row, 'tenant_id'), textOf(row, 'kpi_id'), textOf(row, 'kpi_link_id')].filter(Boolean).join('/');
  return `${textOf(row, 'id')} (${place}${value})`;
}

/** The content of both new tables and of quarantine, for telling whether anything was changed. */
export function contentOf(store: Store): ReadonlyMap<string, Item> {
  const rows = new Map<string, Item>();
  for (const [id, row] of store.own.kpiLinks) rows.set(`KpiLink ${id}`, row);
  for (const [id, row] of store.own.kpiData) rows.set(`KpiData ${id}`, row);
  for (const [key, row] of store.own.control) if (key.startsWith('quarantine#')) rows.set(key, row);
  return rows;
}

export function changesSince(before: ReadonlyMap<string, Item>, store: Store): string[] {
  const after = contentOf(store);
  const changed = [...after].filter(([key, row]) => !sameItem(row, before.get(key))).map(([key]) => key);
  const gone = [...before.keys()].filter((key) => !after.has(key));
  return [...changed, ...gone].map((key) => `a second backfill changed ${key}`);
}

/**
 * Knows all that a row of KpiData can rightly hold: for each version that any record ever had, the row under each link of
 * the schedule. A row that holds anything else was made up from parts of several.
 */
export class RowWitness {
  readonly #writes: readonly LegacyWrite[];
  readonly #linkIds: readonly string[];
  #known: ReadonlyMap<string, ReadonlySet<string>> | undefined;

  constructor(world: World) {
    this.#writes = [...world.initial, ...world.live];
    const kpiIds = new Set(this.#writes.map(({ item }) => textOf(item, 'kpi_id') ?? ''));
    this.#linkIds = [
      ...new Set(this.#writes.filter(({ source }) => source === 'links').map(({ id }) => id)),
      ...[...kpiIds].map(personalLinkId),
    ];
  }

  /** Whether some version of the row's record, mapped to some link, is just this. */
  hasBeen(row: Item): boolean {
    this.#known ??= this.#everyContent();
    const { id: _, ...content } = row;
    return this.#known.get(textOf(row, 'id') ?? '')?.has(JSON.stringify(content)) === true;
  }

  #everyContent(): Map<string, Set<string>> {
    const known = new Map<string, Set<string>>();
    for (const { source, item } of this.#writes) {
      if (item === undefined || source === ('links' satisfies Source)) continue;
      for (const linkId of this.#linkIds) {
        const link = { id: linkId, linkedAt: '2024-01-01' };
        const demand = demandOfRecord(source as RecordSource, { [source]: item }, () => [link]);
        if (demand.kind !== 'mapped') continue;
        const { id: _, ...content } = demand.rows[0] as Item;
        const text = JSON.stringify(content);
        for (const id of [idOf(item), fanOutRowId(idOf(item), linkId)]) {
          const contents = known.get(id) ?? new Set();
          known.set(id, contents.add(text));
        }
      }
    }
    return known;
  }
}
