import * as z from 'zod';
import { type Item, textOf } from '../model/attribute-value.ts';
import { parseInstant } from '../model/instant.ts';
import { canBeKey, PARTITION_KEY_BYTES_MAX, SORT_KEY_BYTES_MAX } from '../model/key-limits.ts';
import type { KpiKey } from '../model/kpi.ts';
import type { QuarantineReason, Warning } from './quarantine-reason.ts';
import { byRecordSource, kpiKeyOf, type RecordSource } from './sources.ts';
import { OLD_TABLE_OF, TABLES } from './tables.ts';
import { linkWarnings } from './warnings.ts';

/** Longest id in bytes: two of them, joined, are an index key of a new table. */
export const ID_BYTES_MAX = PARTITION_KEY_BYTES_MAX / 4;

const KEY_TOO_LONG = 'key-too-long';
const NOT_AN_INSTANT = 'not-an-instant';

const text = z.object({ S: z.string() }).describe('S');
const number = z.object({ N: z.string() }).describe('N');
const flag = z
  .union([z.object({ BOOL: z.boolean() }), z.object({ N: z.enum(['0', '1']) })])
  .describe('BOOL, or N 0 or 1');
/** A text that becomes a key, which DynamoDB refuses if it is empty or too long. */
const keyOf = (bytesMax: number) =>
  z
    .object({
      S: z
        .string()
        .min(1)
        .refine((value) => canBeKey(value, bytesMax), { error: KEY_TOO_LONG }),
    })
    .describe('S');
const id = keyOf(ID_BYTES_MAX);
/** It is the sort key of the new table's indexes. */
const date = keyOf(SORT_KEY_BYTES_MAX);
const instant = z
  .object({ S: z.string().refine((value) => parseInstant(value) !== undefined, { error: NOT_AN_INSTANT }) })
  .describe('S');

/** Calculated by the service and not migrated, whatever it holds. */
const calculated = z.unknown().optional();

/** The old tables' attributes, as tables.md lists them. */
const SCHEMAS = {
  links: z.object({
    id,
    tenant_id: id,
    kpi_id: id,
    goal_id: id,
    linked_at: instant,
    is_primary: flag,
    link_type: text.optional(),
    weight: number.optional(),
    threshold_pct: number.optional(),
    display_order: number.optional(),
    created_by: text,
    created_at: text,
    updated_by: text.optional(),
    updated_at: text.optional(),
  }),
  milestones: z.object({
    id,
    tenant_id: id,
    kpi_id: id,
    milestone_date: date,
    target_value: number,
    label: text.optional(),
    confidence_level: number.optional(),
    rationale: text.optional(),
    created_by: text,
    created_at: text,
    updated_by: text.optional(),
    updated_at: text.optional(),
  }),
  actuals: z.object({
    id,
    tenant_id: id,
    kpi_id: id,
    measurement_date: date,
    actual_value: number,
    data_source: text,
    source_reference_id: text.optional(),
    original_value: number.optional(),
    is_manual_override: flag.optional(),
    override_comment: text.optional(),
    triggers_replan: flag.optional(),
    replan_threshold_exceeded: flag.optional(),
    auto_adjustment_applied: flag.optional(),
    expected_value: calculated,
    variance: calculated,
    variance_percentage: calculated,
    recorded_by: text,
    recorded_at: text,
    created_at: text.optional(),
    updated_by: text.optional(),
    updated_at: text.optional(),
  }),
  readings: z.object({
    id,
    tenant_id: id,
    kpi_id: id,
    reading_date: date,
    value: number,
    data_source: text.optional(),
    source_reference_id: text.optional(),
    note: text.optional(),
    recorded_by: text,
    recorded_at: text,
    created_at: text.optional(),
    updated_by: text.optional(),
    updated_at: text.optional(),
  }),
} as const;

/** The attribute that dates a record; the index that lists its table by KPI is sorted by it (tables.md). */
export const DATE_ATTRIBUTE_OF = byRecordSource((source) => TABLES[OLD_TABLE_OF[source]].indexes['kpi-index'][1]);

