import { fanOutRowId } from '../../functions/migration/ids.ts';
import { type Item, textOf } from '../../functions/model/attribute-value.ts';
import type { ReadTable } from '../../functions/tables/validation-reads.ts';
import { attributeFaults } from '../../functions/validation/attribute-faults.ts';
import type { Sought } from '../../functions/validation/planted-faults.ts';

/** A fault written into the tables, and how it has to be named. */
export interface Spoiling {
  readonly name: string;
  readonly put?: readonly { readonly table: ReadTable; readonly item: Item }[];
  readonly remove?: readonly { readonly table: ReadTable; readonly id: string }[];
  readonly sought: readonly Sought[];
}

/** Rows of one KPI of rich-content.ts, each fault of a KPI of its own. */
export type RowOf = (table: 'kpiLinks' | 'kpiData', id: string) => Item;

/** DynamoDB refuses a wrong type of these, as they are keys of an index. */
const KEYS =
  /^(tenant_id|kpi_id|person_id|goal_id|uniqueness_key|kpi_link_id|post_date|kpi_link_category_key|target_key)$/;

/** Every way in which one attribute can be wrong, of a row of each kind. */
export function attributeSpoilings(rowOf: RowOf, count: (spoilings: number) => void): Spoiling[] {
  const done = new Set<string>();
  const spoilings: Spoiling[] = [];
  const kinds = [
    ['kpiLinks', (at: number) => `link-${at}-a`],
    ['kpiData', (at: number) => `milestone-${at}`],
    ['kpiData', (at: number) => `actual-${at}`],
    ['kpiData', (at: number) => `reading-${at}`],
    ['kpiData', (at: number) => fanOutRowId(`milestone-${at}`, `link-${at}-b`)],
  ] as const;
  for (const [table, idAt] of kinds) {
    for (const { name, attribute } of attributeFaults(rowOf(table, idAt(0)))) {
      if (done.has(`${table} ${name}`) || (name.endsWith('another type') && KEYS.test(attribute))) continue;
      done.add(`${table} ${name}`);
      const id = idAt(spoilings.length);
      const fault = attributeFaults(rowOf(table, id)).find((each) => each.name === name);
      if (fault === undefined) continue;
      spoilings.push({
        name: `${table}: ${name}`,
        put: [{ table, item: fault.row }],
        sought: [{ table, id, kind: 'different', attribute }],
      });
    }
  }
  count(spoilings.length);
  return spoilings;
}

