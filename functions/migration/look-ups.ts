import type { Item } from '../model/attribute-value.ts';

/** A question to a look-up table: for the KPI's item, or for the people who are the user. */
type Question = { readonly kpiId: string } | { readonly userId: string };

/**
 * A decision that depends on look-ups. It yields each question and gets the items back, so it stays pure whether they come
 * from memory ({@link answer}) or from a table ({@link answerLater}).
 */
export type Asking<Result> = Generator<Question, Result, readonly Item[]>;

export interface LookUps {
  readonly readKpi: (kpiId: string) => Item | undefined;
  readonly queryPeople: (userId: string) => readonly Item[];
}

type Later<Read> = Read extends (key: string) => infer Found ? (key: string) => Found | Promise<Found> : never;
export type LookUpsLater = { readonly [Name in keyof LookUps]: Later<LookUps[Name]> };

export function answer<Result>(asking: Asking<Result>, { readKpi, queryPeople }: LookUps): Result {
  let step = asking.next();
  while (!step.done) {
    const asked = step.value;
    step = asking.next('kpiId' in asked ? listOf(readKpi(asked.kpiId)) : queryPeople(asked.userId));
  }
  return step.value;
}

export async function answerLater<Result>(asking: Asking<Result>, lookUps: LookUpsLater): Promise<Result> {
  let step = asking.next();
  while (!step.done) {
    const asked = step.value;
    step = asking.next(
      'kpiId' in asked ? listOf(await lookUps.readKpi(asked.kpiId)) : await lookUps.queryPeople(asked.userId),
    );
  }
  return step.value;
}

function listOf(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item];
}
