import {
  keysUnderLink,
  linkIdOf,
  linkReferenceOf,
  OLD_VALUE_ATTRIBUTE_OF,
  outOfIndexes,
  VALUE_ATTRIBUTE_OF,
} from '../migration/rows.ts';
import { kpiKeyOf, RECORD_SOURCES, type RecordSource, SOURCES, type Source, tenantOf } from '../migration/sources.ts';
import { LISTED_BY, NEW_DATA, NEW_LINKS, NEW_TABLES, type NewTable, OLD_TABLE_OF } from '../migration/tables.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { kpiIdentity } from '../model/kpi.ts';
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

/**
 * Every kind of fault that the rows give occasion for, each by itself.
 *
 * @param agreeing whether a row is as it should be: only such rows are made wrong, so that what is found is the fault.
 */
export function* plantedFaults(
  content: Content,
  agreeing: (table: NewTable, id: string) => boolean,
): Generator<PlantedFault> {
  for (const table of NEW_TABLES) {
    const rows = [...content.tables[table]].filter(([id]) => agreeing(table, id)).map(([, row]) => row);
    yield* attributesWrong(content, table, rows);
    yield* rowsWrong(content, table, rows);
  }
  const rows = [...content.tables[NEW_DATA].values()].filter((row) => agreeing(NEW_DATA, idOf(row)));
  yield* linksWrong(content, rows);
  yield* oldSideMoved(content, rows);
  yield* tenantMissing(content, agreeing);
  yield* quarantineWrong(content);
}

/** Each attribute once, on the first row that has it. */
function* attributesWrong(content: Content, table: NewTable, rows: readonly Item[]): Generator<PlantedFault> {
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

function* rowsWrong(content: Content, table: NewTable, rows: readonly Item[]): Generator<PlantedFault> {
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
  const attribute = VALUE_ATTRIBUTE_OF[table];
  const [first, second] = pairThatDiffers(rows, attribute);
  if (first === undefined || second === undefined) return;
  const swapped = [withAttribute(first, attribute, second), withAttribute(second, attribute, first)];
  yield {
    name: `${table}: two rows' values exchanged`,
    content: withItems(content, table, swapped),
    sought: [first, second].map((each) => ({ table, id: idOf(each), kind: 'different', attribute })),
  };
}

/** Rows under the wrong link, with the wrong id, or under none. */
function* linksWrong(content: Content, rows: readonly Item[]): Generator<PlantedFault> {
  const table = NEW_DATA;
  const recordIds = new Set(RECORD_SOURCES.flatMap((source) => [...content.tables[OLD_TABLE_OF[source]].keys()]));
  const fanOut = rows.find((row) => !recordIds.has(idOf(row)));
  const [row] = rows;
  if (row === undefined) return;
  const strange = { ...row, id: { S: STRANGE_ID } };
  const orphan = { ...strange, ...keysUnderLink(row, STRANGE_ID) };
  yield {
    name: `${NEW_DATA}: a row under a link that does not exist`,
    content: withItems(content, table, [orphan]),
    sought: [{ table, id: STRANGE_ID, kind: 'extra', orphan: true }],
  };
  yield {
    name: `${NEW_DATA}: a row too many that no index has`,
    content: withItems(content, table, [outOfIndexes(strange)]),
    sought: [{ table, id: STRANGE_ID, kind: 'extra' }],
  };
  const otherLink = [...content.tables[NEW_LINKS].keys()].find((id) => id !== linkIdOf(row));
  if (otherLink !== undefined) {
    yield {
      name: `${NEW_DATA}: a row under the wrong link`,
      content: withItems(content, table, [{ ...row, ...keysUnderLink(row, otherLink) }]),
      sought: [{ table, id: idOf(row), kind: 'different', attribute: LISTED_BY.link.attribute }],
    };
  }
  if (fanOut === undefined) return;
  yield {
    name: `${NEW_DATA}: a fan-out row with the wrong id`,
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
    const value = item?.[OLD_VALUE_ATTRIBUTE_OF[source]];
    if (row === undefined || item === undefined || value === undefined) continue;
    const sought = { table: NEW_DATA, id: idOf(row) } as const;
    yield {
      name: `${source}: a stale row`,
      content: withItems(content, oldTable, [{ ...item, [OLD_VALUE_ATTRIBUTE_OF[source]]: changed(value) }]),
      sought: [{ ...sought, kind: 'different', attribute: VALUE_ATTRIBUTE_OF[NEW_DATA] }],
    };
    yield {
      name: `${source}: the row of a deleted record`,
      content: withoutItems(content, oldTable, [idOf(row)]),
      sought: [{ ...sought, kind: 'extra' }],
    };
  }
  const link = [...content.tables[OLD_TABLE_OF.links].keys()].find((id) => content.tables[NEW_LINKS].has(id));
  if (link === undefined) return;
  yield {
    name: 'links: the row of a deleted link',
    content: withoutItems(content, OLD_TABLE_OF.links, [link]),
    sought: [{ table: NEW_LINKS, id: link, kind: 'extra' }],
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
  const links = [...content.tables[OLD_TABLE_OF.links].values()].filter(
    (link) => content.tables[NEW_LINKS].has(idOf(link)) && kpiIdentity(kpiKeyOf(link)) === kpi,
  );
  return rowsExpectedOf(source, item, links.map(linkReferenceOf)) !== 0;
}

/** An id that two record tables share is the earlier one's, and goes over to the other when that one's item goes. */
function isOnlyIn(content: Content, source: RecordSource, id: string): boolean {
  return RECORD_SOURCES.every((each) => content.tables[OLD_TABLE_OF[each]].has(id) === (each === source));
}

function* tenantMissing(content: Content, agreeing: (table: NewTable, id: string) => boolean): Generator<PlantedFault> {
  const tenantId = [...content.tables[NEW_DATA].values()].map((row) => tenantOf(row))[0];
  let without = content;
  const sought: Sought[] = [];
  for (const table of NEW_TABLES) {
    const rows = [...content.tables[table]].filter(([, row]) => tenantOf(row) === tenantId);
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

function pairThatDiffers(rows: readonly Item[], attribute: string): [Item?, Item?] {
  const first = rows.find((row) => row[attribute] !== undefined);
  const value = JSON.stringify(first?.[attribute]);
  return [first, rows.find((row) => row[attribute] !== undefined && JSON.stringify(row[attribute]) !== value)];
}

function withAttribute(row: Item, attribute: string, from: Item): Item {
  const value = from[attribute];
  return value === undefined ? row : { ...row, [attribute]: value };
}