/** Rows missing, surplus, under the wrong link; and an old side that moved while nobody followed. */
export function rowSpoilings(rowOf: RowOf, first: number): Spoiling[] {
  const make: ((at: number) => Spoiling)[] = [
    (at) => missing('a link', 'kpiLinks', `link-${at}-a`),
    (at) => missing("an anchor's row", 'kpiData', `actual-${at}`),
    (at) => missing('a fan-out row', 'kpiData', fanOutRowId(`actual-${at}`, `link-${at}-b`)),
    (at) => surplus('a link', 'kpiLinks', { ...rowOf('kpiLinks', `link-${at}-a`), id: { S: `strange-link-${at}` } }),
    (at) => surplus('a row', 'kpiData', { ...rowOf('kpiData', `actual-${at}`), id: { S: `strange-${at}` } }),
    (at) =>
      surplus(
        'a row that no index has',
        'kpiData',
        without('post_date', { ...rowOf('kpiData', `actual-${at}`), id: { S: `strange-${at}` } }),
      ),
    (at) =>
      surplus(
        'a row that names no link',
        'kpiData',
        without('kpi_link_id', { ...rowOf('kpiData', `actual-${at}`), id: { S: `strange-${at}` } }),
        true,
      ),
    (at) =>
      surplus(
        'an orphan',
        'kpiData',
        under(`nowhere-${at}`, { ...rowOf('kpiData', `actual-${at}`), id: { S: `strange-${at}` } }),
        true,
      ),
    (at) => ({
      name: 'a row under the wrong link of its KPI',
      put: [{ table: 'kpiData', item: under(`link-${at}-b`, rowOf('kpiData', `actual-${at}`)) }],
      sought: [{ table: 'kpiData', id: `actual-${at}`, kind: 'different', attribute: 'kpi_link_id' }],
    }),
    (at) => ({
      name: 'a row under the link of another KPI',
      put: [{ table: 'kpiData', item: under('link-0-a', rowOf('kpiData', `actual-${at}`)) }],
      sought: [{ table: 'kpiData', id: `actual-${at}`, kind: 'different', attribute: 'kpi_link_id' }],
    }),
    (at) => {
      const id = fanOutRowId(`actual-${at}`, `link-${at}-b`);
      return {
        name: 'a fan-out row with the wrong id',
        remove: [{ table: 'kpiData', id }],
        put: [{ table: 'kpiData', item: { ...rowOf('kpiData', id), id: { S: `strange-${at}` } } }],
        sought: [
          { table: 'kpiData', id, kind: 'missing' },
          { table: 'kpiData', id: `strange-${at}`, kind: 'extra' },
        ],
      };
    },
    (at) => {
      const id = fanOutRowId(`actual-${at}`, `link-${at}-b`);
      return {
        name: "a fan-out row that took the record's own id",
        remove: [{ table: 'kpiData', id }],
        put: [{ table: 'kpiData', item: { ...rowOf('kpiData', id), id: { S: `actual-${at}` } } }],
        sought: [
          { table: 'kpiData', id, kind: 'missing' },
          { table: 'kpiData', id: `actual-${at}`, kind: 'different', attribute: 'kpi_link_id' },
        ],
      };
    },
    (at) => ({
      name: 'two rows with their values exchanged',
      put: [
        { table: 'kpiData', item: { ...rowOf('kpiData', `actual-${at}`), post_value: { N: '7777' } } },
        { table: 'kpiData', item: { ...rowOf('kpiData', `milestone-${at}`), post_value: { N: '7' } } },
      ],
      sought: [`actual-${at}`, `milestone-${at}`].map((id) => ({
        table: 'kpiData',
        id,
        kind: 'different',
        attribute: 'post_value',
      })),
    }),
    (at) => ({
      name: 'the row of a record that was deleted',
      remove: [{ table: 'kpiReadings', id: `reading-${at}` }],
      sought: [{ table: 'kpiData', id: `reading-${at}`, kind: 'extra' }],
    }),
    (at) => ({
      name: 'the rows of a link that was deleted',
      remove: [{ table: 'goalKpiLinks', id: `link-${at}-b` }],
      sought: [
        { table: 'kpiLinks', id: `link-${at}-b`, kind: 'extra' },
        { table: 'kpiData', id: fanOutRowId(`actual-${at}`, `link-${at}-b`), kind: 'extra', orphan: true },
      ],
    }),
    (at) => ({
      name: 'rows keyed as before the anchor went',
      remove: [{ table: 'goalKpiLinks', id: `link-${at}-a` }],
      sought: [
        { table: 'kpiLinks', id: `link-${at}-a`, kind: 'extra' },
        { table: 'kpiData', id: `actual-${at}`, kind: 'different', attribute: 'kpi_link_id' },
      ],
    }),
    (at) => ({
      name: 'a person whose KPI has got another owner',
      put: [
        {
          table: 'kpis',
          item: { id: { S: `kpi-${at}` }, tenant_id: { S: `tenant-${at % 3}` }, owner_id: { S: 'another' } },
        },
      ],
      sought: [{ table: 'kpiLinks', id: `link-${at}-a`, kind: 'different', attribute: 'person_id' }],
    }),
    (at) => ({
      name: 'an item that became malformed',
      put: [
        {
          table: 'kpiReadings',
          item: { id: { S: `reading-${at}` }, tenant_id: { S: `tenant-${at % 3}` }, kpi_id: { S: `kpi-${at}` } },
        },
      ],
      sought: [
        { table: 'kpiData', id: `reading-${at}`, kind: 'extra' },
        { table: 'quarantine', id: `reading-${at}`, kind: 'missing' },
      ],
    }),
  ];
  return make.map((each, index) => each(first + index));
}

function missing(what: string, table: 'kpiLinks' | 'kpiData', id: string): Spoiling {
  return { name: `${what} missing`, remove: [{ table, id }], sought: [{ table, id, kind: 'missing' }] };
}

function surplus(what: string, table: 'kpiLinks' | 'kpiData', item: Item, orphan?: true): Spoiling {
  const sought = { table, id: textOf(item, 'id') ?? '', kind: 'extra', ...(orphan && { orphan }) } as const;
  return { name: `${what} too many`, put: [{ table, item }], sought: [sought] };
}

function without(attribute: string, item: Item): Item {
  const { [attribute]: _, ...others } = item;
  return others;
}

function under(linkId: string, row: Item): Item {
  return { ...row, kpi_link_id: { S: linkId }, kpi_link_category_key: { S: `${linkId}#Actual` } };
}
