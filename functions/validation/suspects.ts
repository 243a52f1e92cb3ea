import pMap from 'p-map';
import { type Item, textOf } from '../model/attribute-value.ts';
import {
  demandOfRecord,
  type LinkDemand,
  linkIn,
  personalLinkOf,
  type RecordDemand,
  type RecordItems,
} from '../model/demand.ts';
import {
  type KpiKey,
  kpiIdentity,
  kpiKeyOf,
  type LinkReference,
  NO_KPI,
  RECORD_SOURCES,
  type RecordSource,
  type Source,
} from '../model/sources.ts';
import { attemptLater } from '../tables/dynamo/attempt.ts';
import { failureCode } from '../tables/dynamo/failure-scope.ts';
import { OLD_TABLE_OF } from '../tables/table-names.ts';
import { type Collision, type Examiner, examineKpi, type InformedExaminer, personNow, UNDATED } from './examine-kpi.ts';
import { demandOfOldLink, examineLinks } from './examine-links.ts';
import { rowsExpectedOf } from './expectation.ts';
import { CLASS_OF, classOfRow, compareRows, type Finding } from './findings.ts';
import { readRefused, refusalOf } from './refused-items.ts';
import type { Unexamined } from './unexamined.ts';

/** Something that is to be looked at row by row, strongly. */
export type Suspect =
  | { readonly kind: 'kpi'; readonly kpi: KpiKey; readonly linkIds: readonly string[] }
  /** A new row that no KPI accounts for. */
  | { readonly kind: 'row'; readonly table: 'kpiLinks' | 'kpiData'; readonly id: string }
  /** An entry that quarantine has or should have. */
  | { readonly kind: 'entry'; readonly source: Source; readonly id: string };

/** What a look at suspects came to. */
export interface Look {
  readonly findings: readonly Finding[];
  /** Rows that were there or should have been. */
  readonly rows: number;
  readonly collisions: readonly Collision[];
  /** What could not be compared; where the suspect itself could not be looked at, it alone. */
  readonly unexamined: readonly Unexamined[];
}

/** Findings of which both sides' rows are kept. */
const WHOLE_FINDINGS_MAX = 1_000;

/** Suspects looked at side by side. */
const CONCURRENCY = 8;

const NOTHING: Look = { findings: [], rows: 0, collisions: [], unexamined: [] };

/** A suspect in a person's words. */
function nameOf(suspect: Suspect): string {
  if (suspect.kind === 'kpi') return `KPI ${suspect.kpi.tenantId} ${suspect.kpi.kpiId}`;
  return suspect.kind === 'row' ? `${suspect.table} ${suspect.id}` : `quarantine ${suspect.source} ${suspect.id}`;
}

/** Looks at one suspect now; what fails for its own reason is told. */
async function lookOrTell(examiner: InformedExaminer, suspect: Suspect): Promise<Look> {
  const look = await attemptLater(() => lookAt(examiner, suspect));
  if (!('error' in look)) return look.value;
  return { ...NOTHING, unexamined: [{ name: nameOf(suspect), code: failureCode(look.error) }] };
}

/** Looks at one suspect now. */
async function lookAt(examiner: InformedExaminer, suspect: Suspect): Promise<Look> {
  switch (suspect.kind) {
    case 'kpi': {
      const { collisions, ...rest } = await examineKpi(examiner, suspect.kpi, suspect.linkIds);
      return { ...rest, collisions: collisions.map((each) => ({ ...each, kpi: suspect.kpi })) };
    }
    case 'row':
      return lookAtRow(examiner, suspect.table, suspect.id);
    case 'entry':
      return lookAtEntry(examiner, suspect.source, suspect.id);
  }
}

/**
 * Looks at them side by side, and at no further one when there are more findings than can be told. Both sides' rows are kept
 * of the first findings only. One that cannot be looked at for its own reason is told, and holds up no other.
 *
 * @returns the looks that were taken.
 */
export async function lookAtAll(
  examiner: Examiner,
  suspects: readonly Suspect[],
  { findingsMax, stop }: { readonly findingsMax: number; readonly stop: AbortSignal },
): Promise<Map<Suspect, Look>> {
  const looks = new Map<Suspect, Look>();
  if (suspects.length === 0) return looks;
  const informed = { ...examiner, refused: await readRefused(examiner.reads) };
  let findings = 0;
  await pMap(
    suspects,
    async (suspect) => {
      stop.throwIfAborted();
      if (findings >= findingsMax) return;
      const look = await lookOrTell(informed, suspect);
      looks.set(suspect, findings < WHOLE_FINDINGS_MAX ? look : { ...look, findings: look.findings.map(withoutRows) });
      findings += look.findings.length;
    },
    { concurrency: CONCURRENCY },
  );
  return looks;
}

function withoutRows({ expected: _, found: __, differences, ...finding }: Finding): Finding {
  return { ...finding, differences: differences.map(({ attribute, kind }) => ({ attribute, kind })) };
}

