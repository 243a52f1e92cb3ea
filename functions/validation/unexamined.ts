import { failureCode } from '../tables/dynamo/failure-scope.ts';

/** Something that could not be compared, for a reason of its own. It proves nothing, and so nothing agrees while there is one. */
export interface Unexamined {
  /** In a person's words: an item by table and id, a KPI, or a row. */
  readonly name: string;
  /** The exception's name, or the code of this project's error. */
  readonly code: string;
}

/** Those that are told one by one; the rest is as inconclusive. */
export const UNEXAMINED_TOLD = 100;

export function unexaminedItem(source: string, id: string, error: unknown): Unexamined {
  return { name: `${source} ${id}`, code: failureCode(error) };
}

/** Each once, as far as they are told. */
export function distinctUnexamined(all: readonly Unexamined[]): Unexamined[] {
  return [...new Map(all.map((each) => [`${each.name} ${each.code}`, each])).values()].slice(0, UNEXAMINED_TOLD);
}
