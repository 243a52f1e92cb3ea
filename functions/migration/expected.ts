import { inAnchorOrder } from '../model/anchor.ts';
import { type Item, idOf } from '../model/attribute-value.ts';
import { type CountsByName, countNames } from '../model/counts-by-name.ts';
import { type HeldRecords, type KpiKey, kpiIdentity, type LinkReference } from '../model/kpi.ts';
import {
  demandOfLink,
  demandOfPersonalLink,
  demandOfRecord,
  type LinkDemand,
  type PersonalLink,
  type RecordDemand,
  type RecordItems,
  recordIn,
  sourcesIn,
  type ValidLink,
} from './demand.ts';
import { answer, type LookUps, LookUpsInMemory } from './look-ups.ts';
import type { QuarantineReason, Warning } from './quarantine-reason.ts';
import { RECORD_SOURCES, type RecordSource, type Source } from './sources.ts';
import { LOOK_UP_TABLE_OF, OLD_TABLE_OF, type ServiceTable } from './tables.ts';
import { SECOND_LINK } from './warnings.ts';

/** The whole content of the old tables and the look-up tables, in any order. */
export type OldContent = Readonly<Record<Source | 'kpis' | 'people', readonly Item[]>>;

/** The table that each part of the content is from. */
const TABLE_OF_PART = {
  ...OLD_TABLE_OF,
  kpis: LOOK_UP_TABLE_OF.kpi,
  people: LOOK_UP_TABLE_OF.person,
} as const satisfies Readonly<Record<keyof OldContent, ServiceTable>>;

const PARTS = Object.keys(TABLE_OF_PART) as (keyof OldContent)[];

/** Something made of each table's items. */
export function byServiceTable<T>(
  content: OldContent,
  make: (items: readonly Item[]) => T,
): Readonly<Record<ServiceTable, T>> {
  const made = PARTS.map((part) => [TABLE_OF_PART[part], make(content[part])]);
  return Object.fromEntries(made) as Record<ServiceTable, T>;
}

/** The content of the service's tables, read one after the other. */
export async function readOldContent(read: (table: ServiceTable) => Promise<readonly Item[]>): Promise<OldContent> {
  const content: Partial<Record<keyof OldContent, readonly Item[]>> = {};
  for (const part of PARTS) content[part] = await read(TABLE_OF_PART[part]);
  return content as OldContent;
}

/** What the new tables are to hold, and what of the old ones they cannot. */
export interface ExpectedRows {
  readonly kpiLinks: ReadonlyMap<string, Item>;
  readonly kpiData: ReadonlyMap<string, Item>;
  readonly held: readonly Held[];
  readonly quarantined: readonly QuarantinedItem[];
  readonly warnings: readonly LinkWarning[];
  /** How many items bear each attribute that is not copied because no one knows it, by `source.attribute`. */
  readonly unknownAttributes: CountsByName;
}

interface Held {
  readonly source: RecordSource;
  readonly id: string;
  readonly kpi: KpiKey;
}

interface QuarantinedItem {
  readonly source: Source;
  readonly id: string;
  readonly reason: QuarantineReason;
}

interface LinkWarning {
  readonly source: Source;
  readonly id: string;
  readonly warning: Warning;
}

/**
 * The desired state as a function of the old tables alone, made in one go from all of them. Replication gets there by one
 * change at a time; that both agree is what tests, the rehearsal and the simulation check.
 *
 * @returns the same content for the same items in whatever order they come; only the order of its lists follows theirs.
 */
export function expectedRows(old: OldContent, heldRecords: HeldRecords): ExpectedRows {
  const lookUps = new LookUpsInMemory();
  lookUps.addKpis(old.kpis);
  lookUps.addPeople(old.people);
  const links = old.links.map((item) => {
    return { source: 'links', id: idOf(item), demand: answer(demandOfLink(item), lookUps) } as const;
  });
  const validLinks = links.map(({ demand }) => demand).filter((demand) => demand.kind === 'valid');
  const linksOfKpi: Map<string, readonly LinkReference[]> = Map.groupBy(validLinks, ({ kpi }) => kpiIdentity(kpi));
  const recordItems = recordItemsById(old);
  const personal = heldRecords === 'hold' ? [] : personalLinks([...recordItems.values()], linksOfKpi, lookUps);
  for (const [identity, link] of personal) linksOfKpi.set(identity, [link]);
  const records = [...recordItems].flatMap(([id, items]) =>
    sourcesIn(items).map((source) => {
      const demand = demandOfRecord(source, items, ({ kpi }) => linksOfKpi.get(kpiIdentity(kpi)) ?? []);
      return { source, id, demand };
    }),
  );
  return {
    kpiLinks: byId([...validLinks, ...personal.map(([, link]) => link)].map(({ row }) => row)),
    kpiData: byId(records.flatMap(({ demand }) => (demand.kind === 'mapped' ? demand.rows : []))),
    held: records.flatMap(({ source, id, demand }) =>
      demand.kind === 'held' ? [{ source, id, kpi: demand.kpi }] : [],
    ),
    quarantined: [...links, ...records].flatMap(({ source, id, demand }) =>
      demand.kind === 'quarantined' ? [{ source, id, reason: demand.reason }] : [],
    ),
    warnings: [...validLinks.flatMap(warningsOf), ...secondLinksToGoal(validLinks)],
    unknownAttributes: countUnknownAttributes([...links, ...records]),
  };
}

function recordItemsById(old: OldContent): Map<string, RecordItems> {
  const items = new Map<string, RecordItems>();
  for (const source of RECORD_SOURCES) {
    for (const item of old[source]) items.set(idOf(item), { ...items.get(idOf(item)), [source]: item });
  }
  return items;
}

/** The personal links by the identity of their KPIs: of those that have records and no link in `linksOfKpi`. */
function personalLinks(
  items: readonly RecordItems[],
  linksOfKpi: ReadonlyMap<string, unknown>,
  lookUps: LookUps,
): (readonly [string, PersonalLink])[] {
  const records = items.map(recordIn).filter((record) => record !== undefined);
  return [...Map.groupBy(records, ({ kpi }) => kpiIdentity(kpi))].flatMap(([identity, [first, ...others]]) => {
    if (first === undefined || linksOfKpi.has(identity)) return [];
    const dates = [first, ...others].map(({ date }) => date);
    const link = answer(demandOfPersonalLink(first.kpi, dates), lookUps);
    return link ? [[identity, link] as const] : [];
  });
}

function warningsOf({ id, warnings }: ValidLink): LinkWarning[] {
  return warnings.map((warning) => ({ source: 'links', id, warning }));
}

/** One warning for each link of a KPI and goal but the first of them in the anchor's order. */
function secondLinksToGoal(links: readonly ValidLink[]): LinkWarning[] {
  const linksOfGoal = Map.groupBy(links, ({ twinKey }) => twinKey);
  return [...linksOfGoal.values()].flatMap((group) => {
    const [, ...others] = inAnchorOrder(group);
    return others.map(({ id }) => ({ source: 'links', id, warning: SECOND_LINK }) as const);
  });
}

function countUnknownAttributes(
  items: readonly { readonly source: Source; readonly demand: LinkDemand | RecordDemand }[],
): CountsByName {
  return countNames(
    items.flatMap(({ source, demand }) =>
      demand.kind === 'gone' ? [] : demand.unknownAttributes.map((name) => `${source}.${name}`),
    ),
  );
}

function byId(items: readonly Item[]): Map<string, Item> {
  return new Map(items.map((item) => [idOf(item), item]));
}