/** A row without a KPI that accounts for it: the KPI of its link is looked at whole, where there is one after all. */
async function lookAtRow(examiner: InformedExaminer, table: 'kpiLinks' | 'kpiData', id: string): Promise<Look> {
  const row = (await examiner.reads.readItems(table, [id])).get(id);
  if (row === undefined) return NOTHING;
  const linkId = table === 'kpiLinks' ? id : textOf(row, 'kpi_link_id');
  const kpi = linkId === undefined || linkId === '' ? undefined : await kpiOfLink(examiner, linkId);
  if (kpi && linkId !== undefined) {
    const look = await lookAt(examiner, { kind: 'kpi', kpi, linkIds: [linkId] });
    const seen = look.findings.some((finding) => finding.table === table && finding.id === id);
    const invisible = table === 'kpiData' && textOf(row, 'post_date') === undefined;
    if (seen || !invisible || (await isDemanded(examiner, id, kpi))) return look;
    return { ...look, findings: [...look.findings, ...extraRow(table, id, row, false)] };
  }
  return { ...NOTHING, findings: extraRow(table, id, row, table === 'kpiData'), rows: 1 };
}

/** A row that the index of its link does not have, and that is none of its KPI's findings: right, or surplus? */
async function isDemanded(examiner: InformedExaminer, id: string, kpi: KpiKey): Promise<boolean> {
  const { findings } = await examineKpi(
    {
      ...examiner,
      reads: {
        ...examiner.reads,
        // As if the row were gone: who demands it then misses it.
        readItems: async (table, ids) =>
          examiner.reads.readItems(table, table === 'kpiData' ? ids.filter((each) => each !== id) : ids),
      },
    },
    kpi,
    [],
  );
  return findings.some((finding) => finding.table === 'kpiData' && finding.id === id);
}

function extraRow(table: 'kpiLinks' | 'kpiData', id: string, row: Item, orphan: boolean): Finding[] {
  const rowClass = table === 'kpiLinks' ? 'links' : classOfRow(row);
  const kpi = table === 'kpiLinks' ? kpiKeyOf(row) : NO_KPI;
  return [compareRows({ table, id, rowClass, kpi, orphan }, undefined, row) ?? []].flat();
}

async function kpiOfLink({ reads }: Examiner, linkId: string): Promise<KpiKey | undefined> {
  const old = (await reads.readItems('goalKpiLinks', [linkId])).get(linkId);
  const link = old && linkIn(old);
  if (link) return link.kpi;
  const row = (await reads.readItems('kpiLinks', [linkId])).get(linkId);
  const kpi = row ? kpiKeyOf(row) : NO_KPI;
  return kpi.kpiId === '' ? undefined : kpi;
}

async function lookAtEntry(examiner: InformedExaminer, source: Source, id: string): Promise<Look> {
  const { item, demand, collision } =
    source === 'links' ? await demandOfLinkNow(examiner, id) : await demandOfRecordNow(examiner, source, id);
  const kept = await examiner.reads.readQuarantine(source, id);
  const about = {
    table: 'quarantine',
    id,
    rowClass: CLASS_OF[source],
    kpi: item ? kpiKeyOf(item) : NO_KPI,
    demandedBy: { source, id },
  } as const;
  const entryOf = (reason: string | undefined): Item | undefined =>
    reason === undefined ? undefined : { reason: { S: reason } };
  const code = demand.kind === 'quarantined' ? demand.reason.code : undefined;
  const finding = compareRows(about, entryOf(code), entryOf(kept));
  return { ...NOTHING, findings: finding ? [finding] : [], collisions: collision ? [collision] : [] };
}

/** An old item and what it demands now. */
interface DemandNow {
  readonly item: Item | undefined;
  readonly demand: LinkDemand | RecordDemand;
  readonly collision?: Collision;
}

async function demandOfLinkNow({ reads, refused }: InformedExaminer, id: string): Promise<DemandNow> {
  const item = (await reads.readItems('goalKpiLinks', [id])).get(id);
  if (item === undefined) return { item, demand: { kind: 'gone' } };
  const kpiId = textOf(item, 'kpi_id');
  const kpiItem = kpiId ? (await reads.readItems('kpis', [kpiId])).get(kpiId) : undefined;
  return { item, demand: await demandOfOldLink(reads, item, kpiItem, refused) };
}

async function demandOfRecordNow(examiner: InformedExaminer, source: RecordSource, id: string): Promise<DemandNow> {
  const items: RecordItems = {};
  for (const each of RECORD_SOURCES) {
    const found = (await examiner.reads.readItems(OLD_TABLE_OF[each], [id])).get(id);
    if (found) items[each] = found;
  }
  const item = items[source];
  if (item === undefined) return { item, demand: { kind: 'gone' } };
  const kpi = kpiKeyOf(item);
  // Whether a row is too large depends on the links.
  const links = await linksInForce(examiner, kpi);
  const demand = demandOfRecord(source, items, () => links, refusalOf(examiner.refused, source, item));
  const collides = demand.kind === 'quarantined' && demand.reason.code === 'id-collision';
  const rowsExpected = collides ? rowsExpectedOf(source, item, links) : undefined;
  return { item, demand, ...(rowsExpected !== undefined && { collision: { source, id, kpi, rowsExpected } }) };
}

/** The links that the KPI's records fan out to: its personal link where it has no other. */
async function linksInForce(
  { reads, heldRecords, refused }: InformedExaminer,
  kpi: KpiKey,
): Promise<readonly LinkReference[]> {
  if (kpiIdentity(kpi) === kpiIdentity(NO_KPI)) return [];
  const { inForce, kpiItem } = await examineLinks(reads, kpi, [], refused);
  if (inForce.length > 0 || heldRecords === 'hold') return inForce;
  const personal = personalLinkOf(kpi, await personNow(reads, kpi, kpiItem), UNDATED);
  return personal ? [personal] : [];
}
