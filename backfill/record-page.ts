import { type Item, idOf } from '../functions/model/attribute-value.ts';
import { mapRecord, ownerSource } from '../functions/model/mapping.ts';
import { parseRecord } from '../functions/model/old-records.ts';
import { idCollision, type QuarantineReason } from '../functions/model/quarantine-reason.ts';
import {
  type HeldRecords,
  type KpiKey,
  kpiKeyOf,
  type LinkReference,
  type RecordSource,
} from '../functions/model/sources.ts';
import type { RecordChange } from '../functions/sync/replicate-record.ts';
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
}

/** Sorts a page of one record table by what its items need. Pure. */
export function decidePage(items: readonly Item[], context: PageContext): PageDecision {
  const plain: PageDecision['plain'][number][] = [];
  const throughProtocol: PageDecision['throughProtocol'][number][] = [];
  const unknownAttributes: (readonly string[])[] = [];
  const held: KpiKey[] = [];
  for (const item of items) {
    const change = { id: idOf(item), kpis: [kpiKeyOf(item)], sources: [context.source] };
    const through = (reason: QuarantineReason | 'personal-link'): void => {
      throughProtocol.push({ ...change, reason });
    };
    const owner = ownerSource({ ...context.bases.get(change.id), [context.source]: item });
    if (owner !== undefined && owner !== context.source) {
      through(idCollision(owner));
      continue;
    }
    const parsed = parseRecord(context.source, item);
    if (parsed.kind === 'quarantined') {
      through(parsed.reason);
      continue;
    }
    const { record } = parsed;
    unknownAttributes.push(record.unknownAttributes);
    const result = mapRecord(record, context.linksOf(record.kpi));
    if (result.kind === 'mapped') plain.push({ change, rows: result.rows });
    else if (result.kind === 'quarantined') through(result.reason);
    else if (context.heldRecords === 'personal-link') through('personal-link');
    else held.push(record.kpi);
  }
  return {
    plain,
    throughProtocol,
    held,
    unknown: countUnknownAttributes(unknownAttributes),
  };
}

/** Whether items of an earlier table may own an id of this one, so that `bases` must be read. */
export function mayCollide(source: RecordSource): boolean {
  return source !== 'milestones';
}
