import { isDeepStrictEqual } from 'node:util';
import { type QuarantineReason, refusedBy } from '../migration/quarantine-reason.ts';
import type { Item } from '../model/attribute-value.ts';
import { sameItem } from '../model/compare.ts';
import type { KeptForm } from '../tables/control/quarantine-rows.ts';
import { attemptLater, valuesOf } from '../tables/dynamo/attempt.ts';
import { failureCode, scopeOf } from '../tables/dynamo/failure-scope.ts';
import { ATTEMPTS_MAX, ContentionError } from './replication.ts';

/** An attempt that failed for the item's own reason. */
export interface Refusal<State> {
  readonly error: unknown;
  /** What the attempt was made on; undefined where it failed before that was read. */
  readonly state: State | undefined;
  /** How much of the item the next attempt keeps in quarantine. */
  readonly form: KeptForm;
}

/** Quarantine as this is asked for, in order: if even that is refused, less of the item is kept. */
const FORMS: readonly KeptForm[] = ['whole', 'digest', 'name'];

/**
 * One round of work on an item: reads its state, tells it, and writes what follows.
 *
 * @param refusal of an earlier round: where the state is still the same, the item belongs in quarantine.
 * @returns undefined where others were quicker, or more has to be read: then there is another round.
 */
export type Round<State, Result> = (
  refusal: Refusal<State> | undefined,
  tell: (state: State) => void,
) => Promise<Result | undefined>;

/**
 * Goes round until the item's work is done, or the item is in quarantine because it cannot be. What fails for another reason than the
 * item's own is thrown at once.
 *
 * @throws ContentionError where others kept changing the item; the first refusal where quarantine was refused in every form.
 */
export async function withRefusals<State, Result>(
  round: Round<State, Result>,
  isSame: (left: State, right: State) => boolean,
  what: string,
): Promise<Result> {
  let refusal: Refusal<State> | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    let state: State | undefined;
    try {
      const result = await round(refusal, (told) => {
        state = told;
      });
      if (result !== undefined) return result;
    } catch (error) {
      if (scopeOf(error) !== 'item') throw error;
      refusal = nextRefusal(refusal, { error, state, form: 'whole' }, isSame);
    }
  }
  throw new ContentionError(what);
}

/** What is refused in the same state again is quarantined with less of it; in another state it is a refusal of its own. */
function nextRefusal<State>(
  before: Refusal<State> | undefined,
  now: Refusal<State>,
  isSame: (left: State, right: State) => boolean,
): Refusal<State> {
  if (before === undefined) return now;
  const isRepeated =
    before.state === undefined || now.state === undefined
      ? before.state === now.state || before.form === 'name'
      : isSame(before.state, now.state);
  if (!isRepeated) return now;
  const form = FORMS[FORMS.indexOf(before.form) + 1];
  if (form === undefined) throw before.error;
  return { ...before, form };
}

/**
 * The refusal as far as it still holds: the state is the one that was refused, and nobody has got the item through since. An
 * attempt whose token is outdated may be refused as well, and its successor need not have been.
 *
 * @param isThrough whether all is as it should be already; what cannot be decided is not.
 */
export async function standingRefusal<State>(
  refusal: Refusal<State> | undefined,
  isSame: (state: State) => boolean,
  isThrough: () => Promise<boolean>,
): Promise<Refusal<State> | undefined> {
  if (refusal?.state === undefined || !isSame(refusal.state)) return undefined;
  const [through] = valuesOf([await attemptLater(isThrough)]);
  return through ? undefined : refusal;
}

/** Whether an item was read twice as the same; also one that is like no item should be, which is why it fails. */
export function isSameRead(left: Item | undefined, right: Item | undefined): boolean {
  return isDeepStrictEqual(left, right) || sameItem(left, right);
}

/** Why an item is in quarantine that was refused. */
export function reasonOfRefusal({ error }: Refusal<unknown>): QuarantineReason {
  return refusedBy(failureCode(error));
}
