import { type Item, idOf, textOf } from '../model/attribute-value.ts';

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

/** The look-up tables in memory. Of each item it keeps what a link's row can depend on. */
export class LookUpsInMemory implements LookUps {
  readonly #kpis = new Map<string, Item>();
  readonly #people = new Map<string, Item[]>();

  addKpis(items: readonly Item[]): void {
    for (const item of items) this.#kpis.set(idOf(item), only(item, ['tenant_id', 'owner_id']));
  }

  addPeople(items: readonly Item[]): void {
    for (const item of items) {
      const userId = textOf(item, 'linked_user_id');
      if (userId === undefined) continue;
      const person = only(item, ['id', 'tenant_id', 'linked_user_id']);
      const known = this.#people.get(userId);
      if (known) known.push(person);
      else this.#people.set(userId, [person]);
    }
  }

  readKpi(kpiId: string): Item | undefined {
    return this.#kpis.get(kpiId);
  }

  queryPeople(userId: string): readonly Item[] {
    return this.#people.get(userId) ?? [];
  }
}

function only(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
}

type Later<Read> = Read extends (key: string) => infer Found ? (key: string) => Found | Promise<Found> : never;
export type LookUpsLater = { readonly [Name in keyof LookUps]: Later<LookUps[Name]> };

/** The same look-ups, each question asked once. For one decision or one read: what has changed meanwhile is not seen. */
export function askedOnce(lookUps: LookUpsLater): LookUpsLater {
  return {
    readKpi: memoized((kpiId) => lookUps.readKpi(kpiId)),
    queryPeople: memoized((userId) => lookUps.queryPeople(userId)),
  };
}

function memoized<Found>(load: (key: string) => Found): (key: string) => Found {
  const memory = new Map<string, { readonly found: Found }>();
  return (key) => {
    const known = memory.get(key) ?? { found: load(key) };
    memory.set(key, known);
    return known.found;
  };
}

export function answer<Result>(asking: Asking<Result>, lookUps: LookUps): Result {
  let step = asking.next();
  while (!step.done) {
    const asked = step.value;
    step = asking.next('kpiId' in asked ? listOf(lookUps.readKpi(asked.kpiId)) : lookUps.queryPeople(asked.userId));
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