/** A GoalKpiLink that can be migrated. */
export interface OldLink {
  readonly source: 'links';
  readonly id: string;
  readonly kpi: KpiKey;
  readonly goalId: string;
  readonly linkedAt: string;
  readonly createdBy: string;
  /** The item without its NULLs. */
  readonly item: Item;
  /** Names of attributes that no table of tables.md knows; they are not copied. */
  readonly unknownAttributes: readonly string[];
  readonly warnings: readonly Warning[];
}

/** A KpiMilestone, KpiActual or KpiReading that can be migrated. */
export interface OldRecord {
  readonly source: RecordSource;
  readonly id: string;
  readonly kpi: KpiKey;
  /** The exact text of its milestone, measurement or reading date. */
  readonly date: string;
  /** The item without its NULLs. */
  readonly item: Item;
  readonly unknownAttributes: readonly string[];
}

export type Parsed<T> =
  | { readonly kind: 'valid'; readonly record: T }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason };

/** Reads a GoalKpiLink item. Absent and NULL are one; anything required that is lacking, or of another type, is quarantined. */
export function parseLink(stored: Item): Parsed<OldLink> {
  const item = withoutNulls(stored);
  const parsed = SCHEMAS.links.safeParse(item);
  if (!parsed.success) return { kind: 'quarantined', reason: reasonOf(parsed.error, item, SCHEMAS.links) };
  const { id, goal_id, linked_at, created_by } = parsed.data;
  return {
    kind: 'valid',
    record: {
      source: 'links',
      id: id.S,
      kpi: kpiKeyOf(item),
      goalId: goal_id.S,
      linkedAt: linked_at.S,
      createdBy: created_by.S,
      item,
      unknownAttributes: unknownAttributes(item, SCHEMAS.links),
      warnings: linkWarnings(item),
    },
  };
}

/** Reads an item of one of the three record tables, by the same rules as {@link parseLink}. */
export function parseRecord(source: RecordSource, stored: Item): Parsed<OldRecord> {
  const item = withoutNulls(stored);
  const schema = SCHEMAS[source];
  const parsed = schema.safeParse(item);
  if (!parsed.success) return { kind: 'quarantined', reason: reasonOf(parsed.error, item, schema) };
  return {
    kind: 'valid',
    record: {
      source,
      id: parsed.data.id.S,
      kpi: kpiKeyOf(item),
      date: textOf(item, DATE_ATTRIBUTE_OF[source]) ?? '',
      item,
      unknownAttributes: unknownAttributes(item, schema),
    },
  };
}

function withoutNulls(item: Item): Item {
  if (!Object.values(item).some((value) => 'NULL' in value)) return item;
  return Object.fromEntries(Object.entries(item).filter(([, value]) => !('NULL' in value)));
}

type Schema = (typeof SCHEMAS)[keyof typeof SCHEMAS];

/** The first thing that is wrong, in the order of the table. */
function reasonOf(error: z.ZodError, item: Item, schema: Schema): QuarantineReason {
  const issue = error.issues[0];
  const attribute = String(issue?.path[0]);
  if (item[attribute] === undefined || issue?.code === 'too_small') {
    return { code: 'missing-attribute', attribute, message: `${attribute} is required and absent, NULL or empty.` };
  }
  if (issue?.message === KEY_TOO_LONG) {
    return { code: KEY_TOO_LONG, attribute, message: `${attribute} is longer than a key of the new tables may be.` };
  }
  if (issue?.message === NOT_AN_INSTANT) {
    return { code: NOT_AN_INSTANT, attribute, message: `${attribute} is no ISO 8601 date or time.` };
  }
  const wanted = (schema.shape as Record<string, z.ZodType>)[attribute];
  const type = (wanted instanceof z.ZodOptional ? (wanted.unwrap() as z.ZodType) : wanted)?.description;
  const found = Object.keys(item[attribute])[0];
  return { code: 'wrong-type', attribute, message: `${attribute} should be ${type} and is ${found}.` };
}

function unknownAttributes(item: Item, schema: Schema): string[] {
  return Object.keys(item).filter((name) => !Object.hasOwn(schema.shape, name));
}
