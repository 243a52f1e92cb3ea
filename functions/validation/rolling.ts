import { isInIndexes, linkIdOf } from '../migration/rows.ts';
import { kpiKeyOf } from '../migration/sources.ts';
import { NEW_DATA, NEW_LINKS, OLD_TABLE_OF } from '../migration/tables.ts';
import type { Item } from '../model/attribute-value.ts';
import { textOf } from '../model/attribute-value.ts';
import { bucketOf } from '../model/digest.ts';
import { compareText } from '../model/instant.ts';
import { type HeldRecords, type KpiKey, kpiIdentity, NO_KPI } from '../model/kpi.ts';
import { MigrationError } from '../model/migration-error.ts';
import { eachItem } from '../tables/pages.ts';
import type { ReadTable, ValidationReads } from '../tables/validation-reads.ts';
import { type Finding, findingKey } from './findings.ts';
import { type Patience, type Settled, settle } from './settle.ts';
import type { Suspect } from './suspects.ts';
import { distinctUnexamined, type Unexamined } from './unexamined.ts';

/** How far a part has come: the KPIs up to one, in the order of their identities; or all of them, and the data rows up to a cursor. */
export type PartPosition =
  | { readonly stage: 'kpis'; readonly afterKpi: string }
  | { readonly stage: 'rows'; readonly cursor: Item };

export interface PartOptions extends Patience {
  readonly reads: ValidationReads;
  readonly heldRecords: HeldRecords;
  /** Which part of the key space, from 0, of how many. */
  readonly part: number;
  readonly parts: number;
  /** Where an earlier call was stopped; absent to begin. */
  readonly from?: PartPosition;
}

/** What the validation of one part came to. */
export interface PartReport {
  readonly part: number;
  readonly parts: number;
  readonly kpis: number;
  /** Rows that were there or should have been. */
  readonly rowsCompared: number;
  readonly proven: readonly Finding[];
  readonly inFlight: Settled['inFlight'];
  /** What could not be compared, for a reason of its own. */
  readonly unexamined: readonly Unexamined[];
  /** KPIs that were not looked at, because enough differed before. */
  readonly unopened: number;
  /** Where to go on; absent where the part is done. */
  readonly position?: PartPosition;
}

/** KPIs that are settled together: what is lost of a call that is stopped. */
const KPIS_AT_ONCE = 40;

/**
 * Validates one part of the key space, row by row: the KPIs whose hash falls into it, and a segment of the data rows for those that no link
 * accounts for. Takes a scan of both link tables, the part's records by their indexes, and one segment of the data rows; all parts
 * together have seen every KPI that has a link, and every row.
 *
 * Where it is stopped it ends with what it has settled, and a position to go on from.
 *
 * @throws MigrationError PART_TOO_LARGE where it is stopped before anything was settled: calls like it would never come to the end.
 */
export async function validatePart(options: PartOptions): Promise<PartReport> {
  const { part, parts, stop } = options;
  const progress = new PartProgress(options);
  try {
    await settlePart(options, progress);
  } catch (error) {
    if (!stop.aborted) throw error;
    if (progress.position === options.from) throw partTooLarge(options, error);
    return { part, parts, ...progress.result(), ...(progress.position && { position: progress.position }) };
  }
  return { part, parts, ...progress.result() };
}

async function settlePart(options: PartOptions, progress: PartProgress): Promise<void> {
  const { part, parts, from } = options;
  const { linkIdsKnown, suspects } = await listKpis(options);
  const after = from?.stage === 'kpis' ? from.afterKpi : '';
  const left = from?.stage === 'rows' ? [] : suspects.filter(({ kpi }) => compareText(kpiIdentity(kpi), after) > 0);
  for (let at = 0; at < left.length; at += KPIS_AT_ONCE) {
    const some = left.slice(at, at + KPIS_AT_ONCE);
    await progress.settle(some, some.length);
    progress.position = { stage: 'kpis', afterKpi: kpiIdentity(some.at(-1)?.kpi ?? NO_KPI) };
  }
  let cursor = from?.stage === 'rows' ? from.cursor : undefined;
  do {
    const page = await scanPage(options, NEW_DATA, part, parts, cursor);
    await progress.settle(page.items.filter((row) => isStray(row, linkIdsKnown)).map(suspectOf), 0);
    cursor = page.cursor;
    if (cursor) progress.position = { stage: 'rows', cursor };
  } while (cursor);
}

