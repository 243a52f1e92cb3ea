import type { Item } from '../../functions/model/attribute-value.ts';
import { itemBytes } from '../../functions/model/item-size.ts';

/** Bytes in one write unit (DynamoDB on-demand capacity). */
const WRITE_UNIT_BYTES = 1_024;

/** KpiData has three indexes that project ALL (tables.md), so a new row is written four times. */
const DATA_ROW_COPIES = 4;

/** Write units that the inserts of KpiData rows take, their indexes included; an upper bound, as rows that are there take less. */
export function writeUnitsOf(rows: readonly Item[]): number {
  return rows.reduce((units, row) => units + Math.ceil(itemBytes(row) / WRITE_UNIT_BYTES) * DATA_ROW_COPIES, 0);
}
