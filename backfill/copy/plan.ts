import pMap from 'p-map';
import { demandOfLink, type LinkDemand, personForKpi, quarantined } from '../../functions/migration/demand.ts';
import { answerLater } from '../../functions/migration/look-ups.ts';
import { contextOfItem } from '../../functions/migration/old-item-context.ts';
import { refusedBy } from '../../functions/migration/quarantine-reason.ts';
import { byRecordSource, RECORD_SOURCES, type RecordSource, type Source } from '../../functions/migration/sources.ts';
import { NEW_DATA, NEW_LINKS } from '../../functions/migration/tables.ts';
import { SECOND_LINK } from '../../functions/migration/warnings.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import { type CountsByName, countNames } from '../../functions/model/counts-by-name.ts';
import { compareText } from '../../functions/model/instant.ts';
import {
  distinctKpis,
  type HeldRecords,
  type KpiKey,
  kpiIdentity,
  type LinkReference,
} from '../../functions/model/kpi.ts';
import { apart } from '../../functions/tables/dynamo/apart.ts';
import { attemptLater, valuesOf } from '../../functions/tables/dynamo/attempt.ts';
import { failureCode } from '../../functions/tables/dynamo/failure-scope.ts';
import type { OldTables } from '../../functions/tables/old/old-tables.ts';
import type { Progress } from '../progress.ts';
import { writeUnitsOf } from './copier.ts';
import { linksIn, unknownLinkAttributes } from './copy-links.ts';
import { decidePage, earlierSources } from './record-page.ts';
import { scanPages } from './scan-pages.ts';
import { addTallies, EMPTY_TALLY, type Tally } from './tally.ts';

export interface PlanOptions {
  readonly old: OldTables;
  readonly heldRecords: HeldRecords;
  readonly segments: number;
  /** Look-ups of links made side by side. */
  readonly concurrency: number;
  readonly progress: Progress;
  readonly itemCountEstimates: Partial<Record<Source, number>>;
  readonly stop: AbortSignal;
}

/** What a backfill of the old tables as they are now would come to. `copied` counts the rows it would write. */
export interface Plan {
  readonly sources: Readonly<Record<Source, Tally>>;
  /** Reasons of quarantine and how often each comes. */
  readonly quarantineReasons: CountsByName;
  /** Rows that each new table would have. */
  readonly rows: { readonly [NEW_LINKS]: number; readonly [NEW_DATA]: number };
  /** The KPIs without a link, and how many records of each source wait for one; by tenant and KPI. */
  readonly heldKpis: readonly HeldKpi[];
  /** The first {@link HELD_NAMED_MAX} of those records, in the same order. */
  readonly heldRecords: readonly HeldRecord[];
  /** Write units of the data rows with their indexes; the protocol's own rows come on top. */
  readonly dataWriteUnits: number;
}

/** A KPI whose records have no data row because it has no link (tables.md, "Held records"). */
export interface HeldKpi extends KpiKey {
  readonly records: Readonly<Record<RecordSource, number>>;
}

/** A record that is held: a KPI can have very many. */
export interface HeldRecord extends KpiKey {
  readonly source: RecordSource;
  readonly id: string;
  readonly date?: string;
}

/** Held records that are named: what is kept of one is a few hundred bytes. */
export const HELD_NAMED_MAX = 10_000;

/** What the plan of one page leaves for the next. */
interface Ledger {
  /** All links by KPI identity: few beside the records, and needed for each of these. */
  readonly links: Map<string, LinkReference[]>;
  /** Of each link: a second one of the same is worth a warning. */
  readonly twinKeys: Set<string>;
  /** KPI identity to whether the KPI, which has no link, gets one of its own. */
  readonly personal: Map<string, boolean>;
  readonly reasons: string[];
  /** By KPI identity. */
  readonly held: Map<string, HeldKpi>;
  readonly heldRecords: HeldRecord[];
  dataWriteUnits: number;
}

/**
 * Reads what a backfill would read and writes nothing: one scan of each old table, for each link its KPI and its person,
 * and for each record the items of the same id in earlier tables. All links are kept in memory, the records page by page.
 */
export async function planBackfill(options: PlanOptions): Promise<Plan> {
  const ledger: Ledger = {
    links: new Map(),
    twinKeys: new Set(),
    personal: new Map(),
    reasons: [],
    held: new Map(),
    heldRecords: [],
    dataWriteUnits: 0,
  };
  const links = await planSource(options, 'links', (items) => planLinks(options, ledger, items));
  const sources: { -readonly [Name in Source]?: Tally } = { links };
  for (const source of RECORD_SOURCES) {
    sources[source] = await planSource(options, source, (items) => planRecords(options, ledger, source, items));
  }
  const dataRows = RECORD_SOURCES.reduce((sum, source) => sum + (sources[source]?.copied ?? 0), 0);
  const ownLinks = [...ledger.personal.values()].filter((gets) => gets).length;
  return {
    sources: sources as Record<Source, Tally>,
    quarantineReasons: countNames(ledger.reasons),
    rows: { [NEW_LINKS]: links.copied + ownLinks, [NEW_DATA]: dataRows },
    heldKpis: [...ledger.held].sort(([left], [right]) => compareText(left, right)).map(([, kpi]) => kpi),
    heldRecords: ledger.heldRecords.toSorted((left, right) => compareText(placeOf(left), placeOf(right))),
    dataWriteUnits: ledger.dataWriteUnits,
  };
}

