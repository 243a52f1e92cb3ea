import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import { sameItem } from '../../functions/model/compare.ts';
import { type ExpectedRows, expectedRows } from '../../functions/model/expected.ts';
import { fanOutRowId, personalLinkId } from '../../functions/model/ids.ts';
import { mapRecord } from '../../functions/model/mapping.ts';
import { parseRecord } from '../../functions/model/old-records.ts';
import type { RecordSource, Source } from '../../functions/model/sources.ts';
import { decodeQuarantineEntry, imagePartKeys, joinImage } from '../../functions/tables/quarantine-rows.ts';
import { keyText, type Store } from './store.ts';
import type { LegacyWrite, World } from './world.ts';

/** What is not as the old tables demand, at rest; empty where all is. */
export function differencesAtRest(store: Store, world: World): string[] {
  const expected = expectedRows(
    {
      links: [...store.old.links.values()],
      milestones: [...store.old.milestones.values()],
      actuals: [...store.old.actuals.values()],
      readings: [...store.old.readings.values()],
      kpis: world.kpis,
      people: world.people,
    },
    world.heldRecords,
  );
  return [
    ...compareRows('KpiLink', expected.kpiLinks, store.own.kpiLinks),
    ...compareRows('KpiData', expected.kpiData, store.own.kpiData),
    ...compareQuarantine(expected, store),
  ];
}

function compareRows(table: string, expected: ReadonlyMap<string, Item>, actual: ReadonlyMap<string, Item>): string[] {
  const found: string[] = [];
  for (const [id, row] of expected) {
    const stored = actual.get(id);
    if (stored === undefined) found.push(`${table} ${describe(row)} is missing`);
    else if (!sameItem(row, stored)) found.push(`${table} is ${describe(stored)} instead of ${describe(row)}`);
  }
  for (const [id, row] of actual) if (!expected.has(id)) found.push(`${table} ${describe(row)} should not be there`);
  return found;
}

function compareQuarantine(expected: ExpectedRows, store: Store): string[] {
  const wanted = new Map(expected.quarantined.map((entry) => [`${entry.source} ${entry.id}`, entry]));
  const found: string[] = [];
  const images = new Set([...store.own.control.keys()].filter((key) => key.startsWith('quarantine-image#')));
  for (const [key, item] of store.own.control) {
    if (!key.startsWith('quarantine#')) continue;
    const row = decodeQuarantineEntry(item);
    const name = `${row.source} ${row.id}`;
    const entry = wanted.get(name);
    wanted.delete(name);
    const keys = imagePartKeys(row).map(({ table, key: part }) => keyText(table, part));
    const image = joinImage(keys.map((part) => store.own.control.get(part)));
    for (const part of keys) images.delete(part);
    if (entry === undefined) found.push(`quarantine holds ${name}, which can be migrated or is gone`);
    else if (entry.reason.code !== row.reason.code || !sameItem(image, store.old[entry.source].get(row.id))) {
      found.push(`quarantine holds ${name} with an outdated reason or image`);
    }
  }
  for (const name of wanted.keys()) found.push(`quarantine lacks ${name}`);
  for (const key of images) found.push(`quarantine holds an image that no entry is of: ${key}`);
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
      const parsed = parseRecord(source as RecordSource, item);
      if (parsed.kind !== 'valid') continue;
      for (const linkId of this.#linkIds) {
        const result = mapRecord(parsed.record, [{ id: linkId, linkedAt: '2024-01-01' }]);
        if (result.kind !== 'mapped') continue;
        const { id: _, ...content } = result.rows[0] as Item;
        const text = JSON.stringify(content);
        for (const id of [parsed.record.id, fanOutRowId(parsed.record.id, linkId)]) {
          const contents = known.get(id) ?? new Set();
          known.set(id, contents.add(text));
        }
      }
    }
    return known;
  }
}
