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
    | 'unreadable-event';
  readonly attribute?: string;
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
