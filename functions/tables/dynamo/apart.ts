import { scopeOf } from './failure-scope.ts';

/** One of many for whose sake a request was refused. */
export interface Refused<T> {
  readonly of: T;
  readonly error: unknown;
}

/**
 * Works on all at once. DynamoDB refuses a batch as a whole for the sake of one of its keys or items: then it works on ever fewer, by
 * halves, until the one stands alone and the others are done.
 *
 * @throws what is not the fault of any one of them.
 */
export async function apart<T, R>(
  all: readonly T[],
  work: (some: readonly T[]) => Promise<R>,
): Promise<{ readonly results: R[]; readonly refused: Refused<T>[] }> {
  const [first] = all;
  if (first === undefined) return { results: [], refused: [] };
  try {
    return { results: [await work(all)], refused: [] };
  } catch (error) {
    if (scopeOf(error) !== 'item') throw error;
    if (all.length === 1) return { results: [], refused: [{ of: first, error }] };
    const middle = Math.ceil(all.length / 2);
    const left = await apart(all.slice(0, middle), work);
    const right = await apart(all.slice(middle), work);
    return { results: [...left.results, ...right.results], refused: [...left.refused, ...right.refused] };
  }
}
