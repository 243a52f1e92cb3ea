import { kpiKeyOf, type RecordSource } from '../../functions/migration/sources.ts';
import { NEW_DATA } from '../../functions/migration/tables.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { distinctKpis, type KpiKey, kpiIdentity } from '../../functions/model/kpi.ts';
import { KpiViews } from '../../functions/sync/kpi-views.ts';
import { linksInForce } from '../../functions/sync/record-decision.ts';
import type { RecordChange } from '../../functions/sync/replicate-record.ts';
import { apart } from '../../functions/tables/dynamo/apart.ts';
import { type Copier, writeUnitsOf } from './copier.ts';
import type { FirstCopy } from './first-copy.ts';
import { bringRecords } from './persevere.ts';
import { decidePage, earlierSources, type PageDecision } from './record-page.ts';
import { countUnfinished, EMPTY_TALLY, type Tally } from './tally.ts';

/**
 * Copies a page of records. In a first run the rows of a plain one are put without a look at what is there; whatever needs more than that goes
 * through the protocol.
 *
 * A row may be put over a newer one of a live write, or just after a live delete has removed it, or for links that have just changed: such a record was
 * touched live, or its KPI is marked, and the sweep puts it right. Until then nobody reads the new tables.
 *
 * In a repeated run somebody may read: then nothing is put past the protocol, and records that lack a row go through it.
 */
export async function copyRecords(copier: Copier, source: RecordSource, items: readonly Item[]): Promise<Tally> {
  const { replication, first } = copier;
  const reads = await readPageContext(copier, source, items);
  const page = decidePage(items, { ...reads, source, heldRecords: replication.heldRecords });

  const plain = first ? await put(first, page.plain) : await setApart(copier, page.plain);
  const { done, unfinished } = await bringRecords(copier, [...plain.throughProtocol, ...page.throughProtocol]);
  const refused = page.throughProtocol.filter((change) => change.reason !== 'personal-link').map(({ id }) => id);
  // What the protocol says of an id that two tables share is said of the item that has it, not of the one refused here.
  const held = done.filter(({ change, outcome }) => outcome === 'held' && !refused.includes(change.id));
  const inQuarantine = [
    ...refused,
    ...done.filter(({ refusal }) => refusal !== undefined).map(({ change }) => change.id),
  ];
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: plain.written + done.reduce((rows, { rowsWritten }) => rows + rowsWritten, 0),
    dataWriteUnits: plain.writeUnits,
    present: plain.present,
    held: page.held.length + held.length,
    quarantined: new Set(inQuarantine).difference(new Set(unfinished.map(({ id }) => id))).size,
    unfinished: countUnfinished(unfinished),
    ...page.unknown,
  };
}

/** What a page's items depend on. Where one cannot be read, its item alone is decided without. */
async function readPageContext({ replication, first }: Copier, source: RecordSource, items: readonly Item[]) {
  const ids = items.map(idOf);
  const owned = first ? first.mayBeOwned(source, ids) : ids;
  // Only then: the ids of this table are no earlier one's.
  first?.add(ids);
  const earlier = earlierSources(source);
  const bases = await apart(earlier.length > 0 ? owned : [], (some) => replication.old.readRecords(some, earlier));
  const known = await first?.links();
  // A guess will do: links that change meanwhile mark their KPI for the sweep.
  const views = new KpiViews(replication);
  const unknown = distinctKpis(items.map(kpiKeyOf)).filter((kpi) => known?.of(kpi) === undefined);
  const kpis = await apart(unknown, (some) => views.guess(some));
  for (const view of kpis.results.flat()) known?.keep(view.kpi, view.links);
  const links = new Map(
    kpis.results.flat().map((view) => [kpiIdentity(view.kpi), linksInForce(view, replication.heldRecords)]),
  );
  const refusals = new Map<string, unknown>([
    ...bases.refused.map(({ of, error }) => [`id ${of}`, error] as const),
    ...kpis.refused.map(({ of, error }) => [`kpi ${kpiIdentity(of)}`, error] as const),
  ]);
  return {
    bases: new Map(bases.results.flatMap((records) => [...records])),
    linksOf: (kpi: KpiKey) => known?.of(kpi) ?? links.get(kpiIdentity(kpi)) ?? [],
    refusalOf: (item: Item) => refusals.get(`id ${idOf(item)}`) ?? refusals.get(`kpi ${kpiIdentity(kpiKeyOf(item))}`),
  };
}

/** What became of plain records. */
interface Plain {
  readonly written: number;
  readonly writeUnits: number;
  readonly present: number;
  readonly throughProtocol: readonly RecordChange[];
}

/** Puts their rows. A record of which a row is refused has all of them or none, and so goes through the protocol. */
async function put(first: FirstCopy, plain: PageDecision['plain']): Promise<Plain> {
  const rows = plain.flatMap((record) => record.rows);
  const refused = await first.put(rows);
  const odd = plain.filter((record) => record.rows.some((row) => refused.has(row)));
  return {
    written: rows.length - refused.size,
    writeUnits: writeUnitsOf(rows),
    present: 0,
    throughProtocol: odd.map(({ change }) => change),
  };
}

/** Only finds out which of them lack a row. */
async function setApart({ data }: Copier, plain: PageDecision['plain']): Promise<Plain> {
  const rows = plain.flatMap((record) => record.rows);
  const { results } = await apart(rows.map(idOf), (ids) => data.readRows(NEW_DATA, ids));
  // Of what cannot be read it is not known that it is there.
  const present = new Set(results.flatMap((found) => [...found.keys()]));
  const lacking = plain.filter((record) => record.rows.some((row) => !present.has(idOf(row))));
  const missing = rows.filter((row) => !present.has(idOf(row)));
  return {
    written: 0,
    writeUnits: writeUnitsOf(missing),
    present: rows.length - missing.length,
    throughProtocol: lacking.map(({ change }) => change),
  };
}
