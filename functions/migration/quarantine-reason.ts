import type { RecordSource } from './sources.ts';

/** Why an item cannot be migrated. `attribute` names the culprit where there is one. */
export interface QuarantineReason {
  readonly code:
    | 'missing-attribute'
    | 'wrong-type'
    | 'not-an-instant'
    | 'id-collision'
    | 'key-too-long'
    | 'row-too-large'
    | 'no-person'
    | 'refused'
    | 'unreadable-event';
  readonly attribute?: string;
  /** Of `refused`: what the store or this code made of the item, such as `ValidationException` or `TypeError`. */
  readonly refusal?: string;
  /** One sentence for a person; names attributes and types, never values. */
  readonly message: string;
}

/** A well-typed value that the new model would refuse. It is migrated all the same and reported (tables.md). */
export interface Warning {
  readonly code:
    | 'weight-out-of-range'
    | 'threshold-out-of-range'
    | 'display-order-not-integer'
    | 'unknown-link-type'
    | 'several-people'
    | 'second-link-to-goal';
  readonly message: string;
}

export function rowTooLarge(table: 'KpiLink' | 'KpiData'): QuarantineReason {
  return {
    code: 'row-too-large',
    message: `The ${table} row would exceed the 400 KB that DynamoDB stores as one item.`,
  };
}

/** @param owner the record table whose item has the id (tables.md, "Ids"). */
export function idCollision(owner: RecordSource): QuarantineReason {
  return {
    code: 'id-collision',
    message: `The id is also that of an item of ${owner}, which comes first and has the row.`,
  };
}

/** An item that looks right and whose replication fails all the same, each time and for its own reason. */
export function refusedBy(refusal: string): QuarantineReason {
  return { code: 'refused', refusal, message: `The item cannot be replicated as it is: ${refusal}.` };
}
