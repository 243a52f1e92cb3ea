import { NEW_DATA, TABLES } from '../../functions/migration/tables.ts';
import type { Item } from '../../functions/model/attribute-value.ts';
import { itemBytes } from '../../functions/model/item-size.ts';

/** Bytes in one write unit (DynamoDB on-demand capacity). */
const WRITE_UNIT_BYTES = 1_024;

/** A new data row is written to the table and to each of its indexes, which project ALL. */
const DATA_ROW_COPIES = 1 + Object.keys(TABLES[NEW_DATA].indexes).length;

/** Write units that the inserts of data rows take, their indexes included; an upper bound, as rows that are there take less. */
export function writeUnitsOf(rows: readonly Item[]): number {
  return rows.reduce((units, row) => units + Math.ceil(itemBytes(row) / WRITE_UNIT_BYTES) * DATA_ROW_COPIES, 0);
}
