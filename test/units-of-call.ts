import { TABLE_ROLES, TABLES } from '../functions/migration/tables.ts';
import { leastUnitsOfTransaction } from '../functions/tables/dynamo/consumed-units.ts';

interface Consumed {
  readonly CapacityUnits?: number;
}

/**
 * The units that a call took, indexes included. What its answer tells, but for a transaction's writes: of these DynamoDB Local tells the units
 * of the largest item alone, so they are counted by AWS's rule, as if each row had the keys of all of its table's indexes.
 *
 * @param input with ReturnConsumedCapacity.
 */
export function unitsOfCall(input: object, output: object): number {
  const { ConsumedCapacity: consumed = [] } = output as { ConsumedCapacity?: Consumed | Consumed[] };
  const told = [consumed].flat().reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
  return Math.max(told, leastUnitsOfTransaction(input, indexesOf));
}

/** Tables of tests are named after their roles. */
function indexesOf(tableName: string): number {
  const role = TABLE_ROLES.find((each) => tableName.endsWith(each));
  return role === undefined ? 0 : Object.keys(TABLES[role].indexes).length;
}
