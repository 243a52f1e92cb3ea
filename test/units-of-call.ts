import { TABLE_ROLES, TABLES } from '../functions/migration/tables.ts';
import { unitsOfCall as unitsWithoutIndexes } from '../functions/tables/dynamo/consumed-units.ts';

/**
 * The units that a call took, those of a transaction's writes counted as if each row had the keys of all of its table's indexes.
 *
 * @param input with ReturnConsumedCapacity.
 */
export function unitsOfCall(input: object, output: object): number {
  return unitsWithoutIndexes(input, output, indexesOf);
}

/** Tables of tests are named after their roles. */
function indexesOf(tableName: string): number {
  const role = TABLE_ROLES.find((each) => tableName.endsWith(each));
  return role === undefined ? 0 : Object.keys(TABLES[role].indexes).length;
}
