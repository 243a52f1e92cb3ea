/** A table, or a global secondary index of one: each has a capacity of its own. */
export interface TablePart {
  readonly table: string;
  readonly index?: string;
}

/** An answer takes a tenth of a second; where no way leads to the service, a command should say so soon. */
export const ANSWER_WITHIN_MS = 5_000;