function partTooLarge({ part, parts }: PartOptions, cause: unknown): MigrationError {
  return new MigrationError(
    'PART_TOO_LARGE',
    `Of part ${part + 1} of ${parts} nothing could be validated in the time given.`,
    {
      cause,
      nextStep:
        'Raise validation.rollingMaxReadUnitsPerSecond or lower validation.patienceSeconds in cdk.json, then npx cdk deploy --all',
    },
  );
}

interface KpiSuspect {
  readonly kind: 'kpi';
  readonly kpi: KpiKey;
  readonly linkIds: readonly string[];
}

/** The links of both sides, and the part's KPIs in the order of their identities. */
async function listKpis(
  options: PartOptions,
): Promise<{ readonly linkIdsKnown: ReadonlySet<string>; readonly suspects: readonly KpiSuspect[] }> {
  const linkIdsKnown = new Set<string>();
  const linksOfKpi = new Map<string, { readonly kpi: KpiKey; readonly linkIds: Set<string> }>();
  for (const table of [NEW_LINKS, OLD_TABLE_OF.links] as const) {
    for await (const item of eachItem((cursor: Item | undefined) => scanPage(options, table, 0, 1, cursor))) {
      const kpi = kpiKeyOf(item);
      const id = textOf(item, 'id') ?? '';
      if (kpiIdentity(kpi) === kpiIdentity(NO_KPI)) continue;
      linkIdsKnown.add(id);
      if (bucketOf(kpi, options.parts) !== options.part) continue;
      const known = linksOfKpi.get(kpiIdentity(kpi)) ?? { kpi, linkIds: new Set() };
      linksOfKpi.set(kpiIdentity(kpi), known);
      known.linkIds.add(id);
    }
  }
  const suspects = [...linksOfKpi.values()]
    .map(({ kpi, linkIds }): KpiSuspect => ({ kind: 'kpi', kpi, linkIds: [...linkIds] }))
    .sort((left, right) => compareText(kpiIdentity(left.kpi), kpiIdentity(right.kpi)));
  return { linkIdsKnown, suspects };
}

function scanPage(
  { reads, stop }: PartOptions,
  table: ReadTable,
  segment: number,
  totalSegments: number,
  cursor: Item | undefined,
) {
  stop.throwIfAborted();
  // Only where to look comes of a scan: what differs is read again, strongly, before it is called a difference. What a page
  // lacks because it is too new is looked at in the next round.
  return reads.scan(table, { segment, totalSegments, isEventual: true, ...(cursor && { cursor }) });
}

/** Whether looking at the KPIs does not look at this row: no link accounts for it, or the index by which rows are listed has it not. */
function isStray(row: Item, linkIds: ReadonlySet<string>): boolean {
  return !linkIds.has(linkIdOf(row) ?? '') || !isInIndexes(row);
}

function suspectOf(row: Item): Suspect {
  return { kind: 'row', table: NEW_DATA, id: textOf(row, 'id') ?? '' };
}

/** What has been settled of a part so far. */
class PartProgress {
  readonly #options: PartOptions;
  readonly #proven = new Map<string, Finding>();
  readonly #inFlight: Settled['inFlight'][number][] = [];
  readonly #unexamined: Unexamined[] = [];
  #kpis = 0;
  #rows = 0;
  #unopened = 0;
  position: PartPosition | undefined;

  constructor(options: PartOptions) {
    this.#options = options;
    this.position = options.from;
  }

  async settle(suspects: readonly Suspect[], kpis: number): Promise<void> {
    const { reads, heldRecords, findingsMax } = this.#options;
    if (this.#proven.size >= findingsMax) {
      this.#unopened += suspects.length;
      return;
    }
    const settled = await settle({ reads, heldRecords }, suspects, this.#options);
    for (const finding of settled.proven) this.#proven.set(findingKey(finding), finding);
    this.#inFlight.push(...settled.inFlight);
    this.#unexamined.push(...settled.unexamined);
    this.#kpis += kpis;
    this.#rows += settled.rows;
    this.#unopened += settled.unopened;
  }

  result() {
    return {
      kpis: this.#kpis,
      rowsCompared: this.#rows,
      proven: [...this.#proven.values()],
      inFlight: this.#inFlight,
      unexamined: distinctUnexamined(this.#unexamined),
      unopened: this.#unopened,
    };
  }
}
