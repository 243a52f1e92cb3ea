import { inAnchorOrder } from '../model/anchor.ts';
import type { AttributeValue, Item } from '../model/attribute-value.ts';
import { ITEM_BYTES_MAX, itemBytes } from '../model/item-size.ts';
import type { LinkReference } from '../model/kpi.ts';
import { fanOutRowId } from './ids.ts';
import type { OldRecord } from './old-records.ts';
import { type QuarantineReason, rowTooLarge } from './quarantine-reason.ts';
import { keysUnderLink } from './rows.ts';
import { RECORD_SOURCES, type RecordSource } from './sources.ts';

/** Where the value of a new attribute comes from; undefined leaves the attribute absent. */
type Rule = (old: Item) => AttributeValue | undefined;

const copy =
  (name: string): Rule =>
  (old) =>
    old[name];
const text =
  (value: string): Rule =>
  () => ({ S: value });
const no: Rule = () => ({ BOOL: false });
const absent: Rule = () => undefined;
const either =
  (first: Rule, otherwise: Rule): Rule =>
  (old) =>
    first(old) ?? otherwise(old);

/** The columns of the table below. */
const COLUMN: Readonly<Record<RecordSource, 0 | 1 | 2>> = { milestones: 0, actuals: 1, readings: 2 };

/** KpiMilestone / KpiActual / KpiReading → KpiData: the table of tables.md, row by row. */
const KPI_DATA: Readonly<Record<string, readonly [milestone: Rule, actual: Rule, reading: Rule]>> = {
  data_category: [text('Target'), text('Actual'), text('Actual')],
  target_subtype: [text('Expected'), absent, absent],
  actual_subtype: [absent, text('Measured'), text('Measured')],
  post_value: [copy('target_value'), copy('actual_value'), copy('value')],
  post_date: [copy('milestone_date'), copy('measurement_date'), copy('reading_date')],
  label: [copy('label'), absent, absent],
  confidence_level: [copy('confidence_level'), absent, absent],
  rationale: [copy('rationale'), absent, copy('note')],
  original_value: [absent, copy('original_value'), absent],
  override_comment: [absent, copy('override_comment'), absent],
  auto_adjustment_applied: [absent, copy('auto_adjustment_applied'), absent],
  is_manual_override: [no, either(copy('is_manual_override'), no), no],
  triggers_replan: [no, either(copy('triggers_replan'), no), no],
  replan_threshold_exceeded: [no, either(copy('replan_threshold_exceeded'), no), no],
  data_source: [text('Manual'), copy('data_source'), either(copy('data_source'), text('Manual'))],
  source_reference_id: [absent, copy('source_reference_id'), copy('source_reference_id')],
  recorded_by: [copy('created_by'), copy('recorded_by'), copy('recorded_by')],
  recorded_at: [copy('created_at'), copy('recorded_at'), copy('recorded_at')],
  created_by: [copy('created_by'), copy('recorded_by'), copy('recorded_by')],
  created_at: [copy('created_at'), copy('recorded_at'), copy('recorded_at')],
  updated_by: [copy('updated_by'), absent, absent],
  updated_at: [copy('updated_at'), absent, absent],
  measured_period_start_date: [absent, absent, absent],
};

/** Every attribute that a data row can have. */
export const DATA_ATTRIBUTES: readonly string[] = [
  'id',
  'tenant_id',
  'kpi_link_id',
  'kpi_link_category_key',
  'target_key',
  ...Object.keys(KPI_DATA),
];

/** Name and rule of what a source gives a row. */
const RULES_OF = Object.fromEntries(
  RECORD_SOURCES.map((source) => [
    source,
    Object.entries(KPI_DATA)
      .map(([name, rules]) => [name, rules[COLUMN[source]]] as const)
      .filter(([, rule]) => rule !== absent),
  ]),
) as unknown as Readonly<Record<RecordSource, readonly (readonly [string, Rule])[]>>;

type RecordMapping =
  /** A row for every link, the anchor's first. */
  | { readonly kind: 'mapped'; readonly rows: readonly Item[] }
  /** The KPI has no link: there is nowhere for a row to be. */
  | { readonly kind: 'held' }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };

/**
 * Maps a record to its data rows.
 *
 * @param links all links of the record's KPI in the record's tenant, in any order.
 */
export function mapRecord(record: OldRecord, links: readonly LinkReference[]): RecordMapping {
  const [anchor, ...others] = inAnchorOrder(links);
  if (anchor === undefined) return { kind: 'held' };
  const shared = sharedAttributes(record);
  const owned = [
    ownAttributes(record.id, anchor.id, shared),
    ...others.map((link) => ownAttributes(fanOutRowId(record.id, link.id), link.id, shared)),
  ];
  const bytesMax = ITEM_BYTES_MAX - itemBytes(shared);
  if (owned.some((own) => itemBytes(own) > bytesMax)) return { kind: 'quarantined', reason: rowTooLarge('KpiData') };
  return { kind: 'mapped', rows: owned.map((own) => ({ ...own, ...shared })) };
}

/** What all rows of the record have alike. */
function sharedAttributes(record: OldRecord): Item {
  const attributes: Item = { tenant_id: { S: record.kpi.tenantId } };
  for (const [name, rule] of RULES_OF[record.source]) {
    const value = rule(record.item);
    if (value !== undefined) attributes[name] = value;
  }
  return attributes;
}

/** What only the row under this link has. */
function ownAttributes(id: string, linkId: string, shared: Item): Item {
  return { id: { S: id }, ...keysUnderLink(shared, linkId) };
}
