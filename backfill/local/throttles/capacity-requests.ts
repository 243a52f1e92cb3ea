/** Reads and writes have capacities of their own (Developer Guide, "Provisioned capacity mode"). */
export type CapacityKind = 'read' | 'write';

/** What a request asks of one table or index: so many items, each for at least the smallest amount of units. */
export interface Demand {
  readonly kind: CapacityKind;
  readonly table: string;
  /** The index that a query or a scan reads instead of the table. */
  readonly index?: string;
  readonly items: number;
  /** Units that the smallest item takes (Developer Guide, "DynamoDB read and write operations"). */
  readonly unitsEach: number;
}

/** The JSON of a request, as far as it says which capacity it takes. */
export interface CapacityRequest {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
  readonly ReturnConsumedCapacity?: string;
  readonly RequestItems?: Readonly<Record<string, readonly unknown[] | BatchOfKeys>>;
  readonly TransactItems?: readonly Readonly<Record<string, { readonly TableName: string }>>[];
}

/** The keys of one table in a BatchGetItem. Everything else in it stays as it is. */
export interface BatchOfKeys {
  readonly Keys: readonly unknown[];
  readonly ConsistentRead?: boolean;
}

const STRONG_READ_UNITS = 1;
const EVENTUAL_READ_UNITS = 1 / 2;
const WRITE_UNITS = 1;
/** A transaction takes twice as much: one to prepare, one to commit. */
const TRANSACTION_FACTOR = 2;

const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem']);
const READS: ReadonlySet<string> = new Set(['GetItem', 'Query', 'Scan']);

/**
 * What a request takes capacity of; empty for an operation that takes none, and for one in PartiQL, which is not throttled
 * here. Pure.
 */
export function demandsOf(operation: string, request: CapacityRequest): readonly Demand[] {
  const { TableName: table, IndexName: index, RequestItems = {}, TransactItems = [] } = request;
  if (table !== undefined && WRITES.has(operation)) return [{ kind: 'write', table, items: 1, unitsEach: WRITE_UNITS }];
  if (table !== undefined && READS.has(operation)) {
    return [{ kind: 'read', table, ...(index && { index }), items: 1, unitsEach: readUnits(request.ConsistentRead) }];
  }
  if (operation === 'BatchGetItem') {
    return Object.entries(RequestItems).map(([name, batch]) => {
      const { Keys, ConsistentRead } = batch as BatchOfKeys;
      return { kind: 'read', table: name, items: Keys.length, unitsEach: readUnits(ConsistentRead) };
    });
  }
  if (operation === 'BatchWriteItem') {
    return Object.entries(RequestItems).map(([name, batch]) => {
      return { kind: 'write', table: name, items: (batch as readonly unknown[]).length, unitsEach: WRITE_UNITS };
    });
  }
  if (operation === 'TransactGetItems' || operation === 'TransactWriteItems') {
    const kind = operation === 'TransactGetItems' ? 'read' : 'write';
    return TransactItems.flatMap((action) => Object.values(action)).map(({ TableName: name }) => {
      return { kind, table: name, items: 1, unitsEach: TRANSACTION_FACTOR };
    });
  }
  return [];
}

function readUnits(isStrong = false): number {
  return isStrong ? STRONG_READ_UNITS : EVENTUAL_READ_UNITS;
}

/** What DynamoDB says that a request took of one table (API Reference, ConsumedCapacity). */
export interface ConsumedCapacity {
  readonly TableName?: string;
  readonly CapacityUnits?: number;
  readonly Table?: { readonly CapacityUnits?: number };
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits?: number }>>;
}

/** Units that were taken of a table, or of an index by its name. */
export interface Consumption {
  readonly table: string;
  readonly index?: string;
  readonly units: number;
}

/** An answer's consumption, table by table and index by index; the answer is to `ReturnConsumedCapacity: INDEXES`. Pure. */
export function consumptionOf(consumed: readonly ConsumedCapacity[]): readonly Consumption[] {
  return consumed.flatMap(({ TableName, Table, GlobalSecondaryIndexes = {} }): Consumption[] => {
    // A description by ARN names the table at its end.
    const table = (TableName ?? '').slice((TableName ?? '').lastIndexOf('/') + 1);
    const indexes = Object.entries(GlobalSecondaryIndexes).map(([index, { CapacityUnits: units = 0 }]) => {
      return { table, index, units };
    });
    return [{ table, units: Table?.CapacityUnits ?? 0 }, ...indexes].filter(({ units }) => units > 0);
  });
}

/** The form of consumed capacity that the caller asked for, made of the most detailed one. Pure. */
export function asAsked(consumed: ConsumedCapacity, asked: string | undefined): ConsumedCapacity | undefined {
  if (asked === 'INDEXES') return consumed;
  if (asked !== 'TOTAL') return undefined;
  const {
    Table: _,
    GlobalSecondaryIndexes: __,
    LocalSecondaryIndexes: ___,
    ...total
  } = consumed as ConsumedCapacity & {
    readonly LocalSecondaryIndexes?: unknown;
  };
  return total;
}
