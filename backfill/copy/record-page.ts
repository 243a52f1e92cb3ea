import { mapRecord, ownerSource } from '../../functions/migration/mapping.ts';
import { parseRecord } from '../../functions/migration/old-records.ts';
import { idCollision, type QuarantineReason, refusedBy } from '../../functions/migration/quarantine-reason.ts';
import { kpiKeyOf, type RecordSource } from '../../functions/migration/sources.ts';
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
  /** The KPI of each record that stays where it is because that has no link. */
  readonly held: readonly KpiKey[];
  readonly unknown: UnknownAttributes;
}

export interface PageContext {
  readonly source: RecordSource;
  /** The items that bear the same ids in all record tables; only needed where an earlier table may own an id. */
  readonly bases: ReadonlyMap<string, Partial<Record<RecordSource, Item>>>;
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
  const held: KpiKey[] = [];
  for (const item of items) {
    const change = { id: idOf(item), kpis: [kpiKeyOf(item)], sources: [context.source] };
    const needs = attempt(() => decideItem(item, context));
    if ('error' in needs) {
      throughProtocol.push({ ...change, reason: refusedBy(failureCode(needs.error)) });
      continue;
    }
    const { value } = needs;
    unknownAttributes.push(value.unknownAttributes);
    if (value.kind === 'plain') plain.push({ change, rows: value.rows });
    else if (value.kind === 'held') held.push(value.kpi);
    else throughProtocol.push({ ...change, reason: value.reason });
  }
  return {
    plain,
    throughProtocol,
    held,
    unknown: countUnknownAttributes(unknownAttributes),
  };
}

type ItemDecision = { readonly unknownAttributes: readonly string[] } & (
  | { readonly kind: 'plain'; readonly rows: readonly Item[] }
  | { readonly kind: 'held'; readonly kpi: KpiKey }
  | { readonly kind: 'through-protocol'; readonly reason: QuarantineReason | 'personal-link' }
);

function decideItem(item: Item, context: PageContext): ItemDecision {
  const through = (
    reason: QuarantineReason | 'personal-link',
    unknownAttributes: readonly string[] = [],
  ): ItemDecision => ({ kind: 'through-protocol', reason, unknownAttributes });
  const refusal = context.refusalOf?.(item);
  if (refusal !== undefined) return through(refusedBy(failureCode(refusal)));
  const owner = ownerSource({ ...context.bases.get(idOf(item)), [context.source]: item });
  if (owner !== undefined && owner !== context.source) return through(idCollision(owner));
  const parsed = parseRecord(context.source, item);
  if (parsed.kind === 'quarantined') return through(parsed.reason);
  const { kpi, unknownAttributes } = parsed.record;
  const result = mapRecord(parsed.record, context.linksOf(kpi));
  if (result.kind === 'mapped') return { kind: 'plain', rows: result.rows, unknownAttributes };
  if (result.kind === 'quarantined') return through(result.reason, unknownAttributes);
  if (context.heldRecords === 'personal-link') return through('personal-link', unknownAttributes);
  return { kind: 'held', kpi, unknownAttributes };
}

/** Whether items of an earlier table may own an id of this one, so that `bases` must be read. */
export function mayCollide(source: RecordSource): boolean {
  return source !== 'milestones';
}
