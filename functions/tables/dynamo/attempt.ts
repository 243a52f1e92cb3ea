import { scopeOf } from './failure-scope.ts';

/** What came of work on one item: its value, or a failure that is the item's own. */
export type Attempt<T> = { readonly value: T } | { readonly error: unknown };

/**
 * Works on one item, so that others can go on whatever becomes of it.
 *
 * @throws what is not the item's own failure.
 */
export function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work() };
  } catch (error) {
    return ownFailure(error);
  }
}

/** The same for work that takes time. */
export async function attemptLater<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return ownFailure(error);
  }
}

function ownFailure(error: unknown): { readonly error: unknown } {
  if (scopeOf(error) === 'item') return { error };
  throw error;
}

/** The values of attempts that have one. */
export function valuesOf<T>(attempts: readonly Attempt<T>[]): T[] {
  return attempts.flatMap((each) => ('error' in each ? [] : [each.value]));
}

/**
 * Works on many items at once. What fails for many may pass for each alone: the failure may be one's own, others' doing, of the size, or of a
 * partition that is out of capacity for one of them.
 *
 * @returns undefined where it failed, for whatever reason. Each of them alone meets the failure again, if it is still there, and tells it.
 */
export async function attemptTogether<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
