import { ITEM_BYTES_MAX, itemBytes } from '../../functions/model/item-size.ts';
import type { SketchedTable } from './sketch.ts';
import type { WireItem, WireValue } from './wire.ts';
import { toItem } from './wire-form.ts';

/** Longest partition key and sort key in bytes (Developer Guide, "Constraints in Amazon DynamoDB"). */
const PARTITION_KEY_BYTES_MAX = 2_048;
const SORT_KEY_BYTES_MAX = 1_024;
/** Levels below an attribute (same page: 32 with the attribute itself). */
const LEVELS_MAX = 31;

const RECORD_KEYS = { kpi_id: PARTITION_KEY_BYTES_MAX, tenant_id: PARTITION_KEY_BYTES_MAX };

/** Attributes that are keys of the table or of an index, and how long they may be (tables.md). */
const KEYS: Readonly<Record<SketchedTable, Readonly<Record<string, number>>>> = {
  links: { ...RECORD_KEYS, goal_id: PARTITION_KEY_BYTES_MAX },
  milestones: { ...RECORD_KEYS, milestone_date: SORT_KEY_BYTES_MAX },
  actuals: { ...RECORD_KEYS, measurement_date: SORT_KEY_BYTES_MAX },
  readings: { ...RECORD_KEYS, reading_date: SORT_KEY_BYTES_MAX },
  kpis: {},
  people: { linked_user_id: PARTITION_KEY_BYTES_MAX },
};

/**
 * Whether a key has a surrogate without its other half. DynamoDB keeps texts as UTF-8, which has no such thing; DynamoDB Local takes it, and in a
 * key for a question mark, so that two keys become one.
 */
export function hasIllFormedKey(table: SketchedTable, item: WireItem): boolean {
  return ['id', ...Object.keys(KEYS[table])].some((name) => {
    const value = item[name];
    return value !== undefined && 'S' in value && !value.S.isWellFormed();
  });
}

/**
 * Whether DynamoDB stores the item in the table, as far as the generator goes: keys are texts that are not empty nor too
 * long, and neither size nor depth is more than it takes. The engine itself says so of every item of a run; this is for
 * tables in memory.
 */
export function isStorable(table: SketchedTable, item: WireItem): boolean {
  const keys = { id: PARTITION_KEY_BYTES_MAX, ...KEYS[table] };
  const areKeys = Object.entries(keys).every(([name, bytesMax]) => {
    const value = item[name];
    if (value === undefined) return name !== 'id';
    return 'S' in value && value.S !== '' && Buffer.byteLength(value.S) <= bytesMax;
  });
  const isShallow = Object.values(item).every((value) => levelsOf(value) <= LEVELS_MAX);
  return areKeys && !hasIllFormedKey(table, item) && isShallow && itemBytes(toItem(item)) <= ITEM_BYTES_MAX;
}

function levelsOf(value: WireValue): number {
  if ('L' in value) return 1 + Math.max(0, ...value.L.map(levelsOf));
  if ('M' in value) return 1 + Math.max(0, ...Object.values(value.M).map(levelsOf));
  return 0;
}
