import { demandOfRecord, quarantined, type RecordDemand, type RecordItems } from '../../functions/migration/demand.ts';
import { type QuarantineReason, refusedBy } from '../../functions/migration/quarantine-reason.ts';
import { kpiKeyOf, RECORD_SOURCES, type RecordSource } from '../../functions/migration/sources.ts';
import { type Item, idOf } from '../../functions/model/attribute-value.ts';
import type { HeldRecords, KpiKey, LinkReference } from '../../functions/model/kpi.ts';
import type { RecordChange } from '../../functions/sync/replicate-record.ts';
import { attempt } from '../../functions/tables/dynamo/attempt.ts';
import { failureCode } from '../../functions/tables/dynamo/failure-scope.ts';
import { countUnknownAttributes, type UnknownAttributes } from './tally.ts';

/** What to do with the records of a scanned page. */
export interface PageDecision {
  /** Plain records, whose rows can be written as they are where their ids are still free. */
  readonly plain: readonly { readonly change: RecordChange; readonly rows: readonly Item[] }[];
  /** Records that need the whole protocol, since a row alone does not say what is to be done with them. */
  readonly throughProtocol: readonly (RecordChange & { readonly reason: QuarantineReason | 'personal-link' })[];
  /** The records that stay where they are because their KPI has no link. */
  readonly held: readonly { readonly id: string; readonly kpi: KpiKey }[];
  readonly unknown: UnknownAttributes;
}

export interface PageContext {
  readonly source: RecordSource;
  /** The items that bear the same ids in earlier record tables. */
  readonly bases: ReadonlyMap<string, RecordItems>;
  readonly linksOf: (kpi: KpiKey) => readonly LinkReference[];
  readonly heldRecords: HeldRecords;
  /** Why what the item depends on could not be read; undefined where it could. */
  readonly refusalOf?: (item: Item) => unknown;
}

/** Sorts a page of one record table by what its items need. What fails for one item is decided for that item alone. Pure. */
export function decidePage(items: readonly Item[], context: PageContext): PageDecision {
  const plain: PageDecision['plain'][number][] = [];
  const throughProtocol: PageDecision['throughProtocol'][number][] = [];
  const unknownAttributes: (readonly string[])[] = [];
  const held: PageDecision['held'][number][] = [];
  for (const item of items) {
    const change = { id: idOf(item), kpis: [kpiKeyOf(item)], sources: [context.source] };
    const needs = attempt(() => demandOf(item, context));
    if ('error' in needs) {
      throughProtocol.push({ ...change, reason: refusedBy(failureCode(needs.error)) });
      continue;
    }
    const { value } = needs;
    if (value.kind === 'gone') continue;
    unknownAttributes.push(value.unknownAttributes);
    if (value.kind === 'mapped') plain.push({ change, rows: value.rows });
    else if (value.kind === 'quarantined') throughProtocol.push({ ...change, reason: value.reason });
    else if (context.heldRecords === 'personal-link') throughProtocol.push({ ...change, reason: 'personal-link' });
    else held.push({ id: change.id, kpi: value.kpi });
  }
  return {
    plain,
    throughProtocol,
    held,
    unknown: countUnknownAttributes(unknownAttributes),
  };
}

function demandOf(item: Item, { source, bases, linksOf, refusalOf }: PageContext): RecordDemand {
  const refusal = refusalOf?.(item);
  if (refusal !== undefined) return quarantined(refusedBy(failureCode(refusal)), item);
  return demandOfRecord(source, { ...bases.get(idOf(item)), [source]: item }, ({ kpi }) => linksOf(kpi));
}

/** The tables of which an item may own an id of this one. Only their items are needed in `bases`: the first table that has an id owns it. */
export function earlierSources(source: RecordSource): readonly RecordSource[] {
  return RECORD_SOURCES.slice(0, RECORD_SOURCES.indexOf(source));
}
