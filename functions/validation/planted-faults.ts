import { type Item, idOf, textOf } from '../model/attribute-value.ts';
import {
  kpiIdentity,
  kpiKeyOf,
  type LinkReference,
  RECORD_SOURCES,
  type RecordSource,
  SOURCES,
  type Source,
} from '../model/sources.ts';
import { OLD_TABLE_OF } from '../tables/table-names.ts';
import { attributeFaults, changed } from './attribute-faults.ts';
import { rowsExpectedOf } from './expectation.ts';
import type { Finding } from './findings.ts';
import { type Content, withItems, withoutItems } from './memory-reads.ts';

/** What has to be found of a planted fault. */
export interface Sought {
  readonly table: Finding['table'];
  readonly id: string;
  readonly kind: Finding['kind'];
  readonly attribute?: string;
  readonly orphan?: true;
}

/** A fault laid over what is read, and how it has to be named. */
export interface PlantedFault {
  readonly name: string;
  readonly content: Content;
  readonly sought: readonly Sought[];
}

/** An id that no row of anyone has. */
const STRANGE_ID = 'c0ffee00-0000-4000-8000-000000000000';

const VALUE_OF: Readonly<Record<RecordSource, string>> = {
  milestones: 'target_value',
  actuals: 'actual_value',
  readings: 'value',
};

/**
 * Every kind of fault that the rows give occasion for, each by itself.
 *
 * @param agreeing whether a row is as it should be: only such rows are made wrong, so that what is found is the fault.
 */
export function* plantedFaults(
  content: Content,
  agreeing: (table: 'kpiLinks' | 'kpiData', id: string) => boolean,
): Generator<PlantedFault> {
  for (const table of ['kpiLinks', 'kpiData'] as const) {
    const rows = [...content.tables[table]].filter(([id]) => agreeing(table, id)).map(([, row]) => row);
    yield* attributesWrong(content, table, rows);
    yield* rowsWrong(content, table, rows);
  }
  const rows = [...content.tables.kpiData.values()].filter((row) => agreeing('kpiData', idOf(row)));
  yield* linksWrong(content, rows);
  yield* oldSideMoved(content, rows);
  yield* tenantMissing(content, agreeing);
  yield* quarantineWrong(content);
}

/** Each attribute once, on the first row that has it. */
function* attributesWrong(
  content: Content,
  table: 'kpiLinks' | 'kpiData',
  rows: readonly Item[],
): Generator<PlantedFault> {
  const done = new Set<string>();
  for (const row of rows) {
    for (const fault of attributeFaults(row)) {
      if (done.has(fault.name)) continue;
      done.add(fault.name);
      yield {
        name: `${table}: ${fault.name}`,
        content: withItems(content, table, [fault.row]),
        sought: [{ table, id: idOf(row), kind: 'different', attribute: fault.attribute }],
      };
    }
  }
}

function* rowsWrong(content: Content, table: 'kpiLinks' | 'kpiData', rows: readonly Item[]): Generator<PlantedFault> {
  const [row] = rows;
  if (row === undefined) return;
  yield {
    name: `${table}: a row missing`,
    content: withoutItems(content, table, [idOf(row)]),
    sought: [{ table, id: idOf(row), kind: 'missing' }],
  };
  yield {
    name: `${table}: a row too many`,
    content: withItems(content, table, [{ ...row, id: { S: STRANGE_ID } }]),
    sought: [{ table, id: STRANGE_ID, kind: 'extra' }],
  };
  const [first, second] = pairThatDiffers(rows, table === 'kpiData' ? 'post_value' : 'goal_id');
  if (first === undefined || second === undefined) return;
  const attribute = table === 'kpiData' ? 'post_value' : 'goal_id';
  const swapped = [withAttribute(first, attribute, second), withAttribute(second, attribute, first)];
  yield {
    name: `${table}: two rows' values exchanged`,
    content: withItems(content, table, swapped),
    sought: [first, second].map((each) => ({ table, id: idOf(each), kind: 'different', attribute })),
  };
}

/** Rows under the wrong link, with the wrong id, or under none. */
function* linksWrong(content: Content, rows: readonly Item[]): Generator<PlantedFault> {
  const table = 'kpiData';
  const recordIds = new Set(RECORD_SOURCES.flatMap((source) => [...content.tables[OLD_TABLE_OF[source]].keys()]));
  const fanOut = rows.find((row) => !recordIds.has(idOf(row)));
  const [row] = rows;
  if (row === undefined) return;
  const orphan = under({ ...row, id: { S: STRANGE_ID } }, STRANGE_ID);
  yield {
    name: 'kpiData: a row under a link that does not exist',
    content: withItems(content, table, [orphan]),
    sought: [{ table, id: STRANGE_ID, kind: 'extra', orphan: true }],
  };
  const { post_date: _, ...undated }: Item = { ...row, id: { S: STRANGE_ID } };
  yield {
    name: 'kpiData: a row too many that no index has',
    content: withItems(content, table, [undated]),
    sought: [{ table, id: STRANGE_ID, kind: 'extra' }],
  };
  const otherLink = [...content.tables.kpiLinks.keys()].find((id) => id !== textOf(row, 'kpi_link_id'));
  if (otherLink !== undefined) {
    yield {
      name: 'kpiData: a row under the wrong link',
      content: withItems(content, table, [under(row, otherLink)]),
      sought: [{ table, id: idOf(row), kind: 'different', attribute: 'kpi_link_id' }],
    };
  }
  if (fanOut === undefined) return;
  yield {
    name: 'kpiData: a fan-out row with the wrong id',
    content: withItems(withoutItems(content, table, [idOf(fanOut)]), table, [{ ...fanOut, id: { S: STRANGE_ID } }]),
    sought: [
      { table, id: idOf(fanOut), kind: 'missing' },
      { table, id: STRANGE_ID, kind: 'extra' },
    ],
  };
}

