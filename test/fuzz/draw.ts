import { seededRandom } from '../../backfill/local/rehearsal/seeded-random.ts';

/** Choices that a seed decides. */
export interface Draw {
  one<T>(list: readonly [T, ...T[]]): T;
  one<T>(list: readonly T[]): T | undefined;
  /** So many of the list at most, in the order of the draw. */
  some<T>(list: readonly T[], max: number): T[];
}

export function drawFrom(seed: number): Draw {
  const random = seededRandom(seed);
  return {
    one: (<T>(list: readonly T[]) => list[random.below(list.length)]) as Draw['one'],
    some(list, max) {
      const keyed = list.map((each) => ({ each, key: random.fraction() }));
      return keyed
        .sort((left, right) => left.key - right.key)
        .slice(0, max)
        .map(({ each }) => each);
    },
  };
}