async function planSource(
  { old, segments, progress, itemCountEstimates, stop }: PlanOptions,
  source: Source,
  plan: (items: readonly Item[]) => Promise<Tally>,
): Promise<Tally> {
  const tallies: Tally[] = [];
  progress.begin(source, 0, itemCountEstimates[source]);
  await scanPages(
    // A plan tells how much there is: a write of the last second more or less does not matter.
    (position) => old.scan(source, { ...position, isEventual: true }),
    segments,
    async (items) => {
      stop.throwIfAborted();
      tallies.push(await plan(items));
      progress.advance(items.length);
    },
  );
  progress.end();
  return addTallies(tallies);
}

async function planLinks(options: PlanOptions, ledger: Ledger, items: readonly Item[]): Promise<Tally> {
  const demands = await pMap(items, (item) => demandUnlessRefused(options.old, item), {
    concurrency: options.concurrency,
  });
  const valid = demands.filter((demand) => demand.kind === 'valid');
  const warnings = valid.flatMap((link) => link.warnings.map((warning) => warning.code));
  for (const { id, kpi, linkedAt, twinKey } of valid) {
    if (ledger.twinKeys.has(twinKey)) warnings.push(SECOND_LINK.code);
    ledger.twinKeys.add(twinKey);
    const known = ledger.links.get(kpiIdentity(kpi));
    if (known) known.push({ id, linkedAt });
    else ledger.links.set(kpiIdentity(kpi), [{ id, linkedAt }]);
  }
  const refused = demands.filter((demand) => demand.kind === 'quarantined');
  ledger.reasons.push(...refused.map(({ reason }) => reason.code));
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: valid.length,
    quarantined: refused.length,
    warnings: countNames(warnings),
    ...unknownLinkAttributes(linksIn(items)),
  };
}

/** A link that fails for its own reason would be quarantined for that by the copy. */
async function demandUnlessRefused(old: OldTables, image: Item): Promise<LinkDemand> {
  const demanded = await attemptLater(() => answerLater(demandOfLink(image), old));
  return 'error' in demanded ? quarantined(refusedBy(failureCode(demanded.error)), image) : demanded.value;
}

async function planRecords(
  options: PlanOptions,
  ledger: Ledger,
  source: RecordSource,
  items: readonly Item[],
): Promise<Tally> {
  const ids = items.map(idOf);
  const earlier = earlierSources(source);
  const bases = await apart(earlier.length > 0 ? ids : [], (some) => options.old.readRecords(some, earlier));
  const refusals = new Map(bases.refused.map(({ of, error }) => [of, error]));
  const page = decidePage(items, {
    source,
    bases: new Map(bases.results.flatMap((records) => [...records])),
    refusalOf: (item) => refusals.get(idOf(item)),
    linksOf: (kpi) => ledger.links.get(kpiIdentity(kpi)) ?? [],
    heldRecords: options.heldRecords,
  });
  const refused = page.throughProtocol.flatMap(({ reason }) => (reason === 'personal-link' ? [] : [reason.code]));
  const unlinked = page.throughProtocol
    .filter(({ reason }) => reason === 'personal-link')
    .flatMap(({ id, kpis }) => kpis.map((kpi) => ({ id, kpi })));
  await pMap(distinctKpis(unlinked.map(({ kpi }) => kpi)), (kpi) => askForOwner(options.old, ledger, kpi), {
    concurrency: options.concurrency,
  });
  const isAdopted = ({ kpi }: { readonly kpi: KpiKey }): boolean => ledger.personal.get(kpiIdentity(kpi)) === true;
  const adopted = unlinked.filter(isAdopted);
  const held = [...page.held, ...unlinked.filter((record) => !isAdopted(record))];
  const byId = new Map(items.map((item) => [idOf(item), item]));
  for (const { id, kpi } of held) hold(ledger, { ...kpi, source, id, ...dateOf(source, byId.get(id)) });
  ledger.reasons.push(...refused);
  const rows = page.plain.flatMap((record) => record.rows);
  const dataWriteUnits = writeUnitsOf(rows);
  ledger.dataWriteUnits += dataWriteUnits;
  return {
    ...EMPTY_TALLY,
    scanned: items.length,
    copied: rows.length + adopted.length,
    dataWriteUnits,
    held: held.length,
    quarantined: refused.length,
    ...page.unknown,
  };
}

async function askForOwner(old: OldTables, ledger: Ledger, kpi: KpiKey): Promise<void> {
  const identity = kpiIdentity(kpi);
  if (ledger.personal.has(identity)) return;
  // A KPI that cannot be looked up gets no link of its own.
  const [person] = valuesOf([await attemptLater(() => answerLater(personForKpi(kpi), old))]);
  ledger.personal.set(identity, person !== undefined);
}

function dateOf(source: Source, item: Item = {}) {
  const { date } = contextOfItem(source, item);
  return date === undefined ? {} : { date };
}

function hold({ held, heldRecords }: Ledger, record: HeldRecord): void {
  const { tenantId, kpiId, source } = record;
  const identity = kpiIdentity(record);
  const records = held.get(identity)?.records ?? byRecordSource(() => 0);
  held.set(identity, { tenantId, kpiId, records: { ...records, [source]: records[source] + 1 } });
  if (heldRecords.length < HELD_NAMED_MAX) heldRecords.push(record);
}

/** By KPI, then by source and date. */
function placeOf(record: HeldRecord): string {
  const { source, date = '', id } = record;
  return [kpiIdentity(record), RECORD_SOURCES.indexOf(source), date, id].join('\0');
}