/** The old side moved, and the new one did not follow. */
function* oldSideMoved(content: Content, rows: readonly Item[]): Generator<PlantedFault> {
  for (const source of RECORD_SOURCES) {
    const oldTable = OLD_TABLE_OF[source];
    const row = rows.find((each) => isOnlyIn(content, source, idOf(each)));
    const item = row && content.tables[oldTable].get(idOf(row));
    const value = item?.[VALUE_OF[source]];
    if (row === undefined || item === undefined || value === undefined) continue;
    const sought = { table: 'kpiData', id: idOf(row) } as const;
    yield {
      name: `${source}: a stale row`,
      content: withItems(content, oldTable, [{ ...item, [VALUE_OF[source]]: changed(value) }]),
      sought: [{ ...sought, kind: 'different', attribute: 'post_value' }],
    };
    yield {
      name: `${source}: the row of a deleted record`,
      content: withoutItems(content, oldTable, [idOf(row)]),
      sought: [{ ...sought, kind: 'extra' }],
    };
  }
  const link = [...content.tables.goalKpiLinks.keys()].find((id) => content.tables.kpiLinks.has(id));
  if (link === undefined) return;
  yield {
    name: 'links: the row of a deleted link',
    content: withoutItems(content, 'goalKpiLinks', [link]),
    sought: [{ table: 'kpiLinks', id: link, kind: 'extra' }],
  };
}

/**
 * Whether a scan sees that the entry is lost. An item that shares its id with another table's is taken for one of its own, so that nothing is
 * asked of quarantine while it counts as held, which it does without a link of its KPI in its tenant (README.md of the validators).
 */
function isSeen(content: Content, source: Source, id: string): boolean {
  if (source === 'links' || content.quarantine[source].get(id) !== 'id-collision') return true;
  const item = content.tables[OLD_TABLE_OF[source]].get(id);
  if (item === undefined) return false;
  const kpi = kpiIdentity(kpiKeyOf(item));
  const links = [...content.tables.goalKpiLinks.values()].filter(
    (link) => content.tables.kpiLinks.has(idOf(link)) && kpiIdentity(kpiKeyOf(link)) === kpi,
  );
  return rowsExpectedOf(source, item, links.map(referenceOf)) !== 0;
}

function referenceOf(link: Item): LinkReference {
  return { id: idOf(link), linkedAt: textOf(link, 'linked_at') ?? '' };
}

/** An id that two record tables share is the earlier one's, and goes over to the other when that one's item goes. */
function isOnlyIn(content: Content, source: RecordSource, id: string): boolean {
  return RECORD_SOURCES.every((each) => content.tables[OLD_TABLE_OF[each]].has(id) === (each === source));
}

function* tenantMissing(
  content: Content,
  agreeing: (table: 'kpiLinks' | 'kpiData', id: string) => boolean,
): Generator<PlantedFault> {
  const tenantId = [...content.tables.kpiData.values()].map((row) => textOf(row, 'tenant_id'))[0];
  let without = content;
  const sought: Sought[] = [];
  for (const table of ['kpiLinks', 'kpiData'] as const) {
    const rows = [...content.tables[table]].filter(([, row]) => textOf(row, 'tenant_id') === tenantId);
    const ids = rows.map(([id]) => id);
    without = withoutItems(without, table, ids);
    sought.push(...ids.filter((id) => agreeing(table, id)).map((id) => ({ table, id, kind: 'missing' }) as const));
  }
  if (sought.length > 0) yield { name: 'a whole tenant missing', content: without, sought };
}

function* quarantineWrong(content: Content): Generator<PlantedFault> {
  for (const source of SOURCES) {
    const [id] = [...content.quarantine[source]].find(([each]) => isSeen(content, source, each)) ?? [];
    if (id !== undefined) {
      const { [source]: _, ...others } = content.quarantine;
      const entries = new Map([...content.quarantine[source]].filter(([each]) => each !== id));
      yield {
        name: `${source}: an item that quarantine has lost`,
        content: { ...content, quarantine: { ...others, [source]: entries } as Content['quarantine'] },
        sought: [{ table: 'quarantine', id, kind: 'missing' }],
      };
    }
  }
  const surplus = new Map([...content.quarantine.links, [STRANGE_ID, 'wrong-type']]);
  yield {
    name: 'links: an item in quarantine that is not there',
    content: { ...content, quarantine: { ...content.quarantine, links: surplus } },
    sought: [{ table: 'quarantine', id: STRANGE_ID, kind: 'extra' }],
  };
}

/** The row with its link and all keys that are made of it. */
function under(row: Item, linkId: string): Item {
  const category = textOf(row, 'data_category');
  const target = textOf(row, 'target_subtype');
  return {
    ...row,
    kpi_link_id: { S: linkId },
    kpi_link_category_key: { S: `${linkId}#${category}` },
    ...(target !== undefined && { target_key: { S: `${linkId}#${target}` } }),
  };
}

function pairThatDiffers(rows: readonly Item[], attribute: string): [Item?, Item?] {
  const first = rows.find((row) => row[attribute] !== undefined);
  const value = JSON.stringify(first?.[attribute]);
  return [first, rows.find((row) => row[attribute] !== undefined && JSON.stringify(row[attribute]) !== value)];
}

function withAttribute(row: Item, attribute: string, from: Item): Item {
  const value = from[attribute];
  return value === undefined ? row : { ...row, [attribute]: value };
}
