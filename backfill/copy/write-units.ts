import { TABLES } from '../../functions/migration/tables.ts';
import { itemBytes } from '../../functions/model/item-size.ts';
import { TRANSACTION_FACTOR, WRITE_UNIT_BYTES } from '../../functions/tables/dynamo/consumed-units.ts';
import { isCheck, type OwnTable, type Write } from '../../functions/tables/dynamo/transactions.ts';

/** The write units that these writes take as one, roughly. How large the rows are that they delete or replace is not known. */
export function unitsOfWrites(writes: readonly Write[]): number {
  const isTransaction = writes.length > 1 || writes.some(isCheck);
  const factor = isTransaction ? TRANSACTION_FACTOR : 1;
  return writes.reduce((units, write) => {
    const size = write.kind === 'put' ? Math.ceil(itemBytes(write.item) / WRITE_UNIT_BYTES) : 1;
    return units + size * (factor + (isCheck(write) ? 0 : indexesOf(write.table)));
  }, 0);
}

/** The write units that a plain row of the control table takes. */
export function unitsOfPlainRow(value: object): number {
  return Math.ceil((JSON.stringify(value).length + KEY_BYTES) / WRITE_UNIT_BYTES);
}

/** Of a plain row's partition and sort key. */
const KEY_BYTES = 64;

function indexesOf(table: OwnTable): number {
  return Object.keys(TABLES[table].indexes).length;
}
